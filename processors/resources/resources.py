"""CPU and memory over time, by instance, from any source. The table `resource_rules` says what each metric is."""

from datetime import timedelta

import pandas as pd

from processors.resources.instance_filter import EVERYTHING, InstanceFilter
from processors.time.window import HOUR, MINUTE, Window, floor
from storage.sql import load
from storage.store import Store

INSTANCE = ("environment", "gateway", "instance")
FIGURES = (
    "cores", "cores_max", "cpu_limit", "cpu_share", "cpu_share_max",
    "memory_bytes", "memory_bytes_max", "memory_limit", "memory_share", "memory_share_max",
    "heap_bytes", "heap_limit", "heap_share",
)  # fmt: skip
# The worst bucket of a step, as well as its mean.
_EXTREMES = ("", "_max")

# Samples further apart than this do not belong together: scrapes are at most minutes apart, and an hour holds many.
_LONGEST_GAP = {MINUTE: timedelta(minutes=10), HOUR: timedelta(hours=2)}
_TABLES = {MINUTE: "resource_1m", HOUR: "resource_1h"}
_TIMES = {MINUTE: "minute", HOUR: "hour"}


def resources(
    store: Store,
    window: Window,
    of: InstanceFilter = EVERYTHING,
    step: timedelta = HOUR,
    *,
    with_hosts: bool = True,
) -> pd.DataFrame:
    """A row an instance and step, NaN where nothing is known: `time` (its start, UTC), INSTANCE, FIGURES and sources.

    `cores` are CPU seconds by seconds, `cpu_limit` the cores that there are to use, sizes are bytes, shares from 0 to 1
    of the limit; `heap_…` is Java's. `…_max` is of the worst minute of the step, from a step of whole hours on of the
    worst hour. `cpu_source` and `memory_source` say where it is from: container, pod, process, proxy, jvm or host.
    """
    bucket = HOUR if step % HOUR == timedelta() else MINUTE
    rollup = f"(SELECT {_TIMES[bucket]} AS bucket, * FROM {_TABLES[bucket]} FINAL)"
    sql = load("processors.resources", "resources").replace("{rollup}", rollup).replace("{where}", of.where("stored"))
    found = store.frame(
        sql,
        {
            **of.parameters,
            "start": floor(window.start, bucket),
            "end": window.end,
            "gap": int(_LONGEST_GAP[bucket].total_seconds()),
            "bucket": int(bucket.total_seconds()),
            "step": int(step.total_seconds()),
            "with_hosts": with_hosts,
        },
    )
    return _with_shares(found)


def _with_shares(found: pd.DataFrame) -> pd.DataFrame:
    """With what follows from limits, which are carried forward where they are reported less often than usage."""
    known = found.assign(time=pd.to_datetime(found["time"], utc=True).dt.as_unit("s"))
    numbers = [name for name in FIGURES if name in known]
    known[numbers] = known[numbers].astype("float64")
    limits = ["cpu_limit", "memory_limit", "heap_limit"]
    known[limits] = known.groupby(list(INSTANCE), sort=False)[limits].ffill()
    for end in _EXTREMES:
        share = known[f"cpu_share{end}"]
        known[f"cores{end}"] = known[f"cores{end}"].fillna(share * known["cpu_limit"])
        known[f"cpu_share{end}"] = share.fillna(known[f"cores{end}"] / known["cpu_limit"])
        share = known[f"memory_share{end}"]
        known[f"memory_bytes{end}"] = known[f"memory_bytes{end}"].fillna(share * known["memory_limit"])
        known[f"memory_share{end}"] = share.fillna(known[f"memory_bytes{end}"] / known["memory_limit"])
    known["heap_share"] = known["heap_bytes"] / known["heap_limit"]
    return known[["time", *INSTANCE, "cpu_source", "memory_source", *FIGURES]]
