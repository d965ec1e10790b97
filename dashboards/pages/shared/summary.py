"""The four figures of a page about traffic, each with its course and what it was before."""

from collections.abc import Sequence
from typing import Any

import pandas as pd
from dash.development.base_component import Component

from dashboards import formats
from dashboards.components.figure_card import Figure, figure_cards
from dashboards.components.table import records
from dashboards.figures.time_chart import by_steps, plain
from dashboards.state.context import PageContext
from processors.query.answer import Answer
from processors.query.question import BEFORE, TIME, Question

_TOTALS = (
    "requests",
    "rate",
    "errors",
    "error_rate",
    "client_error_rate",
    "success_rate",
    "p50",
    "p95",
    "p99",
)
COURSES = ("requests", "rate", "error_rate", "success_rate", "p95")
# It needs single requests where the range ends now: asked for where it is shown.
_APDEX = ("apdex",)
_NONE = float("nan")
# Of its cards, with a difference and a note.
HEIGHT = 154
# How much of a range the compared period may lack at its beginning.
_LATE_SHARE = 0.1


def summary_questions(context: PageContext, *, has_apdex: bool = True) -> Sequence[Question]:
    """Totals, and their course; with Apdex where nothing else takes its place."""
    more = _APDEX if has_apdex else ()
    return (
        context.question(*_TOTALS, *more, compare=True),
        context.question(*COURSES, *more, over_time=True, compare=True),
    )


def summary(context: PageContext, answers: Sequence[Answer], *more: Figure) -> Component:
    """Traffic, success, p95, Apdex, or in place of the last what a page has to say."""
    totals, course = (answer.frame for answer in answers)
    steps = by_steps(context, course, [name for name in course.columns if name != TIME])
    row = next(iter(records(totals)), {})
    compared = context.compared_short
    has_before = bool(row.get(f"requests{BEFORE}")) and _is_covered(context, steps)

    def before(measure: str) -> float | None:
        return float(row.get(f"{measure}{BEFORE}", _NONE)) if has_before else None

    def courses(measure: str) -> dict[str, Any]:
        ghost = plain(steps[f"{measure}{BEFORE}"]) if has_before and compared else []
        return {"course": plain(steps[measure]), "course_before": ghost}

    requests = float(row.get("requests", 0))
    error_rate = float(row.get("error_rate", _NONE))
    refused = formats.show("share", row.get("client_error_rate"))
    figures = [
        Figure(
            "rate",
            "Traffic",
            "rate",
            float(row.get("rate", 0)),
            before("rate"),
            compared,
            note=f"{formats.show('count', requests)} requests",
            help="Requests per second of the time that has passed",
            exact={"requests": requests},
            **courses("rate"),
        ),
        Figure(
            "success_rate",
            "Success",
            "share",
            float(row.get("success_rate", _NONE)),
            before("success_rate"),
            compared,
            more_is_worse=False,
            tone=_tone(error_rate),
            note=f"{formats.show('share', error_rate)} failed, {refused} 4xx",
            help="Share of the requests answered with 2xx or 3xx",
            exact={"error_rate": error_rate},
            **courses("success_rate"),
        ),
        Figure(
            "p95",
            "Latency p95",
            "ms",
            float(row.get("p95", _NONE)),
            before("p95"),
            compared,
            more_is_worse=True,
            note=f"p50 {formats.show('ms', row.get('p50'))}, p99 {formats.show('ms', row.get('p99'))}",
            help="95 % of requests took at most this long",
            exact={name: float(row.get(name, _NONE)) for name in ("p50", "p99")},
            **courses("p95"),
        ),
        *(more or (_apdex(row, before("apdex"), compared, courses("apdex")),)),
    ]
    return figure_cards(figures)


def _is_covered(context: PageContext, steps: pd.DataFrame) -> bool:
    """Whether the compared period has data from about as early on; otherwise it shows when data began."""
    first = [steps.index[steps[name] > 0].min() for name in ("requests", f"requests{BEFORE}")]
    return pd.isna(first[0]) or first[1] - first[0] <= context.window.length * _LATE_SHARE


def _apdex(row: dict[str, Any], before: float | None, compared: str, courses: dict[str, Any]) -> Figure:
    value = float(row.get("apdex", _NONE))
    return Figure(
        "apdex",
        "Apdex",
        "score",
        value,
        before,
        compared,
        more_is_worse=False,
        tone="bad" if value < 0.7 else "warning" if value < 0.85 else "",
        note="within 500 ms and without an error",
        help="The share of satisfied requests plus half of the tolerated ones; errors count as frustrated",
        **courses,
    )


def _tone(error_rate: float) -> str:
    return "bad" if error_rate >= 0.05 else "warning" if error_rate >= 0.01 else ""
