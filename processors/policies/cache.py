"""What caches of gateways answered."""

import pandas as pd

from processors.resources.instance_filter import InstanceFilter
from processors.time.window import Window
from storage.sql import load
from storage.store import Store

# Where access logs say what a cache did: nginx' $upstream_cache_status, Azure's `cache`, the headers Cache-Status (RFC
# 9211) and X-Cache, and what users call it themselves.
ATTRIBUTES = (
    "nginx.upstream_cache_status", "azure.cache", "cache", "cache.status", "cache_status",
    "http.response.header.cache-status", "http.response.header.x-cache",
)  # fmt: skip


def cache(store: Store, window: Window, environment: str = "", gateway: str = "") -> pd.DataFrame:
    """`api`, `gateway`, `outcome` (`hit`, `miss` or `bypass`) and `requests`; without requests that report no cache."""
    of = InstanceFilter(environment, gateway)
    sql = load("processors.policies", "cache").replace("{where}", of.where("usage_requests"))
    found = store.frame(
        sql, {**of.parameters, "start": window.start, "end": window.end, "attributes": list(ATTRIBUTES)}
    )
    return found.assign(requests=found["requests"].astype("int64"))
