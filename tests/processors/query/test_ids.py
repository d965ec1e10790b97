"""Requests are found by their ids in a few hours of a long window, and none is missed."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import count
from uuid import UUID

import pytest

from processors.explorer.requests import find_requests
from processors.query.filters import Filter
from processors.query.ids import Search, search_for, within
from processors.rollups.build import build, counted, sweep
from processors.rollups.rollup import ROLLUPS
from processors.time.window import DAY, HOUR, Window
from processors.topology.hops import hops
from storage.store import Store

# Each test has days of its own, which no other test stores in.
_STARTS = (datetime(2002, 3, 1, 20, tzinfo=UTC) + days * DAY for days in count(0, 10))
_ENVIRONMENT = "ids"
_HERE = (Filter("environment", values=(_ENVIRONMENT,)),)
_IDS = next(rollup for rollup in ROLLUPS if rollup.name == "id_1h")
_NUMBERS = count(1)


@pytest.fixture
def start() -> Iterator[datetime]:
    yield next(_STARTS)


def _store(store: Store, at: datetime, request: str = "", trace: str = "") -> None:
    _store_all(store, [(at, request, trace)])


def _store_all(store: Store, requests: Sequence[tuple[datetime, str, str]]) -> None:
    # No two inserts are equal, or the second would be taken for a retry.
    rows = [(at, _ENVIRONMENT, "gateway", f"/{next(_NUMBERS)}", request, trace) for at, request, trace in requests]
    store.insert("requests", ("time", "environment", "reporter", "path", "request_id", "trace_id"), rows)


def _id() -> str:
    return str(UUID(int=next(_NUMBERS) << 90))


def _make(store: Store, window: Window) -> None:
    """As the filler does once the hours have passed."""
    now = window.end + next(_NUMBERS) * timedelta(milliseconds=1)
    assert build(store, _IDS, counted(store, _IDS, window.start, window.end), now, lambda: None).made


def _hours(store: Store, window: Window, *ids: str) -> list[int]:
    """The hours of the window that are to be looked at, by number."""
    hours = search_for(store, ids, window).hours
    assert hours is not None
    return [(hour - window.start) // HOUR for hour in hours]


def test_only_hours_with_the_id_or_not_yet_known_are_looked_at(store: Store, start: datetime) -> None:
    window = Window(start, start + 8 * HOUR)
    request, trace, other = _id(), _id(), _id()
    _store_all(store, [(start + hour * HOUR, other, "") for hour in range(8)])
    _store(store, start + 2 * HOUR, request, trace)
    _store(store, start + 5 * HOUR + timedelta(minutes=59), _id(), trace)
    _make(store, Window(start, start + 7 * HOUR))
    # The eighth hour is not made.
    assert _hours(store, window, request) == [2, 7]
    assert _hours(store, window, trace) == [2, 5, 7]
    assert _hours(store, window, request, trace) == [2, 5, 7]
    assert _hours(store, window, _id()) == [7]
    assert _hours(store, Window(start, start + 7 * HOUR), _id()) == []
    # Its edges are within hours.
    narrow = Window(start + timedelta(hours=2, minutes=30), start + timedelta(hours=5, minutes=10))
    assert search_for(store, [trace], narrow).hours == (start + 2 * HOUR, start + 5 * HOUR)
    # In a short one nothing is left out.
    assert search_for(store, [request], Window(start, start + HOUR)).hours is None


def test_what_comes_late_is_found_at_once_and_once_it_is_known(store: Store, start: datetime) -> None:
    window = Window(start, start + 6 * HOUR)
    _store_all(store, [(start + hour * HOUR, _id(), "") for hour in range(6)])
    _make(store, window)
    late = _id()
    assert _hours(store, window, late) == []
    _store(store, start + 3 * HOUR, late)
    assert _hours(store, window, late) == [3]
    assert len(find_requests(store, window, _HERE, text=late)) == 1
    _make(store, window)
    assert _hours(store, window, late) == [3]
    assert _hours(store, window, _id()) == []


def test_late_requests_of_an_hour_that_lost_others_are_known_too(store: Store, start: datetime) -> None:
    window = Window(start, start + 4 * HOUR)
    _store_all(store, [(start + timedelta(minutes=number), _id(), "") for number in range(5)])
    _make(store, window)
    store.command(f"ALTER TABLE requests DROP PARTITION '{start:%F}'")
    late = _id()
    _store(store, start + HOUR / 2, late)
    known = {start: 6}
    built = build(store, _IDS, known, start + DAY, lambda: None)
    assert (built.made, built.short) == (known, {})
    assert _hours(store, Window(start, start + 3 * HOUR), late)[0] == 0
    assert 0 not in _hours(store, Window(start, start + 3 * HOUR), _id())


def test_the_index_of_a_day_goes_with_the_last_of_its_requests(store: Store, start: datetime) -> None:
    window = Window(start, start + 8 * HOUR)
    first, second = _id(), _id()
    _store(store, start, first)
    _store(store, start + 6 * HOUR, second)
    _make(store, window)
    days = f"SELECT DISTINCT partition FROM system.parts WHERE active AND table = 'id_1h' AND partition >= '{start:%F}'"
    of_window = f"{days} AND partition <= '{window.end:%F}' ORDER BY partition"
    assert store.rows(of_window) == [(f"{start:%F}",), (f"{window.end:%F}",)]
    store.command(f"ALTER TABLE requests DROP PARTITION '{start:%F}'")
    sweep(store, (_IDS,), window.end, HOUR)
    assert store.rows(of_window) == [(f"{window.end:%F}",)]
    assert len(find_requests(store, window, _HERE, text=second)) == 1
    assert find_requests(store, window, _HERE, text=first).empty


def test_requests_and_calls_are_those_of_plain_sql(store: Store, start: datetime) -> None:
    window = Window(start, start + 20 * HOUR)
    ids = [_id() for _ in range(6)]
    apart = timedelta(minutes=19, seconds=7)
    _store_all(
        store, [(start + n * apart, ids[n % 6] if n % 5 else "", ids[n * n % 4] if n % 3 else "") for n in range(60)]
    )
    for number in (0, 1, 2, 5, 9, 14, 18):
        _make(store, Window(start + number * HOUR, start + (number + 1) * HOUR))
    for one in ids:
        expected = store.rows(
            f"SELECT path FROM requests WHERE environment = '{_ENVIRONMENT}' AND '{one}' IN (request_id, trace_id)"
            f" AND time >= '{start:%F %T}' AND time < '{window.end:%F %T}' ORDER BY time DESC"
        )
        assert expected
        assert [(path,) for path in find_requests(store, window, _HERE, text=one)["path"]] == expected
        assert set(expected) <= {(path,) for path in hops(store, one, window)["path"]}


def test_of_no_hour_nothing_is_read(store: Store) -> None:
    nowhere = Search((datetime(2002, 1, 1, tzinfo=UTC), datetime(2030, 1, 1, tzinfo=UTC)), ())
    assert store.rows(f"SELECT count() FROM requests WHERE {within(nowhere, 'time', {})}") == [(0,)]
