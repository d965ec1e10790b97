"""What the requests have in common: the commonest values of some dimensions, each of which narrows the page."""

from collections.abc import Sequence

from dash import html
from dash.development.base_component import Component

from dashboards import formats
from dashboards.absent import value_text
from dashboards.components.attributes import attributes
from dashboards.components.notice import empty
from dashboards.panel import Drawing, Panel
from dashboards.state.context import PageContext
from processors.query.answer import Answer
from processors.query.question import Question

_VALUES = 6
# What they are called.
_FACETS = {
    "status": "Status",
    "fault": "Cause",
    "api": "API",
    "route": "Route",
    "gateway": "Gateway",
    "upstream": "Upstream",
    "consumer": "Consumer",
    "method": "Method",
}


def facets_panel() -> Panel:
    def ask(context: PageContext) -> Sequence[Question]:
        return [context.question("requests", by=(dimension,), limit=_VALUES) for dimension in _FACETS]

    def draw(context: PageContext, answers: Sequence[Answer]) -> Drawing:
        shown = [
            _facet(context, dimension, answer)
            for dimension, answer in zip(_FACETS, answers, strict=True)
            if not answer.frame.empty
        ]
        return html.Div(shown, className="facets") if shown else empty()

    return Panel(
        "facets",
        "Most common values",
        draw,
        ask,
        height=150,
        help="Click a value to filter the page by it; click it again to remove the filter",
    )


def _facet(context: PageContext, dimension: str, answer: Answer) -> Component:
    frame = answer.frame
    most = max(int(frame["requests"].max()), 1)
    values = [
        _value(context, dimension, str(value), int(requests), requests / most)
        for value, requests in zip(frame[dimension], frame["requests"], strict=True)
    ]
    return html.Section([html.H3(_FACETS[dimension]), html.Ul(values)])


def _value(context: PageContext, dimension: str, value: str, requests: int, share: float) -> Component:
    view = context.view
    is_absent = value in ("", "0") if dimension == "status" else not value
    is_chosen = view.values_of(dimension) == (value,)
    others = view.but(filters=tuple(one for one in view.filters if one.dimension != dimension))
    to = others if is_chosen else view.only(dimension, "" if is_absent else value)
    named = attributes({"aria-current": "true"} if is_chosen else {})
    text = value_text(dimension, value)
    return html.Li(
        html.A(
            [
                html.Span(text, title=text),
                html.Span(formats.show("count", requests)),
                html.I(style={"width": f"calc({share:.3f} * (100% - 12px))"}),
            ],
            href=to.but(selected="").href(),
            **named,
        )
    )
