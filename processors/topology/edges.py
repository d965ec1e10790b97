"""Edges: client → gateway → API → upstream, and in a mesh service → service."""

from dataclasses import dataclass

import pandas as pd

from processors.query.absent import NO_ROUTE
from processors.query.filters import Filter
from processors.query.question import Question
from processors.query.questions import Questions
from processors.resources.instance_filter import EVERYTHING, InstanceFilter
from processors.time.window import Window
from storage.sql import load
from storage.store import Store

# What nobody of ours sent.
CLIENT = "clients"
COLUMNS = (
    "environment", "source", "source_kind", "target", "target_kind", "requests", "rate", "errors", "error_rate",
    "mean_ms", "mtls_share",
)  # fmt: skip
_KEYS = ["environment", "source", "source_kind", "target", "target_kind"]
# By environment and workload.
_Served = dict[tuple[str, str], str]
_DIMENSIONS = ("environment", "gateway", "reporter", "api", "upstream")
_MEASURES = ("requests", "errors", "mean")
_COUNTS = ["requests", "errors", "durations", "duration_ms"]


@dataclass(frozen=True)
class _Ends:
    """What an edge is between: a name, and what it is of: client, gateway, api, service or upstream."""

    source: pd.Series
    source_kind: str
    target: pd.Series
    target_kind: str


def edges(store: Store, handled: Questions, window: Window, of: InstanceFilter = EVERYTHING) -> pd.DataFrame:
    """A row an edge, the busiest first: COLUMNS. A gateway that was filtered by is on one end of each.
    `handled` answers from HANDLED.

    Kinds are `client`, `gateway`, `api`, `service` (of a mesh) and `upstream`. `rate` is by second of the window,
    `mean_ms` of the known durations as the source sees them. `mtls_share` is the share of requests over mutual TLS, as
    Istio's metrics count it; NaN where none do.
    """
    reported = _reported(handled, window, of.environment)
    served = _service_of(reported[reported["reporter"] == "destination"])
    found = pd.concat([_of_gateways(reported), _of_meshes(reported, served)], ignore_index=True)
    if of.gateway:
        found = found[(found["source"] == of.gateway) | (found["target"] == of.gateway)]
    if found.empty:
        return pd.DataFrame(columns=list(COLUMNS))
    summed = found.groupby(_KEYS, as_index=False).agg(dict.fromkeys(_COUNTS, "sum"))
    known = summed.merge(
        _mutual_tls(store, window, of.environment, served), on=["environment", "source", "target"], how="left"
    )
    known = known.assign(
        rate=known["requests"] / window.length.total_seconds(),
        error_rate=known["errors"] / known["requests"],
        mean_ms=known["duration_ms"] / known["durations"].where(known["durations"] > 0),
        requests=known["requests"].astype("int64"),
        errors=known["errors"].astype("int64"),
    )
    order = known.sort_values(["requests", *_KEYS], ascending=[False] + [True] * len(_KEYS))
    return order[list(COLUMNS)].reset_index(drop=True)


def _reported(handled: Questions, window: Window, environment: str) -> pd.DataFrame:
    filters = (Filter("environment", values=(environment,)),) if environment else ()
    found = handled.ask(Question(_MEASURES, window, _DIMENSIONS, filters)).frame
    known = found["mean"].notna()
    counts = {
        "durations": found["requests"].where(known, 0),
        "duration_ms": (found["mean"] * found["requests"]).fillna(0.0),
    }
    return found.drop(columns="mean").assign(**counts).astype(dict.fromkeys(_COUNTS, "float64"))


def _of_gateways(reported: pd.DataFrame) -> pd.DataFrame:
    """Client → gateway → API → upstream."""
    rows = reported[reported["reporter"] == "gateway"]
    api = rows["api"].where(rows["api"] != "", NO_ROUTE)
    clients = pd.Series(CLIENT, index=rows.index)
    has_upstream = (rows["upstream"] != "") & (rows["upstream"] != rows["api"])
    return pd.concat(
        [
            _edges(rows, _Ends(clients, "client", rows["gateway"], "gateway")),
            _edges(rows, _Ends(rows["gateway"], "gateway", api, "api")),
            _edges(rows[has_upstream], _Ends(api[has_upstream], "api", rows["upstream"][has_upstream], "upstream")),
        ],
        ignore_index=True,
    )


def _of_meshes(reported: pd.DataFrame, served: _Served) -> pd.DataFrame:
    """Service → service as the source's sidecar reports it; otherwise client → service as the destination's does."""
    sources, destinations = reported[reported["reporter"] == "source"], reported[reported["reporter"] == "destination"]
    source = _services(sources["environment"], sources["gateway"], served)
    between = _edges(sources, _Ends(source, "service", sources["api"], "service"))
    seen = destinations.groupby(["environment", "api"], as_index=False).agg(dict.fromkeys(_COUNTS, "sum"))
    inner = sources.groupby(["environment", "api"], as_index=False).agg(dict.fromkeys(_COUNTS, "sum"))
    joined = seen.merge(inner, on=["environment", "api"], how="left", suffixes=("", "_inner")).fillna(0.0)
    for name in _COUNTS:
        joined[name] = (joined[name] - joined[f"{name}_inner"]).clip(lower=0)
    # Sums of durations cannot be separated.
    joined.loc[joined["requests_inner"] > 0, ["durations", "duration_ms"]] = 0.0
    outer = joined[joined["requests"] > 0]
    clients = pd.Series(CLIENT, index=outer.index)
    return pd.concat([between, _edges(outer, _Ends(clients, "client", outer["api"], "service"))], ignore_index=True)


def _service_of(destinations: pd.DataFrame) -> _Served:
    """The service that a workload serves, where it is one: so a service that asks others is one node."""
    pairs = destinations[["environment", "gateway", "api"]].drop_duplicates()
    alone = pairs[~pairs.duplicated(["environment", "gateway"], keep=False)]
    return dict(zip(zip(alone["environment"], alone["gateway"], strict=True), alone["api"], strict=True))


def _services(environments: pd.Series, workloads: pd.Series, served: _Served) -> pd.Series:
    keys = zip(environments, workloads, strict=True)
    return pd.Series([served.get(key, key[1]) for key in keys], index=workloads.index, dtype="object")


def _edges(rows: pd.DataFrame, ends: _Ends) -> pd.DataFrame:
    return rows[["environment", *_COUNTS]].assign(
        source=ends.source, source_kind=ends.source_kind, target=ends.target, target_kind=ends.target_kind
    )


def _mutual_tls(store: Store, window: Window, environment: str, served: _Served) -> pd.DataFrame:
    """`environment`, `source`, `target` and `mtls_share`."""
    of = InstanceFilter(environment)
    sql = load("processors.topology", "mutual_tls").replace("{where}", of.where("metrics"))
    found = store.frame(sql, {**of.parameters, "start": window.start, "end": window.end})
    counts = ["counted", "mutual"]
    summed = (
        found.assign(source=_services(found["environment"], found["source"], served))
        .astype(dict.fromkeys(counts, "float64"))
        .groupby(["environment", "source", "target"], as_index=False)
        .agg(dict.fromkeys(counts, "sum"))
    )
    return summed.assign(mtls_share=summed["mutual"] / summed["counted"]).drop(columns=counts)
