"""The gateways of a window, the busiest first."""

from datetime import datetime

import pandas as pd

from processors.traffic.apis import MOST_ROWS
from processors.traffic.filters import Filters
from processors.traffic.statement import frame
from processors.traffic.steps import elapsed_seconds
from processors.window import Window
from storage.store import Store


def gateways(store: Store, window: Window, filters: Filters, now: datetime) -> pd.DataFrame:
    """`gateway`, `gateway_kind`, `environment`, `requests`, `rate`, `error_rate` and p95."""
    found = frame(store, "gateways", window, filters, parameters={"limit": MOST_ROWS})
    if found.empty:
        return found
    return found.assign(
        rate=found["requests"] / elapsed_seconds(window, now),
        error_rate=found["errors"] / found["requests"],
    )
