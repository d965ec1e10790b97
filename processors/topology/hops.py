"""One call through gateways, sidecars and services: which hop took how much of its time."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import pandas as pd

from processors.query.conditions import Parameters
from processors.query.ids import search_for, within
from processors.time.window import MINUTE, Window, ceil, floor
from storage.sql import load
from storage.store import Store

COLUMNS = (
    "hop", "parent", "depth", "source", "time", "environment", "gateway_kind", "gateway", "instance", "reporter", "api",
    "method", "path", "status", "response_flags", "upstream", "upstream_address", "duration_ms", "upstream_ms",
    "gateway_ms", "between_ms", "request_id", "trace_id", "span_id",
)  # fmt: skip

# A call and all that belongs to it lie within this time of its requests.
_AROUND = 10 * MINUTE
# How far the clocks of two machines may differ.
_SKEW = timedelta(milliseconds=50)
_MILLISECOND = timedelta(milliseconds=1)


def hops(store: Store, request: str, window: Window) -> pd.DataFrame:
    """COLUMNS, a row a hop, the outermost first; empty where nothing is known of it.

    `request` is a request id or a trace id; what belongs to it under other ids lies within ten minutes of it. `source`
    is `request`, what a gateway or sidecar reported, or `span`. A hop lies within its `parent`, the `hop` that took
    longer and was under way meanwhile. `gateway_ms` is what the gateway took itself, `between_ms` what its upstream's
    time has beyond the hops within it: the network, and services that report nothing. NaN is unknown.
    """
    found = _reported(store, [request], window)
    more = sorted({*found["trace_id"], *found["request_id"]} - {request, ""})
    if more:
        # To look for an id in all of a window takes the longer, the more requests there are.
        first, last = around(found["time"].min()), around(found["time"].max())
        near = Window(max(window.start, first.start), min(window.end, last.end))
        found = _reported(store, [request, *more], near)
    return _split(found)


def around(time: datetime) -> Window:
    """In which a call lies, by the time of one of its requests."""
    return Window(floor(time - _AROUND, MINUTE), ceil(time + _AROUND, MINUTE))


def _reported(store: Store, ids: Sequence[str], window: Window) -> pd.DataFrame:
    parameters: Parameters = {"ids": list(ids), "since": window.start, "until": window.end}
    is_near = within(search_for(store, ids, window), "time", parameters)
    found = store.frame(load("processors.topology", "hops").replace("{is_near}", is_near), parameters)
    return found.assign(time=pd.to_datetime(found["time"], utc=True).dt.as_unit("us"))


def _split(found: pd.DataFrame) -> pd.DataFrame:
    if found.empty:
        return pd.DataFrame(columns=list(COLUMNS))
    durations = found["duration_us"].astype("float64") / 1000
    upstream = found["upstream_us"].astype("float64") / 1000
    order = pd.DataFrame({"duration": durations, "time": found["time"]}).sort_values(
        ["duration", "time"], ascending=[False, True], na_position="last"
    )
    starts = found["time"]
    ends = starts + pd.to_timedelta(durations.fillna(0.0), unit="ms")
    parents = _parents(list(order.index), starts, ends, durations)
    place = _depth_first(parents, starts)
    numbers: dict[int | None, int] = {row: number for number, row in enumerate(place)}
    rows = found.loc[list(place)].assign(
        hop=range(len(place)),
        parent=[numbers.get(parents[row], -1) for row in place],
        depth=list(place.values()),
        duration_ms=durations.loc[list(place)],
        upstream_ms=upstream.loc[list(place)],
    )
    rows["gateway_ms"] = (rows["duration_ms"] - rows["upstream_ms"]).clip(lower=0)
    within = {row: _covered([other for other in place if parents[other] == row], starts, ends) for row in place}
    # For spans and for sources without an upstream time, all that no other hop explains.
    spent = rows["upstream_ms"].fillna(rows["duration_ms"])
    has_inner = pd.Series([row in parents.values() for row in place], index=rows.index)
    rows["between_ms"] = (spent - pd.Series(within)).clip(lower=0).where(has_inner)
    return rows[list(COLUMNS)].reset_index(drop=True)


def _parents(order: Sequence[int], starts: pd.Series, ends: pd.Series, durations: pd.Series) -> dict[int, int | None]:
    """By row: the shortest of the longer ones that was under way from its start to its end."""
    parents: dict[int, int | None] = {}
    for number, row in enumerate(order):
        parents[row] = next(
            (
                outer
                for outer in reversed(order[:number])
                if durations[outer] > 0 and starts[outer] - _SKEW <= starts[row] and ends[row] <= ends[outer] + _SKEW
            ),
            None,
        )
    return parents


def _depth_first(parents: dict[int, int | None], starts: pd.Series) -> dict[int, int]:
    """Each row with its depth, the outermost first and each before those within it."""
    found: dict[int, int] = {}
    waiting = [
        (row, 0) for row in sorted((row for row in parents if parents[row] is None), key=lambda row: starts[row])
    ]
    while waiting:
        row, depth = waiting.pop(0)
        found[row] = depth
        inner = sorted((other for other in parents if parents[other] == row), key=lambda other: starts[other])
        waiting = [*((other, depth + 1) for other in inner), *waiting]
    return found


def _covered(rows: Sequence[int], starts: pd.Series, ends: pd.Series) -> float:
    """Milliseconds in which at least one of the rows was under way."""
    covered, until = timedelta(), None
    for row in sorted(rows, key=lambda row: starts[row]):
        begin = starts[row] if until is None else max(starts[row], until)
        covered += max(ends[row] - begin, timedelta())
        until = ends[row] if until is None else max(until, ends[row])
    return covered / _MILLISECOND
