"""Traces: the list of them, and the spans of one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

import pandas as pd

from processors.errors import InvalidQuestion
from processors.explorer.records import narrowed, timed
from processors.query.conditions import Parameters
from processors.query.filters import Filter
from processors.time.window import Window
from storage.sql import load
from storage.store import Store

ORDERS = ("time", "duration_ms", "spans", "errors")
MOST_TRACES = 1_000
MOST_SPANS = 2_000


@dataclass(frozen=True)
class TraceSearch:
    """Which traces: `service` has a span in it, `text` is a part of a span's name, or the trace's id."""

    window: Window
    filters: tuple[Filter, ...] = ()
    service: str = ""
    text: str = ""
    with_errors: bool = False
    at_least: timedelta = timedelta()


def find_traces(store: Store, search: TraceSearch, order: str = "-time", limit: int = 100) -> pd.DataFrame:
    """trace_id, time, service and name of its root, duration_ms, spans, errors, services. Raises InvalidQuestion."""
    by = order.removeprefix("-")
    if by not in ORDERS:
        raise InvalidQuestion(f"Traces cannot be put in order by {by!r}; use any of {', '.join(ORDERS)}.")
    if limit < 1 or limit > MOST_TRACES:
        raise InvalidQuestion(f"Ask for 1 to {MOST_TRACES} traces; a query of SQL has more.")
    parameters: Parameters = {"most": limit}
    conditions = ["seen.trace_id != ''", *narrowed(search.window, search.filters, parameters)]
    having = ["1"]
    if search.service:
        parameters["service"] = search.service
        having.append("countIf(toString(seen.service) = {service:String}) > 0")
    if search.text:
        parameters["text"] = search.text
        having.append(
            "(trace_id = {text:String}"
            " OR countIf(positionCaseInsensitiveUTF8(toString(seen.name), {text:String}) > 0) > 0)"
        )
    if search.with_errors:
        having.append("errors > 0")
    if search.at_least:
        parameters["at_least"] = search.at_least / timedelta(milliseconds=1)
        having.append("duration_ms >= {at_least:Float64}")
    direction = "DESC" if order.startswith("-") else "ASC"
    sql = load("processors.explorer", "traces")
    for place, text in {
        "{conditions}": "\n    AND ".join(conditions),
        "{having}": " AND ".join(having),
        "{order}": f"{by} {direction}, trace_id",
    }.items():
        sql = sql.replace(place, text)
    return timed(store.frame(sql, parameters))


def trace_spans(store: Store, trace_id: str, window: Window) -> pd.DataFrame:
    """The spans of a trace in the order of a waterfall, each below the one that called it.

    time, span_id, parent_span_id, service, name, kind, status, environment, gateway, instance, duration_ms, attributes;
    `depth` is 0 for a root, and for a span whose parent was not sampled.
    """
    sql = load("processors.explorer", "spans")
    found = timed(store.frame(sql, {"trace": trace_id, "start": window.start, "end": window.end, "most": MOST_SPANS}))
    if found.empty:
        return found.assign(depth=[])
    depths = _depths(found)
    return found.loc[list(depths)].assign(depth=list(depths.values())).reset_index(drop=True)


def _depths(found: pd.DataFrame) -> Mapping[int, int]:
    """Each row with its depth, in the order in which they are shown; rows come by their time."""
    known = set(found["span_id"])
    children: dict[str, list[int]] = {}
    roots: list[int] = []
    for row, parent, own in zip(found.index, found["parent_span_id"], found["span_id"], strict=True):
        if parent in known and parent != own:
            children.setdefault(parent, []).append(int(row))
        else:
            roots.append(int(row))
    placed: dict[int, int] = {}
    _place(roots, found["span_id"], children, placed)
    # Spans that call each other in a circle have no root.
    _place([int(row) for row in found.index if row not in placed], found["span_id"], children, placed)
    return placed


def _place(
    roots: Sequence[int], span_ids: pd.Series, children: Mapping[str, Sequence[int]], placed: dict[int, int]
) -> None:
    waiting = [(row, 0) for row in reversed(roots)]
    while waiting:
        row, depth = waiting.pop()
        if row in placed:
            continue
        placed[row] = depth
        waiting += [(child, depth + 1) for child in reversed(children.get(span_ids[row], ()))]
