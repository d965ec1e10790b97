"""Makes windows of a roll-up from its source, and puts them in the place of what was there."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from processors.rollups.rollup import Rollup
from storage.settings import Settings, clause, literal
from storage.sql import load
from storage.store import Store

_PACKAGE = "processors.rollups"
# One processor is left to the intake, and what has no room in memory goes to the disk.
_SETTINGS: Settings = {"max_threads": 1, "max_bytes_before_external_group_by": 256 << 20}
_WINDOW = ("name", "time", "build", "requests", "built_at")
_HOUR = timedelta(hours=1)
# ClickHouse takes 100 partitions in one insert, and some tables have one for each day.
_LONGEST_RUN = timedelta(days=90)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Built:
    """What became of windows, with the requests of each."""

    made: Mapping[datetime, int]
    # Those that would have lost something: the source has not got that many requests any more.
    short: Mapping[datetime, int]


def build(
    store: Store, rollup: Rollup, windows: Mapping[datetime, int], now: datetime, settle: Callable[[], object]
) -> Built:
    """Make neighbouring windows of at least so many requests each.

    A window to which requests come meanwhile does not take effect, and what was there before holds on. No two builds of
    a roll-up may begin in the same millisecond. Raises StoreError.

    A window whose source has less than it was made of, as that has been deleted, holds on as it is: what came late is
    little against what would be lost. One of a rollup that does not outlive requests is made of what there still is.

    A question looks up first which rows a table has, and then which builds hold: `settle` waits so long that none can
    find a build named whose rows it has not seen.
    """
    start, end = min(windows), max(windows) + rollup.unit
    number = (now - _EPOCH) // timedelta(milliseconds=1)
    before = counted(store, rollup, start, end)
    if not rollup.outlives_requests:
        return Built(_made_of_rest(store, rollup, windows, before, number, settle), {})
    short = {time: least for time, least in windows.items() if before.get(time, 0) < least}
    _keep(store, rollup, short, before, now)
    if len(short) == len(windows):
        return Built({}, short)
    _insert(store, rollup, start, end, number)
    after = counted(store, rollup, start, end)
    made = {time: after[time] for time in windows if time not in short and before[time] == after.get(time)}
    settle()
    _take_effect(store, rollup, number, made)
    return Built(made, short)


def _made_of_rest(
    store: Store,
    rollup: Rollup,
    windows: Mapping[datetime, int],
    before: Mapping[datetime, int],
    number: int,
    settle: Callable[[], object],
) -> dict[datetime, int]:
    """Make windows of the requests that there still are, and say of them that they are of all there were."""
    start, end = min(windows), max(windows) + rollup.unit
    after = before
    if before:
        _insert(store, rollup, start, end, number)
        after = counted(store, rollup, start, end)
        settle()
    made = {
        time: max(least, after.get(time, 0))
        for time, least in windows.items()
        if before.get(time, 0) == after.get(time, 0)
    }
    _take_effect(store, rollup, number, made)
    return made


def _insert(store: Store, rollup: Rollup, start: datetime, end: datetime, number: int) -> None:
    statement = f"{load(_PACKAGE, rollup.name)}\nSETTINGS {clause(_SETTINGS)}"
    store.command(statement, {"start": start, "end": end, "number": number})


def counted(store: Store, rollup: Rollup, start: datetime, end: datetime) -> dict[datetime, int]:
    """How many requests the source of a roll-up has, by window. Raises StoreError."""
    parameters = {"start": start, "end": end, "unit": int(rollup.unit.total_seconds())}
    found = store.rows(load(_PACKAGE, f"count_{rollup.source}"), parameters)
    return {time.replace(tzinfo=UTC): int(requests) for time, requests in found}


def runs(rollup: Rollup, windows: Mapping[datetime, int], most_requests: int) -> Iterator[dict[datetime, int]]:
    """The windows and their requests as neighbours, of about so many requests and 90 days at most; the newest first."""
    run: dict[datetime, int] = {}
    newest = next_before = None
    requests = 0
    for time in sorted(windows, reverse=True):
        fits = requests + windows[time] <= most_requests and newest is not None and newest - time < _LONGEST_RUN
        if run and not (time == next_before and fits):
            yield run
            run = {}
        if not run:
            newest, requests = time, 0
        run[time] = windows[time]
        requests += windows[time]
        next_before = time - rollup.unit
    if run:
        yield run


def lost(store: Store, rollup: Rollup, found: Mapping[datetime, int], start: datetime, end: datetime) -> list[datetime]:
    """The windows that were made of more requests than were found, in order. Raises StoreError."""
    return [time for time, _, requests in _made(store, rollup, start, end) if requests > found.get(time, 0)]


def sweep(store: Store, rollups: Sequence[Rollup], now: datetime, age: timedelta) -> None:
    """Delete the rows of builds that do not hold, and are so old that nobody reads them any more. Raises StoreError.

    Days of which no request is left go with them from what does not outlive requests.
    """
    limit = ((now - age - _EPOCH) // timedelta(milliseconds=1)) << 20
    for rollup in rollups:
        if not rollup.outlives_requests:
            for (day,) in store.rows(load(_PACKAGE, "days_without_requests"), {"rollup": rollup.name}):
                store.command(f"ALTER TABLE {rollup.name} DROP PARTITION {literal(day)}")
        # The names are ours.
        where = (
            f"build < {limit} AND build NOT IN (SELECT build FROM rollup_windows FINAL WHERE name = '{rollup.name}')"
        )
        if store.rows(f"SELECT 1 FROM {rollup.name} WHERE {where} LIMIT 1"):
            store.command(f"DELETE FROM {rollup.name} WHERE {where}")


def _made(store: Store, rollup: Rollup, start: datetime, end: datetime) -> list[tuple[datetime, int, int]]:
    """The windows that were made, in order: when, the build, and the requests."""
    made = store.rows(
        "SELECT time, build, requests FROM rollup_windows FINAL WHERE name = {name:String}"
        " AND time >= {start:DateTime64(6, 'UTC')} AND time < {end:DateTime64(6, 'UTC')} ORDER BY time",
        {"name": rollup.name, "start": start, "end": end},
    )
    return [(time.replace(tzinfo=UTC), build, requests) for time, build, requests in made]


def _keep(
    store: Store, rollup: Rollup, short: Mapping[datetime, int], found: Mapping[datetime, int], now: datetime
) -> None:
    """Let windows hold as they are, with all the requests that there were, where some have been deleted."""
    if not short:
        return
    made = _made(store, rollup, min(short), max(short) + rollup.unit)
    rows = [
        (rollup.name, int(time.timestamp()), number, short[time], now.timestamp())
        for time, number, requests in made
        if time in short and found.get(time, 0) < requests
    ]
    if rows:
        store.insert("rollup_windows", _WINDOW, rows)


def _take_effect(store: Store, rollup: Rollup, number: int, made: Mapping[datetime, int]) -> None:
    """One insert: all of the windows, or none."""
    rows = [
        (rollup.name, int(time.timestamp()), (number << 20) + (time - _EPOCH) // _HOUR, requests, number / 1000)
        for time, requests in made.items()
    ]
    if rows:
        store.insert("rollup_windows", _WINDOW, rows)
