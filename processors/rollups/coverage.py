"""From when to when roll-ups hold everything."""

import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from processors.rollups.rollup import Rollup
from processors.rollups.stale import StaleWindow, stale_windows
from processors.time.window import floor
from storage.store import Store

# A stretch of time, without its end.
Stretch = tuple[datetime, datetime]
# The stretches that a table holds everything of, by its name. Of those not named, what is filled as requests are stored
# holds all there is, and what is filled in the background nothing.
Covered = Mapping[str, Sequence[Stretch]]
Coverage = Callable[[], Covered]

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

    def __call__(self) -> Covered:
        """The stretches of each roll-up that hold every request. Raises StoreError."""
        with self._change:
            now = self._clock()
            if not timedelta() <= now - self._read_at <= _KEPT:
                found = stale_windows(self._store, now)
                self._since = self._since or _since(self._store)
                background = {rollup.name: _between(rollup, windows, now) for rollup, windows in found.items()}
                self._covered = {**self._since, **background}
                self._read_at = now
            return self._covered


def _since(store: Store) -> Covered:
    found = store.rows("SELECT name, max(since) FROM rollup_since GROUP BY name")
    return {name: ((since.replace(tzinfo=UTC), _NEVER),) for name, since in found}


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
