"""What an API is asked for: by route, method and status, and how large requests and answers are."""

from collections.abc import Sequence

from dashboards.components.notice import empty
from dashboards.components.table import Column
from dashboards.figures.time_chart import Lane, Series, by_step, time_chart
from dashboards.pages.shared.breakdowns import (
    ERRORS,
    REQUESTS,
    Breakdown,
    breakdown_panel,
    named,
    narrowed,
    rates_panel,
)
from dashboards.panel import Drawing, Panel
from dashboards.state.context import PageContext
from processors.query.answer import Answer
from processors.query.question import Question

_HEIGHT = 240
_STRENGTHS = ("p50", "p95")
_SIZES = {"request_bytes": "Request size", "response_bytes": "Response size"}


def request_panels() -> tuple[Panel, ...]:
    """The courses of the commonest, then every route, method and status as a row."""
    return (
        rates_panel("route-rates", "Busiest routes", "route"),
        rates_panel("method-rates", "By method", "method", span=6),
        rates_panel("status-rates", "By status", "status", span=6),
        _sizes(),
        _by_answer(),
    )


def _sizes() -> Panel:
    def ask(context: PageContext) -> Sequence[Question]:
        measures = (f"{name}_{strength}" for name in _SIZES for strength in _STRENGTHS)
        return (context.question("requests", *measures, over_time=True),)

    def draw(context: PageContext, answers: Sequence[Answer]) -> Drawing:
        frame = answers[0].frame
        if frame.empty or not frame["requests"].any():
            return empty()
        lanes = [
            Lane(
                "bytes",
                [
                    Series(
                        strength,
                        by_step(context, frame, f"{name}_{strength}"),
                        f"${strength}",
                        in_legend=not place,
                    )
                    for strength in _STRENGTHS
                ],
                1,
                title,
            )
            for place, (name, title) in enumerate(_SIZES.items())
        ]
        return time_chart(context, "sizes", lanes, height=_HEIGHT, summary="Request and response sizes")

    return Panel("sizes", "Request and response sizes", draw, ask, height=_HEIGHT, is_chart=True)


def _by_answer() -> Panel:
    dimensions = ("route", "method", "status")
    return breakdown_panel(
        Breakdown(
            "by-answer",
            "Routes, methods and statuses",
            dimensions,
            ("requests", "error_rate", "request_bytes", "response_bytes"),
            (
                named("route", "Route", code=True),
                named("method", "Method"),
                Column("status", "Status", cell=lambda row: str(row["status"] or "no answer"), sort="status"),
                REQUESTS,
                ERRORS,
                Column("request_bytes", "Received", "bytes", rank=2, sort="request_bytes"),
                Column("response_bytes", "Sent", "bytes", rank=1, sort="response_bytes"),
            ),
            href=narrowed(dimensions, "/requests"),
            help="A row opens its requests",
        )
    )
