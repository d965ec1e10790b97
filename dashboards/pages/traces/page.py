"""Traces: the list of them, and one of them."""

from collections.abc import Mapping, Sequence
from datetime import timedelta

from dashboards.components.search_form import search_form
from dashboards.components.table import Cell, Column, Row, records, table
from dashboards.notices.kept import oldest_kept
from dashboards.page import Group, Page
from dashboards.pages.traces.one_trace import one_trace_panels
from dashboards.panel import Drawing, Panel
from dashboards.parts import PageParts
from dashboards.state.context import PageContext
from dashboards.state.view import View
from processors.explorer.records import applies
from processors.explorer.traces import TraceSearch, find_traces
from processors.query.answer import Answer
from storage.store import Store

PATH = "/traces"
_SEARCH = "traces-search"
_LISTED = 200
_SLOW_MS = "1000"


def page(parts: PageParts) -> Page:
    """The list at /traces, a trace at /traces/<trace id>."""
    listed = (_search(), oldest_kept(parts, "spans", "span"), _list(parts.store))
    one = one_trace_panels(parts.store)

    def panels(view: View) -> Sequence[Panel]:
        return one if view.item(PATH) else listed

    return Page(
        PATH,
        "Traces",
        "timeline",
        Group.INVESTIGATE,
        panels=panels,
        has_items=True,
        forms={_SEARCH: _searched},
        is_shareable=lambda _view: True,
    )


def _searched(view: View, values: Mapping[str, list[str]]) -> View:
    return view.setting(text="".join(values.get("text", [])[:1]))


def _search() -> Panel:
    def draw(context: PageContext, _answers: Sequence[Answer]) -> Drawing:
        view = context.view
        errors, slow = view.parameter("errors"), view.parameter("at_least_ms")
        choices = [
            ("With errors", view.setting(errors="" if errors else "yes").href(), bool(errors)),
            ("Over 1 s", view.setting(at_least_ms="" if slow else _SLOW_MS).href(), bool(slow)),
        ]
        return search_form(_SEARCH, view.parameter("text"), "Trace id, or part of a span's name", choices)

    return Panel("traces-search", "Search", draw, bare=True)


def _list(store: Store) -> Panel:
    def draw(context: PageContext, _answers: Sequence[Answer]) -> Drawing:
        view = context.view
        slow = view.parameter("at_least_ms")
        search = TraceSearch(
            context.window,
            view.filters,
            service=view.parameter("service"),
            text=view.parameter("text"),
            with_errors=bool(view.parameter("errors")),
            at_least=timedelta(milliseconds=int(slow) if slow.isdecimal() else 0),
        )
        frame = find_traces(store, search, context.sort("traces", "-time"), _LISTED)
        left_out = [one.dimension for one in view.filters if not applies(one)]
        note = f"Spans have no {', '.join(left_out)}: that filter does not narrow them" if left_out else ""
        return table(
            context,
            "traces",
            _columns(context),
            records(frame),
            default_sort="-time",
            href=lambda row: view.to(PATH, str(row["trace_id"])).href(),
            empty="No matching traces in this range. Spans arrive over OTLP; docs/sources.md",
            note=note,
        )

    return Panel("traces", "Traces", draw, height=420, help="Of sampled spans only, so not a count of requests")


def _columns(context: PageContext) -> tuple[Column, ...]:
    return (
        Column("time", "Time", cell=lambda row: context.times.millisecond(row["time"]), sort="time"),
        Column("name", "Root span", code=True),
        Column("service", "Service", rank=1),
        Column("duration_ms", "Duration", "ms", sort="duration_ms"),
        Column("spans", "Spans", "count", sort="spans"),
        Column("errors", "Errors", cell=_errors, sort="errors", numeric=True),
        Column("services", "Services", cell=lambda row: {"tags": [str(name) for name in row["services"]]}, rank=2),
        Column("trace_id", "Trace id", code=True, rank=3),
    )


def _errors(row: Row) -> Cell:
    errors = int(row["errors"])
    return {"glyph": True, "tone": "bad", "text": str(errors)} if errors else "0"
