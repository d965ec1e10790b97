"""Traffic over time, a row a step."""

from datetime import datetime, timedelta

import pandas as pd

from processors.traffic.filters import Filters
from processors.traffic.statement import frame
from processors.traffic.steps import buckets, step_of
from processors.window import Window
from storage.store import Store

COUNTS = ("requests", "status_2xx", "status_3xx", "status_4xx", "status_5xx", "status_other")
LATENCIES = ("p50_ms", "p95_ms", "p99_ms", "upstream_ms", "gateway_ms")


def series(
    store: Store, window: Window, filters: Filters, now: datetime, step: timedelta | None = None
) -> pd.DataFrame:
    """`buckets` with COUNTS and LATENCIES: a step without requests has counts of 0 and no latencies."""
    step = step or step_of(window)
    found = frame(store, "series", window, filters, parameters=_step(step))
    columns = ["time", *COUNTS, *LATENCIES]
    joined = buckets(window, step, now).merge(_stamped(found, columns), on="time", how="left")
    joined[list(COUNTS)] = joined[list(COUNTS)].fillna(0).astype("int64")
    joined[list(LATENCIES)] = joined[list(LATENCIES)].astype("float64")
    return joined


def series_by_kind(
    store: Store, window: Window, filters: Filters, now: datetime, step: timedelta | None = None
) -> pd.DataFrame:
    """`buckets` with the requests of each kind of gateway in a column of its name, 0 where there were none."""
    step = step or step_of(window)
    found = frame(store, "kinds", window, filters, parameters=_step(step))
    steps = buckets(window, step, now)
    if found.empty:
        return steps
    table = _stamped(found).pivot_table(index="time", columns="gateway_kind", values="requests", aggfunc="sum")
    table.columns = pd.Index([str(kind) for kind in table.columns])
    joined = steps.merge(table.reset_index(), on="time", how="left")
    kinds = [str(kind) for kind in table.columns]
    joined[kinds] = joined[kinds].fillna(0).astype("int64")
    return joined


def _step(step: timedelta) -> dict[str, int]:
    return {"step": int(step.total_seconds())}


def _stamped(found: pd.DataFrame, columns: list[str] | None = None) -> pd.DataFrame:
    """With times as `buckets` has them; an empty result gets its columns, which the client leaves out."""
    if found.empty:
        found = pd.DataFrame({name: [] for name in columns or found.columns})
    times = pd.to_datetime(found["time"], utc=True).dt.as_unit("s")
    return found[columns].assign(time=times) if columns else found.assign(time=times)
