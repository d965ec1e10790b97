"""What gateways log about themselves."""

import pandas as pd

from processors.resources.instance_filter import InstanceFilter
from processors.time.window import Window
from storage.sql import load
from storage.store import Store


def runtime_logs(store: Store, window: Window, of: InstanceFilter, limit: int) -> pd.DataFrame:
    """`time` (UTC), `severity` ('' if unknown), `gateway`, `instance` and `body`, the newest first."""
    sql = load("processors.resources", "logs").replace("{where}", of.where("stored"))
    found = store.frame(sql, {**of.parameters, "start": window.start, "end": window.end, "limit": limit})
    return found.assign(time=pd.to_datetime(found["time"], utc=True).dt.as_unit("us"))
