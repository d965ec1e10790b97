"""A call that went over an edge of late."""

from collections.abc import Iterator
from typing import NamedTuple

import pandas as pd

from processors.explorer.requests import find_requests
from processors.query.absent import NO_ROUTE
from processors.query.filters import Filter, Operator
from processors.time.window import Window
from processors.topology.hops import COLUMNS, around, hops
from storage.store import Store

# How many of the newest requests are searched for one with an id, and how many calls for hops.
_REQUESTS, _CALLS = 50, 5
_DIMENSIONS = {"gateway": "gateway", "api": "api", "service": "api", "upstream": "upstream"}


class End(NamedTuple):
    """One end of an edge, as `edges` names it."""

    name: str
    kind: str


def recent_call(store: Store, window: Window, environment: str, source: End, target: End) -> pd.DataFrame:
    """The hops of one of the newest calls over an edge, as `hops` gives them; empty where none is known.

    Raises StoreError.
    """
    filters = [Filter("environment", values=(environment,)), *_narrowed(source, target)]
    found = find_requests(store, window, filters, limit=_REQUESTS)
    identity = found["request_id"].where(found["request_id"] != "", found["trace_id"])
    known = found.assign(identity=identity)[identity != ""].head(_CALLS)
    for name, time in zip(known["identity"], known["time"], strict=True):
        call = hops(store, str(name), around(time.to_pydatetime()))
        if source.kind != "service" or source.name in {*call["gateway"], *call["api"]}:
            return call
    return pd.DataFrame(columns=list(COLUMNS))


def _narrowed(source: End, target: End) -> Iterator[Filter]:
    # A service calls as a workload and is reported by its target: its call shows in the hops.
    ends = (target,) if source.kind == "service" else (source, target)
    for end in ends:
        if end.kind in _DIMENSIONS:
            dimension = _DIMENSIONS[end.kind]
            yield Filter(dimension, Operator.ABSENT) if end.name == NO_ROUTE else Filter(dimension, values=(end.name,))
