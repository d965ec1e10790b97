"""The gateways' instances: traffic, CPU, memory, version, when each was last seen."""

from datetime import timedelta

import pandas as pd

from processors.query.filters import Filter
from processors.query.question import Question
from processors.query.questions import Questions
from processors.resources.instance_filter import EVERYTHING, InstanceFilter
from processors.resources.resources import INSTANCE, resources
from processors.time.steps import step_of
from processors.time.window import HOUR, Window
from storage.sql import load
from storage.store import Store

# An instance that fell silent before the window is shown still, for so long.
SEEN_BEFORE = timedelta(days=1)

# Reading minutes of a whole fleet pays up to here.
_MINUTES_UP_TO = timedelta(hours=2)

_TRAFFIC = ("requests", "rate", "errors", "error_rate", "mean")
_MEANS = ("cores", "cpu_limit", "cpu_share", "memory_bytes", "memory_limit", "memory_share", "heap_share")
_PEAKS = ("cores_max", "cpu_share_max", "memory_bytes_max", "memory_share_max")
COLUMNS = (
    *INSTANCE, "gateway_kind", "host", "version", "started_at", "restarts", "last_seen", *_TRAFFIC,
    "cpu_source", "memory_source", *_MEANS, *_PEAKS,
)  # fmt: skip


def instances(store: Store, handled: Questions, window: Window, of: InstanceFilter = EVERYTHING) -> pd.DataFrame:
    """COLUMNS, a row for each instance with requests or metrics in the window or up to SEEN_BEFORE it.

    `handled` answers from HANDLED. Traffic and resources are those of the window: means over it, and `…_max`, its worst
    minute or hour. Where an instance reports no CPU or memory, its machine's stand in, and `cpu_source` or
    `memory_source` is `host`.
    """
    traffic = _traffic(store, handled, window, of)
    facts = _facts(store, window, of)
    known = _joined(traffic, facts)
    if known.empty:
        return pd.DataFrame(columns=list(COLUMNS))
    # Nothing was reported, so nothing was used; to ask takes longer than all else.
    used = _nothing_used() if facts.empty else _used(store, window, of)
    known = known.merge(used, on=list(INSTANCE), how="left")
    # The machines may be of another gateway, such as the job of node exporter.
    anywhere = InstanceFilter(of.environment)
    if (known["cores"].isna() | known["memory_bytes"].isna()).any():
        known = _with_machines(known, used if of == anywhere else _used(store, window, anywhere))
    known["last_seen"] = known[["last_seen", "last_request"]].max(axis=1)
    order = known.sort_values(["requests", *INSTANCE], ascending=[False, True, True, True])
    return order[list(COLUMNS)].reset_index(drop=True)


def _traffic(store: Store, handled: Questions, window: Window, of: InstanceFilter) -> pd.DataFrame:
    """Traffic of the window, and when the last request was, in it or up to SEEN_BEFORE it."""
    filters = tuple(Filter(name, values=(value,)) for name, value in of.parameters.items())
    counted = handled.ask(Question(_TRAFFIC, window, (*INSTANCE, "gateway_kind"), filters)).frame
    sql = load("processors.resources", "last_requests").replace("{where}", of.where("stored"))
    seen = store.frame(sql, {**of.parameters, "start": window.start - SEEN_BEFORE, "end": window.end})
    seen["last_request"] = pd.to_datetime(seen["last_request"], utc=True).dt.as_unit("ms")
    return seen.merge(counted, on=[*INSTANCE, "gateway_kind"], how="left")


def _facts(store: Store, window: Window, of: InstanceFilter) -> pd.DataFrame:
    sql = load("processors.resources", "facts").replace("{where}", of.where("stored"))
    found = store.frame(sql, {**of.parameters, "start": window.start - SEEN_BEFORE, "end": window.end})
    return found.assign(
        last_seen=pd.to_datetime(found["last_seen"], utc=True).dt.as_unit("ms"),
        started_at=pd.to_datetime(found["started_at"].astype("float64"), unit="s", utc=True).dt.as_unit("ms"),
        restarts=found["restarts"].astype("float64"),
    )


def _joined(traffic: pd.DataFrame, facts: pd.DataFrame) -> pd.DataFrame:
    """Instances with requests, and those that only a gateway reports; other pods and machines are left out."""
    joined = traffic.merge(facts, on=list(INSTANCE), how="outer", suffixes=("", "_reported"))
    is_gateway = joined["gateway_kind"].notna() | joined["gateway_kind_reported"].fillna("").ne("")
    joined["gateway_kind"] = joined["gateway_kind"].fillna(joined["gateway_kind_reported"])
    joined[["requests", "errors"]] = joined[["requests", "errors"]].fillna(0).astype("int64")
    joined[["host", "version"]] = joined[["host", "version"]].fillna("")
    return joined[is_gateway].fillna({"rate": 0.0}).reset_index(drop=True)


def _used(store: Store, window: Window, of: InstanceFilter) -> pd.DataFrame:
    """What each instance used in the window."""
    step = step_of(window) if window.length <= _MINUTES_UP_TO else HOUR
    found = resources(store, window, of, step)
    return found.groupby(list(INSTANCE), as_index=False).agg(
        {
            **dict.fromkeys(("cpu_source", "memory_source"), "last"),
            **dict.fromkeys(_MEANS, "mean"),
            **dict.fromkeys(_PEAKS, "max"),
        }
    )


def _nothing_used() -> pd.DataFrame:
    kinds = {
        **dict.fromkeys((*INSTANCE, "cpu_source", "memory_source"), "str"),
        **dict.fromkeys((*_MEANS, *_PEAKS), "float64"),
    }
    return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in kinds.items()})


_OF_CPU = ("cpu_source", "cores", "cpu_limit", "cpu_share", "cores_max", "cpu_share_max")
_OF_MEMORY = ("memory_source", "memory_bytes", "memory_limit", "memory_share", "memory_bytes_max", "memory_share_max")


def _with_machines(known: pd.DataFrame, used: pd.DataFrame) -> pd.DataFrame:
    """With the machine's CPU and memory where an instance reports none; a machine is an instance under its name."""
    of_cpu = _machines(used, "cpu_source", _OF_CPU)
    of_memory = _machines(used, "memory_source", _OF_MEMORY)
    host = known["host"].where(known["host"] != "", known["instance"])
    for machines, columns, figure in ((of_cpu, _OF_CPU, "cores"), (of_memory, _OF_MEMORY, "memory_bytes")):
        keys = pd.MultiIndex.from_arrays([known["environment"], host])
        of_machine = machines.reindex(keys).set_axis(known.index)
        is_missing = known[figure].isna() & of_machine[figure].notna()
        for column in columns:
            known[column] = known[column].mask(is_missing, of_machine[column])
    return known


def _machines(used: pd.DataFrame, source: str, columns: tuple[str, ...]) -> pd.DataFrame:
    chosen = used[used[source] == "host"].drop_duplicates(["environment", "instance"])
    return chosen.set_index(["environment", "instance"])[list(columns)]
