"""All traffic at a glance: what needs attention, how much there is, and how each API does."""

from collections.abc import Callable, Sequence

from dash.development.base_component import Component

from dashboards.components.figure_card import Figure
from dashboards.page import Group, Page
from dashboards.pages.overview.attention import attention_panel
from dashboards.pages.shared.api_facts import ApiFacts
from dashboards.pages.shared.api_rows import api_questions, api_table
from dashboards.pages.shared.facts_soon import FactsSoon
from dashboards.pages.shared.summary import HEIGHT, summary, summary_questions
from dashboards.pages.shared.traffic_panels import latency_panel, traffic_panel
from dashboards.panel import Drawing, Panel
from dashboards.parts import PageParts
from dashboards.state.context import PageContext
from dashboards.state.view import View
from processors.query.answer import Answer
from processors.query.question import Question

PATH = "/"
_MOST_APIS = 100


def page(parts: PageParts) -> Page:
    """The overview."""
    facts = FactsSoon(ApiFacts(parts))
    panels = (
        attention_panel(parts),
        _figures(lambda: sum(alert.is_firing for alert in parts.engine.alerts())),
        traffic_panel(),
        latency_panel(),
        _apis(facts),
    )
    return Page(
        PATH,
        "Overview",
        "layout-dashboard",
        Group.OBSERVE,
        panels=lambda _view: panels,
        awaits=facts.is_awaited,
        is_shareable=lambda _view: True,
    )


def _figures(count_firing: Callable[[], int]) -> Panel:
    def draw(context: PageContext, answers: Sequence[Answer]) -> Component:
        firing = count_firing()
        alerts = Figure(
            "open_alerts",
            "Open alerts",
            "count",
            firing,
            tone="bad" if firing else "",
            note="firing now" if firing else "none firing",
            href=_alerts(context.view),
        )
        return summary(context, answers, alerts)

    def ask(context: PageContext) -> Sequence[Question]:
        return summary_questions(context, has_apdex=False)

    return Panel("figures", "Figures", draw, ask, bare=True, height=HEIGHT)


def _alerts(view: View) -> str:
    return view.to("/alerts").href()


def _apis(facts: FactsSoon) -> Panel:
    def ask(context: PageContext) -> Sequence[Question]:
        return api_questions(context, "apis", _MOST_APIS, has_apdex=False)

    def draw(context: PageContext, answers: Sequence[Answer]) -> Drawing:
        return api_table(context, "apis", answers, facts(context))

    return Panel(
        "apis",
        "APIs by health",
        draw,
        ask,
        height=240,
        help="The worst first. Sparklines cover the range; a row opens the API",
    )
