"""The tabs of an API's page."""

from collections.abc import Callable, Mapping, Sequence

from dashboards.page import Tab
from dashboards.pages.apis import compare, failures, performance, policies
from dashboards.pages.apis.alerts_tab import alert_panels
from dashboards.pages.apis.catalogue import api_catalogue_panels
from dashboards.pages.apis.requests import request_panels
from dashboards.pages.apis.resources import resource_panels
from dashboards.pages.shared import breakdowns
from dashboards.pages.shared.api_facts import ApiFacts
from dashboards.pages.shared.summary import HEIGHT, summary, summary_questions
from dashboards.pages.shared.traffic_panels import latency_panel, traffic_panel
from dashboards.panel import Panel
from dashboards.parts import PageParts
from dashboards.state.view import View

TABS = (
    Tab("", "Overview"),
    Tab("requests", "Requests"),
    Tab("failures", "Failures"),
    Tab("performance", "Performance"),
    Tab("consumers", "Consumers"),
    Tab("policies", "Policies"),
    Tab("resources", "Resources"),
    Tab("compare", "Compare"),
    Tab("alerts", "Alerts"),
    Tab("catalogue", "Catalogue"),
)


def tab_panels(parts: PageParts, facts: ApiFacts) -> Mapping[str, Callable[[View], Sequence[Panel]]]:
    """The panels of each tab by its name; those of the first are also shown for a name that is none."""
    figures = Panel("figures", "Figures", summary, summary_questions, bare=True, height=HEIGHT)
    overview = (
        figures,
        traffic_panel(),
        latency_panel(usual=facts.band),
        breakdowns.routes_panel(),
        failures.causes_panel(span=7),
        breakdowns.versions_panel(span=5),
    )
    asked = request_panels()
    failed = (failures.causes_over_time(), failures.causes_panel(), failures.by_route(), failures.by_consumer())
    fast = (
        performance.percentiles_panel(facts.band),
        performance.shares_panel(),
        performance.heatmap_panel(),
        performance.slowest_routes(),
    )
    used = (breakdowns.consumers_over_time(), breakdowns.consumers_panel(), breakdowns.addresses_panel())
    by_policy = (policies.over_time(), policies.by_policy())
    taken = resource_panels(parts)
    alerting = alert_panels(parts.engine)
    declared = api_catalogue_panels(parts, facts)
    return {
        "": lambda _view: overview,
        "requests": lambda _view: asked,
        "failures": lambda _view: failed,
        "performance": lambda _view: fast,
        "consumers": lambda _view: used,
        "policies": lambda _view: by_policy,
        "resources": lambda _view: taken,
        "compare": compare.panels,
        "alerts": lambda _view: alerting,
        "catalogue": lambda _view: declared,
    }
