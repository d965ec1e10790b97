"""How the objectives stand, and what was unusual of late."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

import pandas as pd
from dash import html

from dashboards import formats
from dashboards.components.notice import notice
from dashboards.components.table import Cell, Column, Row, records, table
from dashboards.page import Group, Page
from dashboards.pages.slo_form import form_panel, objective_actions
from dashboards.panel import Drawing, Panel
from dashboards.parts import PageParts
from dashboards.state.context import PageContext
from processors.baselines.baselines import Baseline, BaselineQuestion
from processors.query.absent import NO_ROUTE
from processors.query.answer import Answer
from processors.query.filters import Filter, Operator
from processors.query.measures import measure
from processors.query.question import Question
from processors.slo.slos import SLOs, Standing
from processors.time.durations import show_duration
from processors.time.window import HOUR, Window, floor

PATH = "/slos"
_JUDGED = ("requests", "error_rate", "p95")
_LATE = timedelta(days=1)
_MOST = 100


def page(parts: PageParts) -> Page:
    """The objectives, and the hours of the last day that were unlike their hours of the week."""
    panels = (_standing_panel(parts.slos), _unusual_panel(), form_panel(parts.slos))
    return Page(
        PATH,
        "SLOs",
        "target-arrow",
        Group.ACT,
        panels=lambda _view: panels,
        has_range=False,
        actions=objective_actions(parts.slos, parts.clock),
    )


def _standing_panel(slos: SLOs) -> Panel:
    def ask(context: PageContext) -> Sequence[Question]:
        return slos.questions(context.now)

    def draw(context: PageContext, answers: Sequence[Answer]) -> Drawing:
        if not slos.objectives:
            return _no_objectives()
        rows = [_row(standing) for standing in slos.standings(answers)]
        return table(context, "slos", _OBJECTIVES, rows, href=lambda row: _where(context, row["standing"]))

    return Panel(
        "slos",
        "Objectives",
        draw,
        ask,
        height=120,
        help="Budget left: the unspent share of the error budget. A burn rate of 1 spends it in exactly the period",
    )


def _unusual_panel() -> Panel:
    def asked(context: PageContext) -> list[BaselineQuestion]:
        end = floor(context.now, HOUR)
        return [BaselineQuestion(name, Window(end - _LATE, end)) for name in _JUDGED]

    def ask(context: PageContext) -> Sequence[Question]:
        return [one.question for one in asked(context)]

    def draw(context: PageContext, answers: Sequence[Answer]) -> Drawing:
        rows = [
            row
            for one, answer in zip(asked(context), answers, strict=True)
            for baseline in one.bands(answer)
            for row in _unusual_rows(context, one.measure, baseline)
        ]
        rows.sort(key=lambda row: row["at"], reverse=True)
        return table(
            context,
            "unusual",
            _UNUSUAL,
            rows[:_MOST],
            href=lambda row: row["href"],
            empty="No unusual hours. An hour can only be judged after two weeks of history",
        )

    return Panel(
        "unusual",
        "Unusual hours in the last day",
        draw,
        ask,
        span=8,
        height=120,
        help="Against the same hour of the week in the six weeks before; docs/baselines.md",
    )


def _row(standing: Standing) -> dict[str, Any]:
    objective = standing.objective
    within = f" within {objective.threshold_ms:,} ms" if objective.threshold_ms else ""
    return {
        "key": objective.name,
        "name": objective.name,
        "standing": standing,
        "target": f"{100 * objective.target:.6g} %{within}",
        "period": show_duration(objective.period),
        "good": standing.counts.share_good,
        "left": standing.budget_left,
        "requests": standing.counts.total,
        "words": standing.words,
    }


def standing_cell(standing: Standing) -> Cell:
    """Whether an objective is met, with a glyph and a word."""
    if standing.is_met is None:
        return {"glyph": True, "tone": "neutral", "text": "unknown"}
    if not standing.is_met:
        return {"glyph": True, "tone": "bad", "text": "missed"}
    is_burning = any(each.is_too_fast for each in standing.burning)
    return {"glyph": True, "tone": "warning" if is_burning else "good", "text": "burning" if is_burning else "met"}


def _left(row: Row) -> Cell:
    left = row["left"]
    if left is None:
        return None
    tone = "bad" if left <= 0 else "warning" if left < 0.25 else "good"
    return {"text": formats.show("share", max(left, 0)), "bar": max(left, 0), "tone": tone}


def _pace(row: Row) -> Cell:
    standing: Standing = row["standing"]
    return next((f"{each.long:.1f}" for each in standing.burning if each.long is not None), None)


_OBJECTIVES = (
    Column("name", "Objective"),
    Column("state", "State", cell=lambda row: standing_cell(row["standing"])),
    Column("target", "Target"),
    Column("period", "Period", rank=3),
    Column("good", "Good", "share"),
    Column("left", "Budget left", cell=_left, numeric=True),
    Column("pace", "Burn rate, 1 h", cell=_pace, numeric=True, rank=1),
    Column("requests", "Requests", "count", rank=4),
    Column("words", "Summary", rank=2, wraps=True),
)
_UNUSUAL = (
    Column("time", "Hour"),
    Column("api", "API"),
    Column("environment", "Environment", rank=2),
    Column("measure", "Measure"),
    Column("value", "Observed", numeric=True),
    Column("expected", "Usual", numeric=True),
    Column("score", "Standard deviations", numeric=True, rank=3),
)
_UNITS = {"requests": "count", "error_rate": "share", "p95": "ms"}


def _unusual_rows(context: PageContext, name: str, baseline: Baseline) -> Iterator[dict[str, Any]]:
    unusual = baseline.frame[baseline.frame["is_unusual"]]
    for start, row in zip(pd.DatetimeIndex(unusual.index).to_pydatetime(), records(unusual), strict=True):
        where = Filter("environment", Operator.IN, (baseline.environment,))
        yield {
            "at": start,
            "time": context.times.minute(start),
            "api": baseline.api or NO_ROUTE,
            "environment": baseline.environment,
            "measure": measure(name).title,
            "value": formats.show(_UNITS[name], row["value"]),
            "expected": formats.show(_UNITS[name], row["expected"]),
            "score": f"{row['score']:+.1f}",
            "href": context.view.to("/apis", baseline.api).with_filter(where).href() if baseline.api else "",
        }


def _where(context: PageContext, standing: Standing) -> str:
    """The page of the API that an objective is about, or the overview narrowed to its filters."""
    objective = standing.objective
    if objective.api:
        others = (found for found in objective.conditions if found.dimension != "api")
        return context.view.to("/apis", objective.api).with_filter(*others).href()
    return context.view.to("/").with_filter(*objective.conditions).href()


def _no_objectives() -> Drawing:
    return notice(
        "info",
        "No objectives yet",
        html.P("Add one below, or list them under slos in the configuration; docs/slos.md has every key."),
    )
