"""How latency is spread, over time."""

from datetime import datetime, timedelta

import pandas as pd

from processors.traffic.filters import Filters
from processors.traffic.statement import frame
from processors.traffic.steps import buckets, step_of
from processors.window import Window
from storage.store import Store

# Cells to a doubling of the latency; heatmap.sql cuts them.
CELLS_PER_DOUBLING = 4

_MOST_COLUMNS = 96


def heatmap(store: Store, window: Window, filters: Filters, now: datetime) -> pd.DataFrame:
    """Requests: a row a step (indexed by its start), a column a cell, lowest latency first, none left out.

    Cell i holds the latencies in (2^(i/4), 2^((i+1)/4)] microseconds. Unknown ones are left out.
    """
    step = step_of(window, _MOST_COLUMNS)
    found = frame(store, "heatmap", window, filters, parameters={"step": int(step.total_seconds())})
    if found.empty:
        return pd.DataFrame()
    table = found.assign(time=pd.to_datetime(found["time"], utc=True).dt.as_unit("s")).pivot_table(
        index="time", columns="cell", values="requests", aggfunc="sum"
    )
    cells = range(int(found["cell"].min()), int(found["cell"].max()) + 1)
    times = buckets(window, step, now)["time"]
    return table.reindex(index=pd.Index(times, name="time"), columns=cells).fillna(0).astype("int64")


def lower_bound_ms(cell: float) -> float:
    """Where a cell of the heatmap begins."""
    return float(2 ** (cell / CELLS_PER_DOUBLING) * (timedelta(microseconds=1) / timedelta(milliseconds=1)))
