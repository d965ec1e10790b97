"""Requests, outcomes, bytes and latency in a period, by dimensions; each request counts once."""

from collections.abc import Sequence
from datetime import datetime

import pandas as pd

from processors.errors import InvalidReport
from processors.reports.dimensions import Dimension, dimensions
from processors.traffic.filters import Filters
from processors.usage_source import ROLLUP_DIMENSIONS, usage_source
from processors.window import Window
from storage.sql import load
from storage.store import Store

# Exact, and fit to be summed: requests = successes (2xx, 3xx) + client_errors (4xx) + errors (5xx, others).
COUNTS = ("requests", "successes", "client_errors", "errors", "request_bytes", "response_bytes")
# Of the requests whose duration is known, within 1.1 % of exact; not fit to be summed, and missing where none is known.
LATENCIES = ("p50_ms", "p95_ms")

# What a sheet can hold beside its header and total.
MOST_ROWS = 1_000_000

# A report must not take the memory that the collector in the same process needs.
_MOST_MEMORY = 1_500_000_000


def usage(store: Store, start: datetime, end: datetime, by: Sequence[str], filters: Filters) -> pd.DataFrame:
    """A row for each combination of the dimensions that was used from `start` to before `end`.

    The columns are the dimensions, COUNTS and LATENCIES; `hour`, `day` and `month` are the moments at which
    they begin, in UTC. Raises StoreError, and InvalidReport for unknown dimensions or too many rows.
    """
    chosen = dimensions(by)
    found = store.frame(_statement(Window(start, end), chosen, filters), filters.parameters)
    if len(found) > MOST_ROWS:
        raise InvalidReport(
            f"The report would have more than {MOST_ROWS:,} rows; shorten its period, or group by less."
        )
    columns = [*(dimension.name for dimension in chosen), *COUNTS, *LATENCIES]
    if found.empty:
        return pd.DataFrame(columns=columns)
    # The driver gives moments in UTC without saying so.
    times = {
        dimension.name: pd.to_datetime(found[dimension.name], utc=True) for dimension in chosen if dimension.is_time
    }
    return found[columns].assign(**times)


def _statement(window: Window, chosen: Sequence[Dimension], filters: Filters) -> str:
    columns = {dimension.column for dimension in chosen if dimension.column}
    places = {
        "dimensions": ", ".join(f"{dimension.expression} AS {dimension.name}" for dimension in chosen),
        "names": ", ".join(dimension.name for dimension in chosen),
        "source": usage_source(window, columns),
        "where": filters.where,
        "most_rows": str(MOST_ROWS + 1),
        "most_memory": str(_MOST_MEMORY),
    }
    rolled_up = columns <= ROLLUP_DIMENSIONS
    text = load("processors.reports", "usage_from_rollups" if rolled_up else "usage_from_requests")
    for place, value in places.items():
        text = text.replace(f"{{{place}}}", value)
    return text
