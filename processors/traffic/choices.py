"""What there is to choose from: environments, gateways, APIs, versions, and whether there is anything at all."""

from datetime import UTC, datetime

import pandas as pd

from processors.traffic.filters import Filters
from processors.traffic.statement import frame
from processors.window import Window
from storage.store import Store

# More than a menu can be searched in, and far less than clients can invent.
MOST_CHOICES = 2_000


def choices(store: Store, window: Window, filters: Filters) -> pd.DataFrame:
    """Each `environment`, `gateway`, `api`, `api_version` of the window; where they are too many, the busiest."""
    found = frame(store, "choices", window, filters, parameters={"limit": MOST_CHOICES})
    return found if not found.empty else pd.DataFrame(columns=["environment", "gateway", "api", "api_version"])


def last_request(store: Store) -> datetime | None:
    """The minute of the newest request that is stored, or None where none ever came."""
    ((requests, newest),) = store.rows("SELECT count(), toUnixTimestamp(max(minute)) FROM api_1m")
    return datetime.fromtimestamp(newest, UTC) if requests else None
