"""One trace: its spans as a waterfall, the requests that gateways reported, and its logs."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import pandas as pd
from dash import html
from dash.development.base_component import Component

from dashboards import formats
from dashboards.components.notice import empty
from dashboards.components.table import Column, Row, records, table
from dashboards.design import SERIES
from dashboards.pages.shared.log_table import log_table
from dashboards.panel import Drawing, Panel
from dashboards.state.context import PageContext
from processors.explorer.logs import LogSearch, find_logs
from processors.explorer.requests import find_requests
from processors.explorer.traces import MOST_SPANS, trace_spans
from processors.query.answer import Answer
from processors.time.window import MINUTE, Window, ceil, floor
from storage.store import Store

_PATH = "/traces"
# Spans of a trace lie within this time of the range that it was opened in.
_AROUND = timedelta(hours=1)
_INDENT = 14
_MOST_LISTED = 100


def one_trace_panels(store: Store) -> tuple[Panel, ...]:
    """Panels of the trace that the path names."""

    def identity(context: PageContext) -> str:
        return context.view.item(_PATH)

    def waterfall(context: PageContext, _answers: Sequence[Answer]) -> Drawing:
        spans = trace_spans(store, identity(context), _widened(context.window))
        if spans.empty:
            return empty("No spans of this trace in this range; widen it")
        return _waterfall(spans)

    def requests(context: PageContext, _answers: Sequence[Answer]) -> Drawing:
        frame = find_requests(
            store, _widened(context.window), (), text=identity(context), order="time", limit=_MOST_LISTED
        )
        return table(
            context,
            "trace-requests",
            _request_columns(context),
            records(frame),
            href=lambda row: context.view.to("/requests", selected=row["key"]).href(),
            empty="No request with this trace id",
        )

    def logs(context: PageContext, _answers: Sequence[Answer]) -> Drawing:
        found = find_logs(store, LogSearch(_widened(context.window), text=identity(context)), _MOST_LISTED)
        return log_table(context, "trace-logs", found, empty="No log lines with this trace id")

    return (
        Panel("trace-spans", "Spans", waterfall, height=240),
        Panel("trace-requests", "Requests", requests, span=6, height=80),
        Panel("trace-logs", "Logs", logs, span=6, height=80),
    )


def _widened(window: Window) -> Window:
    return Window(floor(window.start - _AROUND, MINUTE), ceil(window.end + _AROUND, MINUTE))


def _waterfall(spans: pd.DataFrame) -> Component:
    begins = spans["time"]
    lengths = pd.to_timedelta(spans["duration_ms"], unit="ms")
    start: datetime = begins.min()
    whole = max((begins + lengths).max() - start, timedelta(microseconds=1))
    services = list(dict.fromkeys(spans["service"]))
    colours = {service: SERIES[place % len(SERIES)].replace("$", "--") for place, service in enumerate(services)}
    rows: list[Component] = []
    for span, begin, length in zip(records(spans), begins, lengths, strict=True):
        course = {
            "left": f"{(begin - start) / whole:.4%}",
            "width": f"{length / whole:.4%}",
            "--colour": f"var({colours[span['service']]})",
        }
        rows.append(_span(span, course))
    if len(spans) == MOST_SPANS:
        rows.append(html.P(f"The first {MOST_SPANS:,} spans; ask for the rest in SQL.", className="note"))
    return html.Div(rows, className="waterfall", role="list")


def _span(span: Row, course: dict[str, str]) -> Component:
    is_error = span["status"] == "error"
    name = html.Span(
        [str(span["name"]), html.Small(f"{span['service']}{' · error' if is_error else ''}")],
        className="span-name",
        title=_title(span),
        style={"paddingLeft": _INDENT * int(span["depth"])},
    )
    return html.Div(
        [
            name,
            html.Span(html.I(style=course), className="span-course"),
            html.Span(formats.show("ms", float(span["duration_ms"])), className="span-time"),
        ],
        className=f"span{' tone-bad' if is_error else ''}",
        role="listitem",
    )


def _title(span: Row) -> str:
    pairs = dict(span["attributes"]).items()
    return "\n".join([str(span["name"]), *(f"{name} = {value}" for name, value in sorted(pairs))])


def _request_columns(context: PageContext) -> tuple[Column, ...]:
    return (
        Column("time", "Time", cell=lambda row: context.times.millisecond(row["time"])),
        Column("gateway", "Gateway"),
        Column("api", "API", rank=1),
        Column("path", "Path", code=True, rank=1),
        Column("status", "Status"),
        Column("duration_ms", "Duration", "ms"),
    )
