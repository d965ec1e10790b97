"""Single requests: those that filters let through, and one again by its key."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd

from processors.errors import InvalidQuestion
from processors.explorer.records import timed
from processors.query.conditions import Parameters, condition
from processors.query.filters import Filter
from processors.query.ids import Search, search_for, within
from processors.query.views import without_views
from processors.time.window import Window
from storage.sql import load
from storage.store import Store

# By what requests can be put in order.
ORDERS = ("time", "duration_ms", "status", "request_bytes", "response_bytes")
MOST_REQUESTS = 1_000

_TIME = "seen.time"
_KEY = re.compile(r"(?P<microseconds>\d{10,17})-[0-9A-F]{1,16}")
_SECOND = timedelta(seconds=1)
# What may be an id of a request or a trace: a UUID, or hexadecimal digits.
_ID = re.compile(r"[0-9A-Za-z_-]{16,64}")


def find_requests(
    store: Store,
    window: Window,
    filters: Sequence[Filter],
    *,
    text: str = "",
    order: str = "-time",
    limit: int = 200,
) -> pd.DataFrame:
    """A row a request, with the columns of requests.sql but without attributes; durations in ms, NaN where unknown.

    `text` is a request id, a trace id, or a part of the path, the consumer or the client's address; where it is an id,
    the requests that have it are all. `order` is one of ORDERS, with '-' before it descending. Raises InvalidQuestion.
    """
    by = order.removeprefix("-")
    if by not in ORDERS:
        raise InvalidQuestion(f"Requests cannot be put in order by {by!r}; use any of {', '.join(ORDERS)}.")
    if limit < 1 or limit > MOST_REQUESTS:
        raise InvalidQuestion(f"Ask for 1 to {MOST_REQUESTS} requests; a query of SQL or an export has more.")
    parameters: Parameters = {"most": limit}
    conditions = [condition(one, _TIME, f"f{number}", parameters) for number, one in enumerate(filters)]
    direction = "DESC" if order.startswith("-") else "ASC"
    # The time last, so that equal ones keep an order.
    ordered = f"{by} {direction} NULLS LAST" + ("" if by == "time" else ", seen.time DESC")
    if text:
        parameters["text"] = text
    if _ID.fullmatch(text):
        # By their index, which no search for a part of something can use.
        of_id = {**parameters}
        has_id = [within(search_for(store, [text], window), _TIME, of_id), *conditions, _HAS_ID]
        found = _found(store, "usage_requests", has_id, ordered, of_id)
        if not found.empty:
            return found
    if text:
        conditions.append(_HAS_TEXT)
    conditions.append(within(Search((window.start, window.end)), _TIME, parameters))
    return _found(store, "usage_requests", conditions, ordered, parameters)


def find_request(store: Store, key: str) -> Mapping[str, Any] | None:
    """The request of a key, as `find_requests` gives them, with `attributes`; None where it is no longer kept.

    Raises InvalidQuestion.
    """
    form = _KEY.fullmatch(key)
    if form is None:
        raise InvalidQuestion(f"{key!r} is no key of a request; open it from the list of requests.")
    at = datetime.fromtimestamp(int(form["microseconds"]) / 1_000_000, UTC).replace(microsecond=0)
    parameters: Parameters = {"most": 1, "key": key}
    conditions = [within(Search((at, at + _SECOND)), _TIME, parameters), "key = {key:String}"]
    found = _found(store, "requests", conditions, "time", parameters, attributes=True)
    return None if found.empty else {str(name): value for name, value in found.iloc[0].items()}


_HAS_ID = "(seen.request_id = {text:String} OR seen.trace_id = {text:String})"
_HAS_TEXT = """(
    seen.request_id = {text:String} OR seen.trace_id = {text:String}
    OR positionCaseInsensitiveUTF8(seen.path, {text:String}) > 0
    OR positionCaseInsensitiveUTF8(toString(seen.consumer), {text:String}) > 0
    OR startsWith(seen.client_address, {text:String})
)"""


def _found(
    store: Store,
    source: str,
    conditions: Sequence[str],
    order: str,
    parameters: Parameters,
    *,
    attributes: bool = False,
) -> pd.DataFrame:
    sql = load("processors.explorer", "requests")
    places = {
        "{source}": source,
        "{conditions}": "\n    AND ".join(conditions),
        "{order}": order,
        "{attributes}": "seen.attributes" if attributes else "''",
    }
    for place, text in places.items():
        sql = sql.replace(place, text)
    return timed(store.frame(without_views(store, sql), parameters))
