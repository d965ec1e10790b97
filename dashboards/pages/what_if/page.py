"""What a planned policy would have done to the traffic of the range, and which of two gateways does better."""

from collections.abc import Sequence

from dashboards.page import Group, Page, Tab
from dashboards.pages.what_if import comparison_form, policy_form
from dashboards.pages.what_if.comparison_tab import comparison_panels
from dashboards.pages.what_if.policy_tab import policy_panels
from dashboards.panel import Panel
from dashboards.parts import PageParts
from dashboards.state.view import View

PATH = "/what-if"
_GATEWAYS = "gateways"
_TABS = (Tab("", "Policy"), Tab(_GATEWAYS, "Gateways"))


def page(parts: PageParts) -> Page:
    """Both tabs, each a form and its result."""
    policy, comparison = policy_panels(parts), comparison_panels(parts)

    def panels(view: View) -> Sequence[Panel]:
        return comparison if view.tab == _GATEWAYS else policy

    return Page(
        PATH,
        "What if",
        "test-pipe",
        Group.INVESTIGATE,
        panels=panels,
        tabs=lambda _view: _TABS,
        forms={policy_form.FORM: policy_form.take, comparison_form.FORM: comparison_form.take},
    )
