"""One version of an API compared with another, or one gateway, environment or consumer."""

from collections.abc import Sequence

from dash import html
from dash.development.base_component import Component

from dashboards.absent import value_text
from dashboards.components.attributes import attributes
from dashboards.components.dimension_label import dimension_label
from dashboards.components.notice import empty
from dashboards.components.table import Column
from dashboards.design import SERIES
from dashboards.figures.time_chart import Lane, Series, by_step, time_chart
from dashboards.figures.traffic import groups
from dashboards.pages.shared.breakdowns import (
    CLIENT_ERRORS,
    ERRORS,
    FAST,
    P50,
    P95,
    P99,
    REQUESTS,
    Breakdown,
    breakdown_panel,
    named,
)
from dashboards.panel import Drawing, Panel
from dashboards.state.context import PageContext
from dashboards.state.view import View
from processors.query.answer import Answer
from processors.query.question import Question

_HEIGHT = 420
_DIMENSIONS = ("version", "gateway", "environment", "gateway_kind", "consumer", "method")
_BY = "by"


def panels(view: View) -> Sequence[Panel]:
    """By the dimension that the URL names as `by`, at first the version."""
    by = view.parameter(_BY)
    dimension = by if by in _DIMENSIONS else _DIMENSIONS[0]
    return (_choice(dimension), _chart(dimension), _table(dimension))


def _choice(dimension: str) -> Panel:
    def draw(context: PageContext, _answers: Sequence[Answer]) -> Component:
        return html.Nav(
            [
                html.A(
                    dimension_label(name),
                    href=context.view.setting(by=name).href(),
                    **attributes({"aria-current": "true"} if name == dimension else {}),
                )
                for name in _DIMENSIONS
            ],
            className="segments",
            **attributes({"aria-label": "Compare by"}),
        )

    return Panel("compare-by", "Compare by", draw, bare=True)


def _chart(dimension: str) -> Panel:
    identity = f"compare-{dimension}"

    def ask(context: PageContext) -> Sequence[Question]:
        return (context.question("requests", "rate", "error_rate", "p95", by=(dimension,), over_time=True, limit=6),)

    def draw(context: PageContext, answers: Sequence[Answer]) -> Drawing:
        found = groups(answers[0].frame, dimension)
        if not found:
            return empty()
        lanes = [
            Lane(
                unit,
                [
                    Series(
                        value_text(dimension, name),
                        by_step(context, rows, measure),
                        SERIES[place],
                        in_legend=not number,
                    )
                    for place, (name, rows) in enumerate(found.items())
                ],
                1,
                title,
                least,
            )
            for number, (measure, unit, title, least) in enumerate(
                (
                    ("rate", "rate", "Requests", 0.0),
                    ("error_rate", "share", "Error rate", 0.01),
                    ("p95", "ms", "p95", 0.0),
                )
            )
        ]
        return time_chart(
            context,
            identity,
            lanes,
            height=_HEIGHT,
            summary=f"Requests, error rate and p95 by {dimension_label(dimension).lower()}",
        )

    return Panel(identity, f"By {dimension_label(dimension).lower()}", draw, ask, height=_HEIGHT, is_chart=True)


def _table(dimension: str) -> Panel:
    return breakdown_panel(
        Breakdown(
            f"compared-{dimension}",
            "Figures",
            (dimension,),
            ("requests", "error_rate", "client_error_rate", *FAST, "apdex"),
            (
                named(dimension, dimension_label(dimension)),
                REQUESTS,
                ERRORS,
                CLIENT_ERRORS,
                P50,
                P95,
                P99,
                Column("apdex", "Apdex", "score", rank=2, sort="apdex"),
            ),
        )
    )
