"""APIs as rows: the list of the overview and of the page APIs."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from dashboards import formats
from dashboards.absent import NO_API
from dashboards.components.health import TONES, WORDS
from dashboards.components.own import Table
from dashboards.components.table import Cell, Column, Row, records, table
from dashboards.figures.time_chart import courses
from dashboards.pages.shared.api_facts import KnownFacts
from dashboards.pages.shared.fact_columns import FACT_COLUMNS, LAST, with_facts
from dashboards.state.context import PageContext
from processors.health.judgement import RANKS, judge
from processors.query.answer import Answer
from processors.query.filters import Filter, Operator
from processors.query.question import BEFORE, Question
from processors.time.steps import step_of

PATH = "/apis"
# What requests without an API were called before, in links that people have kept.
_NO_API_OF_OLD = "(no API)"
_MEASURES = ("requests", "rate", "errors", "error_rate", "client_error_rate", "p50", "p95", "p99")
_COURSES = ("requests", "errors", "p95")
# It needs single requests where the range ends now: asked for where its column is.
_APDEX = "apdex"
_SPARK_POINTS = 40
_BY_HEALTH = "health"
_SAYS_LEAST = ("requests", "p50", "apdex")


def api_item(view_item: str) -> Filter:
    """The filter of an API's page."""
    if view_item in (NO_API, _NO_API_OF_OLD):
        return Filter("api", Operator.ABSENT)
    return Filter("api", Operator.IN, (view_item,))


def api_questions(context: PageContext, panel: str, limit: int, *, has_apdex: bool = True) -> Sequence[Question]:
    """The rows, and their course."""
    measures = (*_MEASURES, _APDEX) if has_apdex else _MEASURES
    order = context.sort(panel, _BY_HEALTH)
    by = order if order.removeprefix("-") in ("api", *measures) else "-errors"
    return (
        context.by_period.question(*measures, by=("api",), compare=True, order=by, limit=limit),
        context.question(*_COURSES, by=("api",), step=_spark_step(context), order="-requests", limit=limit),
    )


def api_table(
    context: PageContext, panel: str, answers: Sequence[Answer], facts: KnownFacts | None = None, *, page: int = 25
) -> Table:
    """Each API with its health and what is known of it; the worst first unless the reader sorts otherwise."""
    rows, course = (answer.frame for answer in answers)
    found = courses(context, course, "api", _COURSES, _spark_step(context))
    listed = [_row(row, found.get(str(row["api"]), {})) for row in records(rows) if row["requests"]]
    if context.sort(panel, _BY_HEALTH) in (_BY_HEALTH, f"-{_BY_HEALTH}"):
        listed.sort(key=lambda row: (RANKS[row["judged"].health], -row["errors"], -row["requests"]))
    if facts is not None:
        listed = with_facts(facts, listed)
    columns = [column for column in _COLUMNS if column.key != _APDEX or _APDEX in rows]
    return table(
        context,
        panel,
        columns if facts is None else (*_giving_way(columns), *FACT_COLUMNS),
        listed,
        default_sort=_BY_HEALTH,
        href=lambda row: context.view.to(PATH, row["key"]).href(),
        empty="No APIs in this range",
        page=page,
    )


def _spark_step(context: PageContext) -> timedelta:
    return step_of(context.window, _SPARK_POINTS)


def _row(row: dict[str, Any], course: Mapping[str, list[float | None]]) -> dict[str, Any]:
    judged = judge(row["requests"], row["error_rate"], row["p95"], row.get(f"p95{BEFORE}", float("nan")))
    return {**row, "key": row["api"] or NO_API, "judged": judged, "course": course}


def _name(row: Row) -> Cell:
    health = row["judged"].health
    return {"glyph": True, "tone": TONES[health], "text": row["key"], "strong": True, "title": WORDS[health]}


def _errors(row: Row) -> Cell:
    rate = row["error_rate"]
    tone = TONES[judge(row["requests"], rate).health]
    return {"text": formats.show("share", rate), "tone": tone if tone in ("bad", "warning") else "", "bar": rate}


def _giving_way(columns: Sequence[Column]) -> list[Column]:
    """The columns, with the least informative last."""
    return [replace(column, rank=LAST) if column.key in _SAYS_LEAST else column for column in columns]


def _p95(row: Row) -> Cell:
    text = formats.show("ms", row["p95"])
    if row.get("usual") is not None and row["usual"].is_unusual:
        return {"text": text, "tone": "warning", "title": "Above what is usual at this hour of the week"}
    return {"text": text, "tone": "warning", "title": "Far slower than before"} if row["judged"].is_slow else text


def _apdex(row: Row) -> Cell:
    value = row["apdex"]
    tone = "bad" if value < 0.7 else "warning" if value < 0.85 else ""
    return {"text": formats.show("score", value), "tone": tone}


def _spark(measure: str, tone: str) -> Any:
    def cell(row: Row) -> Cell:
        found = row["course"].get(measure)
        shown = tone if measure != "errors" or row["errors"] else "neutral"
        return {"spark": found, "tone": shown, "label": f"{measure} over time"} if found else None

    return cell


_COLUMNS = (
    Column("api", "API", cell=_name, sort=_BY_HEALTH, numeric=False),
    Column("course", "Traffic", cell=_spark("requests", "accent"), rank=3, numeric=False),
    Column("requests", "Requests", "count", rank=4, sort="requests"),
    Column("rate", "Rate", "rate", sort="rate", help="Requests per second of the time that has passed"),
    Column("failures", "Errors over time", cell=_spark("errors", "bad"), rank=4, numeric=False),
    Column("error_rate", "Errors", cell=_errors, sort="error_rate", numeric=True, help="5xx or no answer"),
    Column("client_error_rate", "4xx", "share", rank=3, sort="client_error_rate"),
    Column("slowness", "p95 over time", cell=_spark("p95", "accent"), rank=5, numeric=False),
    Column("p50", "p50", "ms", rank=3, sort="p50"),
    Column("p95", "p95", cell=_p95, rank=1, sort="p95", numeric=True),
    Column("p99", "p99", "ms", rank=2, sort="p99"),
    Column(
        "apdex",
        "Apdex",
        cell=_apdex,
        rank=4,
        sort="apdex",
        numeric=True,
        help="1 when all are satisfied: within 500 ms and without an error; errors count as frustrated",
    ),
)
