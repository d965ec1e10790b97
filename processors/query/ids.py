"""In which hours requests of an id may be, so that a look-up need not read the index of all requests of its window."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from processors.query.conditions import Parameters
from processors.rollups.coverage import Stretch
from processors.time.window import HOUR, Window, ceil, floor
from storage.sql import load
from storage.store import Store

_PACKAGE = "processors.query"
# In a window this short, the index of the requests themselves is read as fast.
_SHORT = 2 * HOUR
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Search:
    """A stretch of time, of which only some hours are to be looked at."""

    stretch: Stretch
    # Each from its start; None for all of them.
    hours: tuple[datetime, ...] | None = None


def search_for(store: Store, ids: Sequence[str], window: Window) -> Search:
    """Where in a window all requests are whose request id or trace id is one of these. Raises StoreError.

    An hour is left out only where all of its ids are known, and these are not among them.
    """
    whole = Search((window.start, window.end))
    if window.length <= _SHORT:
        return whole
    first, last = floor(window.start, HOUR), ceil(window.end, HOUR)
    parameters: Parameters = {"start": first, "end": last}
    # In this order: what is known by now was there to be found after.
    counted = dict(store.rows(load(_PACKAGE, "ids_counted"), parameters))
    known = dict(store.rows(load(_PACKAGE, "ids_known"), parameters))
    found = {hour for (hour,) in store.rows(_hours_of(ids, parameters), parameters)}
    numbers = range((first - _EPOCH) // HOUR, (last - _EPOCH) // HOUR)
    without = {hour for hour, requests in known.items() if requests >= counted.get(hour, 0)} - found
    return Search(whole.stretch, tuple(_EPOCH + number * HOUR for number in numbers if number not in without))


def within(search: Search, time: str, parameters: Parameters) -> str:
    """The condition that a request with its time in a column lies in the stretch; other hours are not read."""
    start, end = search.stretch
    # The order key holds the hour, and ClickHouse does not work it out from the time.
    hour = f"toStartOfHour({time})"
    if search.hours is None:
        parameters["first_hour"] = floor(start, HOUR)
        # Of each row it would be dear.
        is_of_hours = f"indexHint({hour} BETWEEN {{first_hour:DateTime64(6, 'UTC')}} AND {{end:DateTime64(6, 'UTC')}})"
    elif search.hours:
        start, end = max(start, search.hours[0]), min(end, search.hours[-1] + HOUR)
        parameters["hours"] = [int(one.timestamp()) for one in search.hours]
        # As a hint it would spare little: few rows are read.
        is_of_hours = f"{hour} IN {{hours:Array(DateTime('UTC'))}}"
    else:
        return "0"
    parameters |= {"start": start, "end": end}
    return f"{time} >= {{start:DateTime64(6, 'UTC')}} AND {time} < {{end:DateTime64(6, 'UTC')}} AND {is_of_hours}"


def _hours_of(ids: Sequence[str], parameters: Parameters) -> str:
    names = [f"id_{number}" for number in range(len(ids))]
    parameters |= zip(names, ids, strict=True)
    is_of_ids = " OR ".join(f"id_hash = id_hash({{{name}:String}})" for name in names)
    return load(_PACKAGE, "ids_hours").replace("{is_of_ids}", f"({is_of_ids})")
