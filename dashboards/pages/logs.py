"""Runtime logs of gateways and sidecars."""

from collections.abc import Mapping, Sequence

import pandas as pd

from dashboards.absent import value_text
from dashboards.components.notice import empty
from dashboards.components.search_form import search_form
from dashboards.components.table import Column, Row, records, table
from dashboards.figures.time_chart import Lane, Series, by_step, time_chart
from dashboards.notices.kept import oldest_kept
from dashboards.page import Group, Page
from dashboards.pages.shared.log_table import log_table, severity_cell
from dashboards.panel import Drawing, Panel
from dashboards.parts import PageParts
from dashboards.state.context import PageContext
from dashboards.state.view import View
from processors.explorer.logs import SEVERITIES, LogSearch, find_logs, log_counts, log_sources
from processors.explorer.records import applies
from processors.query.answer import Answer
from storage.store import Store

PATH = "/logs"
_SEARCH = "logs-search"
_LISTED = 500
_HEIGHT = 240
_COLOURS = {"FATAL": "$bad", "ERROR": "$bad", "WARN": "$warning", "INFO": "$info"}


def page(parts: PageParts) -> Page:
    """The page of logs."""
    kept = oldest_kept(parts, "logs", "log record")
    panels = (_search(), kept, _course(parts.store), _sources(parts.store), _list(parts.store))
    return Page(
        PATH,
        "Logs",
        "file-text",
        Group.INVESTIGATE,
        panels=lambda _view: panels,
        forms={_SEARCH: _searched},
        is_shareable=lambda _view: True,
    )


def _searched(view: View, values: Mapping[str, list[str]]) -> View:
    return view.setting(text="".join(values.get("text", [])[:1]))


def _search_of(context: PageContext) -> LogSearch:
    chosen = tuple(filter(None, context.view.parameter("severity").split(",")))
    return LogSearch(context.window, context.view.filters, chosen, context.view.parameter("text"))


def _search() -> Panel:
    def draw(context: PageContext, _answers: Sequence[Answer]) -> Drawing:
        view = context.view
        chosen = view.parameter("severity")
        choices = [("All", view.setting(severity="").href(), not chosen)]
        choices += [
            (label, view.setting(severity=severities).href(), chosen == severities)
            for label, severities in (("Errors", "FATAL,ERROR"), ("Errors and warnings", "FATAL,ERROR,WARN"))
        ]
        return search_form(_SEARCH, view.parameter("text"), "Part of the message, or a trace id", choices)

    return Panel("logs-search", "Search", draw, bare=True)


def _course(store: Store) -> Panel:
    def draw(context: PageContext, _answers: Sequence[Answer]) -> Drawing:
        frame = log_counts(store, _search_of(context), context.step)
        if frame.empty:
            return empty("No log records in this range")
        bars = [
            Series(severity or "unknown", _of(context, frame, severity), _COLOURS.get(severity, "$neutral"), "bar")
            for severity in SEVERITIES
            if (frame["severity"] == severity).any()
        ]
        total = int(frame["records"].sum())
        summary = f"{total:,} log records in this range"
        return time_chart(context, "logs-course", [Lane("count", bars)], height=_HEIGHT, summary=summary)

    return Panel("logs-course", "Records by severity", draw, span=8, height=_HEIGHT, is_chart=True)


def _of(context: PageContext, frame: pd.DataFrame, severity: str) -> "pd.Series[float]":
    return by_step(context, frame[frame["severity"] == severity], "records")


def _sources(store: Store) -> Panel:
    def draw(context: PageContext, _answers: Sequence[Answer]) -> Drawing:
        rows = records(log_sources(store, _search_of(context)))
        columns = (
            Column("gateway", "Gateway", cell=lambda row: value_text("gateway", row["gateway"])),
            # Of several, a gateway of the same name in each would look alike.
            *([Column("environment", "Environment")] if len({row["environment"] for row in rows}) > 1 else []),
            Column("severity", "Severity", cell=severity_cell),
            Column("records", "Records", "count"),
        )
        return table(
            context,
            "logs-sources",
            columns,
            rows,
            href=lambda row: _of_gateway(context, row).href(),
            empty="No log records in this range",
            page=5,
        )

    return Panel("logs-sources", "By gateway", draw, span=4, height=_HEIGHT)


def _of_gateway(context: PageContext, row: Row) -> View:
    return context.view.only("environment", str(row["environment"])).only("gateway", str(row["gateway"]))


def _list(store: Store) -> Panel:
    def draw(context: PageContext, _answers: Sequence[Answer]) -> Drawing:
        frame = find_logs(store, _search_of(context), _LISTED)
        left_out = [one.dimension for one in context.view.filters if not applies(one)]
        notes = [f"The newest {_LISTED:,}; narrow the list by text or severity"] if len(frame) == _LISTED else []
        if left_out:
            notes.append(f"Logs have no {', '.join(left_out)}: that filter does not narrow them")
        return log_table(
            context, "logs", frame, empty="No matching records in this range", note=". ".join(notes), page=100
        )

    return Panel("logs", "Records", draw, height=420, help="A record with a trace id links to its trace")
