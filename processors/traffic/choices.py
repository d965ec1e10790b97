"""What there is to choose from: environments, gateways, APIs, versions, and whether there is anything at all."""

from datetime import UTC, datetime

import pandas as pd

from processors.traffic.filters import Filters
from processors.traffic.statement import frame
from processors.window import Window
from storage.store import Store


def choices(store: Store, window: Window, filters: Filters) -> pd.DataFrame:
    """Every `environment`, `gateway`, `api`, `api_version` that asked or was asked in the window."""
    found = frame(store, "choices", window, filters)
    return found if not found.empty else pd.DataFrame(columns=["environment", "gateway", "api", "api_version"])


def last_request(store: Store) -> datetime | None:
    """The minute of the newest request that is stored, or None where none ever came."""
    ((requests, newest),) = store.rows("SELECT count(), toUnixTimestamp(max(minute)) FROM api_1m")
    return datetime.fromtimestamp(newest, UTC) if requests else None
