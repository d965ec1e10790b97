"""From when to when tables hold everything."""

import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta

from processors.rollups.rollup import Rollup
from processors.rollups.stale import StaleWindow, stale_windows
from processors.time.window import DAY, HOUR, ceil, floor
from storage.sql import load
from storage.store import Store

# A stretch of time, without its end.
Stretch = tuple[datetime, datetime]
# The stretches that a table holds everything of, by its name. Of those not named, what is filled as requests are stored
# holds all there is, and what is filled in the background nothing.
Covered = Mapping[str, Sequence[Stretch]]
Coverage = Callable[[], Covered]

REQUESTS = "requests"
# Which days were deleted is asked again after so long, or once a day has fewer requests, which is looked at more often.
_DELETED_KEPT = timedelta(hours=1)
_STORED_KEPT = timedelta(seconds=15)
# What is being stored is not yet counted everywhere.
_SETTLED = timedelta(days=1)

# What migration 0024 added to the roll-ups that are filled as requests are stored.
ERRORS_BY_MINUTE = "errors_by_minute"

_EVER = datetime(1970, 1, 1, tzinfo=UTC)
_NEVER = datetime(2100, 1, 1, tzinfo=UTC)

# What comes late is counted by a roll-up's questions after so long.
_KEPT = timedelta(seconds=1)


class RollupCoverage:
    """What the planner asks; safe to use from many threads."""

    def __init__(self, store: Store, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._clock = clock
        self._change = threading.Lock()
        self._read_at = _EVER
        self._covered: Covered = {}
        # Only a migration changes it.
        self._since: Covered = {}
        self._deleted: Mapping[str, Sequence[datetime]] = {}
        self._deleted_read_at = _EVER
        # How many requests there are, by day.
        self._stored: Mapping[date, int] = {}
        self._stored_read_at = _EVER
        self._begun: Covered = {}

    def __call__(self) -> Covered:
        """The stretches of each roll-up that hold every request. Raises StoreError."""
        with self._change:
            now = self._clock()
            if not timedelta() <= now - self._read_at <= _KEPT:
                found = stale_windows(self._store, now)
                self._since = self._since or _since(self._store)
                deleted = self._days_deleted(now)
                background = {rollup.name: _between(rollup, windows, now) for rollup, windows in found.items()}
                kept = {kept_of(environment): _beside(days) for environment, days in deleted.items()}
                self._covered = {**self._since, **self._begun, **background, **kept}
                self._read_at = now
            return self._covered

    def _days_deleted(self, now: datetime) -> Mapping[str, Sequence[datetime]]:
        """By environment the days whose requests are gone, in order."""
        if self._is_less(now):
            # Even where it cannot be asked just now.
            self._deleted_read_at = _EVER
        if not timedelta() <= now - self._deleted_read_at <= _DELETED_KEPT:
            found: dict[str, list[datetime]] = {}
            parameters = {"until": floor(now - _SETTLED, DAY)}
            for environment, day in self._store.rows(load("processors.rollups", "deleted"), parameters):
                found.setdefault(environment, []).append(datetime(day.year, day.month, day.day, tzinfo=UTC))
            self._begun = _begun(self._store)
            self._deleted, self._deleted_read_at = found, now
        return self._deleted

    def _is_less(self, now: datetime) -> bool:
        """Whether a day has fewer requests than when this was last looked at: retention may change at any time."""
        if timedelta() <= now - self._stored_read_at <= _STORED_KEPT:
            return False
        # Answered by what each part knows.
        found = dict(self._store.rows("SELECT toDate(time) AS day, count() FROM requests GROUP BY day"))
        is_less = any(found.get(day, 0) < requests for day, requests in self._stored.items())
        self._stored, self._stored_read_at = found, now
        return is_less


def kept_of(environment: str) -> str:
    """What `Covered` calls the requests of an environment of which some have been deleted."""
    return f"{REQUESTS} of {environment}"


def kept(covered: Covered, is_asked: Callable[[str], bool], window: Stretch) -> tuple[Stretch, ...]:
    """The stretches of a window of which no requests have been deleted of the environments that are asked about."""
    found: tuple[Stretch, ...] = (window,)
    for name, stretches in covered.items():
        # Of environments that are not there everything is.
        if not name.startswith(kept_of("")) or not is_asked(name.removeprefix(kept_of(""))):
            continue
        found = shared(found, stretches)
    return found


def shared(first: Sequence[Stretch], second: Sequence[Stretch]) -> tuple[Stretch, ...]:
    """What is in both."""
    both = ((max(one[0], other[0]), min(one[1], other[1])) for one in first for other in second)
    return tuple((start, end) for start, end in both if start < end)


def _beside(days: Sequence[datetime]) -> tuple[Stretch, ...]:
    """All time but these days, which are in order."""
    starts = [_EVER, *(day + DAY for day in days)]
    ends = [*days, _NEVER]
    return tuple((start, end) for start, end in zip(starts, ends, strict=True) if start < end)


def _since(store: Store) -> Covered:
    found = store.rows("SELECT name, max(since) FROM rollup_since GROUP BY name")
    return {name: ((since.replace(tzinfo=UTC), _NEVER),) for name, since in found}


def _begun(store: Store) -> Covered:
    """The time of the roll-ups filled as requests are stored, where others tell of an earlier day: that was deleted."""
    ((minutes, hours, days, requests),) = store.rows(load("processors.rollups", "oldest"))
    times = {"api_1m": minutes, "api_1h": hours, "api_1d": days, REQUESTS: requests}
    known = {name: at.replace(tzinfo=UTC) for name, at in times.items() if at.year > _EVER.year}
    found: dict[str, Sequence[Stretch]] = {}
    # Each is kept for as long as the one before it, or longer.
    for name, others in (("api_1m", ("api_1h", "api_1d", REQUESTS)), ("api_1h", ("api_1d", REQUESTS))):
        earliest = min((known[other] for other in others if other in known), default=_NEVER)
        if name in known and floor(earliest, DAY) < floor(known[name], DAY):
            found[name] = ((ceil(known[name], HOUR), _NEVER),)
    return found


def _between(rollup: Rollup, stale: Sequence[StaleWindow], now: datetime) -> tuple[Stretch, ...]:
    """All that has passed but the stale windows; where there was no request, nothing can be missing."""
    stretches = []
    start = _EVER
    for window in reversed(stale):
        if window.time > start:
            stretches.append((start, window.time))
        start = window.time + rollup.unit
    if start < (end := floor(now, rollup.unit)):
        stretches.append((start, end))
    return tuple(stretches)
