"""When certificates expire, by gateways' metrics."""

from datetime import datetime, timedelta

import pandas as pd

from storage.sql import load
from storage.store import Store

# Exporters report certificates with each scrape.
_LOOK_BACK = timedelta(hours=1)


def certificates(store: Store, now: datetime) -> pd.DataFrame:
    """By environment, gateway and certificate, the fewest days left. Raises StoreError."""
    edges = {"start": now - _LOOK_BACK, "end": now}
    return store.frame(load("processors.alerts.evaluation", "certificates"), edges)
