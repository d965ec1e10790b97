"""The builder of usage reports: what `gatelens report usage` can do, with a preview, files and the command."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

import pandas as pd
from dash import html

from dashboards.absent import value_text
from dashboards.components.figure_card import Figure, figure_cards
from dashboards.components.notice import empty
from dashboards.components.table import Cell, Column, Row, records, table
from dashboards.page import Group, Page
from dashboards.pages.reports.builder import builder_panels
from dashboards.pages.reports.choice import PATH, checked, entered_choice, report_choice
from dashboards.panel import Drawing, Panel
from dashboards.parts import PageParts
from dashboards.state.context import PageContext
from dashboards.state.view import View
from processors.query.answer import Answer
from processors.query.question import Question
from processors.reports.dimensions import Dimension, dimensions
from processors.reports.usage import usage_rows

FORM = "report"

# Of the preview: groups with the most requests, and rows of these.
_GROUPS = 100
_GROUPS_BY_HOUR = 20
_ROWS = 200
# The dimension that a question has as steps.
_HOUR = "hour"


def page(parts: PageParts) -> Page:
    """Period and filters, dimensions and files, the total, and the first rows."""

    def everything(_view: View) -> Sequence[Panel]:
        return (*builder_panels(FORM), _total(), _preview())

    return Page(
        PATH,
        "Reports",
        "file-analytics",
        Group.ACT,
        panels=everything,
        has_range=False,
        refreshes=False,
        forms={FORM: _taker(parts.clock)},
    )


def _taker(clock: Callable[[], datetime]) -> Callable[[View, Mapping[str, list[str]]], View]:
    def take(view: View, values: Mapping[str, list[str]]) -> View:
        return checked(entered_choice(report_choice(view), values), clock()).put(view)

    return take


def _total() -> Panel:
    def questions(context: PageContext) -> Sequence[Question]:
        return (report_choice(context.view).total(context.now),)

    def draw(context: PageContext, answers: Sequence[Answer]) -> Drawing:
        window = report_choice(context.view).window(context.now)
        total = answers[0].frame.iloc[0].to_dict() if len(answers[0].frame) else {}
        period = f"{window.start:%Y-%m-%d %H:%M} to {window.end:%Y-%m-%d %H:%M} UTC"
        return [
            figure_cards(
                [
                    Figure("requests", "Requests", "count", total.get("requests", 0), note=period),
                    Figure("client_errors", "Client errors", "count", total.get("client_errors", 0), note="4xx"),
                    Figure("errors", "Errors", "count", total.get("errors", 0), note="5xx, no answer, and others"),
                    Figure("response_bytes", "Sent", "bytes", total.get("response_bytes", 0), note="response bodies"),
                ]
            )
        ]

    return Panel("report-total", "Total", draw, questions, bare=True, height=118)


def _preview() -> Panel:
    def questions(context: PageContext) -> Sequence[Question]:
        asked = report_choice(context.view).question(context.now)
        return (asked.but(limit=_GROUPS if asked.step is None else _GROUPS_BY_HOUR),)

    def draw(context: PageContext, answers: Sequence[Answer]) -> Drawing:
        chosen = dimensions(report_choice(context.view).by)
        rows = usage_rows(answers[0].frame, [dimension.name for dimension in chosen])
        if rows.empty:
            return empty("No requests in this period")
        shown, note = records(rows.head(_ROWS)), _note(rows, chosen)
        return [table(context, "report", _columns(chosen), shown, note=note), html.P(_HINT, className="note")]

    return Panel("report", "Preview", draw, questions, help="The rows of the file, as of now", height=320)


_HINT = "Percentiles cannot be summed; all other columns can. Times are in UTC."


def _note(rows: pd.DataFrame, chosen: Sequence[Dimension]) -> str:
    """What of the file is not shown; '' if all is."""
    grouped = [dimension.name for dimension in chosen if dimension.name != _HOUR]
    most = _GROUPS if len(grouped) == len(chosen) else _GROUPS_BY_HOUR
    if grouped and len(rows[grouped].drop_duplicates()) >= most:
        return f"Of the {most} with the most requests; the file has all."
    return f"The first {_ROWS} of {len(rows):,} rows; the file has all." if len(rows) > _ROWS else ""


def _columns(chosen: Sequence[Dimension]) -> tuple[Column, ...]:
    """Where there are more dimensions, more of the measures give way."""
    given = [_dimension(dimension, place) for place, dimension in enumerate(chosen)]
    more = len(chosen) - 1
    measures = [replace(one, rank=min(_LAST_RANK, one.rank + more)) if one.rank else one for one in _MEASURES]
    return (*given, *measures)


def _dimension(dimension: Dimension, place: int) -> Column:
    def cell(row: Row) -> Cell:
        value = row[dimension.name]
        return {"text": value.strftime(dimension.strftime) if dimension.is_time else value_text(dimension.name, value)}

    return Column(dimension.name, dimension.name, cell=cell, rank=max(0, place - 2))


_LAST_RANK = 5
_MEASURES = (
    Column("requests", "requests", "count"),
    Column("successes", "successes", "count", rank=2),
    Column("client_errors", "client_errors", "count", rank=1),
    Column("errors", "errors", "count"),
    Column("request_bytes", "request_bytes", "bytes", rank=4),
    Column("response_bytes", "response_bytes", "bytes", rank=3),
    Column("p50_ms", "p50_ms", "ms", rank=3),
    Column("p95_ms", "p95_ms", "ms", rank=1),
)
