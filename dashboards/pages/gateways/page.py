"""The page of all gateways, of one, and of one instance."""

from collections.abc import Sequence

from dashboards.page import Group, Page
from dashboards.pages.gateways.cost_panel import cost_panel
from dashboards.pages.gateways.fleet import fleet_panels, instance_panel, instances_panel
from dashboards.pages.gateways.load_chart import load_panel
from dashboards.pages.gateways.logs_panel import logs_panel
from dashboards.pages.gateways.scope import INSTANCE, PATH, implied
from dashboards.panel import Panel
from dashboards.parts import PageParts
from dashboards.state.view import View


def page(parts: PageParts) -> Page:
    """The fleet at /gateways, a gateway at /gateways/<name>, one of its instances with ?instance=."""
    fleet = fleet_panels(parts)
    load, logs = load_panel(parts), logs_panel(parts)
    of_gateway = (load, instances_panel(parts), cost_panel(parts), cost_panel(parts, "consumer"), logs)
    of_instance = (instance_panel(parts), load, logs)

    def panels(view: View) -> Sequence[Panel]:
        if not view.item(PATH):
            return fleet
        return of_instance if view.parameter(INSTANCE) else of_gateway

    return Page(
        PATH,
        "Gateways",
        "server-2",
        Group.OBSERVE,
        panels=panels,
        has_items=True,
        implied=implied,
        is_shareable=lambda _view: True,
    )
