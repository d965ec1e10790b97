"""The traffic of a window by what roll-ups do not keep apart: route, consumer, fault. Read from single requests."""

import pandas as pd

from processors.traffic.filters import Filters
from processors.traffic.statement import frame
from processors.window import Window
from storage.store import Store

_LIMIT = 200


def routes(store: Store, window: Window, filters: Filters, limit: int = _LIMIT) -> pd.DataFrame:
    """`route`, `method`, counts, `error_rate` and percentiles, the busiest first."""
    return _rated(frame(store, "routes", window, filters, ("route", "method"), {"limit": limit}))


def consumers(store: Store, window: Window, filters: Filters, limit: int = _LIMIT) -> pd.DataFrame:
    """`consumer` ('' where the gateway knew none), counts, `error_rate` and p95, the busiest first."""
    return _rated(frame(store, "consumers", window, filters, ("consumer",), {"limit": limit}))


def faults(store: Store, window: Window, filters: Filters, limit: int = _LIMIT) -> pd.DataFrame:
    """Failed requests by whose fault it was, flags, status, policy and upstream, the most frequent first."""
    dimensions = ("fault", "response_flags", "status", "policy", "upstream")
    return frame(store, "faults", window, filters, dimensions, {"limit": limit})


def _rated(found: pd.DataFrame) -> pd.DataFrame:
    if found.empty:
        return found
    return found.assign(
        error_rate=found["errors"] / found["requests"],
        client_error_rate=found["client_errors"] / found["requests"],
    )
