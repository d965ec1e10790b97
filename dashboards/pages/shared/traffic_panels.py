"""Panels that several pages have."""

from collections.abc import Callable, Sequence

import pandas as pd

from dashboards.components.notice import empty
from dashboards.figures import latency, traffic, worst_minute
from dashboards.panel import Drawing, Panel
from dashboards.state.context import PageContext
from processors.query.answer import Answer
from processors.query.question import Question

_HEIGHT = 270

# Hours by their start with `lower` and `upper` in milliseconds, or None.
FindBand = Callable[[PageContext], pd.DataFrame | None]


def no_band(_context: PageContext) -> None:
    """Where nothing is usual."""


def traffic_panel(span: int = 8, height: int = _HEIGHT) -> Panel:
    """Traffic by status over the error rate."""

    def ask(context: PageContext) -> Sequence[Question]:
        return (
            context.question(*traffic.STATUS_MEASURES, over_time=True, compare=True),
            *worst_minute.minutes_asked(context),
        )

    def draw(context: PageContext, answers: Sequence[Answer]) -> Drawing:
        frame = answers[0].frame
        if frame.empty or not frame["requests"].any():
            return empty()
        worst = worst_minute.worst_minutes(context, answers[1].frame) if len(answers) > 1 else None
        return traffic.traffic_over_errors(context, "traffic", frame, worst, height=height)

    return Panel(
        "traffic",
        "Traffic and errors",
        draw,
        ask,
        span=span,
        height=height,
        is_chart=True,
        help="Requests per second by status class. Below: the share that ended in 5xx or without an answer, and"
        " where a step is longer than a minute, its worst minute as a thin line",
    )


def latency_panel(span: int = 4, height: int = _HEIGHT, usual: FindBand = no_band) -> Panel:
    """p50, p95, p99; `usual` finds the band in which p95 usually is."""

    def ask(context: PageContext) -> Sequence[Question]:
        return (context.question("requests", *latency.PERCENTILES, over_time=True, compare=True),)

    def draw(context: PageContext, answers: Sequence[Answer]) -> Drawing:
        frame = answers[0].frame
        if frame.empty or not frame["requests"].any():
            return empty()
        if frame[list(latency.PERCENTILES)].isna().all(axis=None):
            return empty("No request in this range has a known duration")
        return latency.percentiles(context, "latency", frame, usual(context), height=height)

    return Panel(
        "latency",
        "Latency",
        draw,
        ask,
        span=span,
        height=height,
        is_chart=True,
        measure="p95",
        help="50, 95 and 99 % of requests took at most this long; exact to 1.1 %",
    )
