"""Fills rollups: what has passed, what came late, and what there was before there was the rollup.

What is to be done is found by comparing counts, so that it goes on where it stopped, whatever stopped it.
"""

import logging
import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from opentelemetry.metrics import Meter

from processors.errors import RebuildImpossible
from processors.rollups.build import build, counted, lost, runs, sweep
from processors.rollups.rollup import ROLLUPS, Rollup, chosen
from processors.rollups.stale import StaleWindow, stale_windows
from processors.rollups.telemetry import RollupMetrics
from processors.time.window import Window, ceil, floor
from storage.errors import StoreError
from storage.store import Store

_log = logging.getLogger(__name__)

_INTERVAL_SECONDS = 10.0
_SETTLING_SECONDS = 1.0
# What a window's requests may lag behind their time before it is made.
_GRACE = timedelta(minutes=1)
# What comes late seldom comes alone: until then it is counted from the requests.
_PAUSE = timedelta(minutes=5)
# A build holds its groups in memory; an hour of more requests than this is a build of its own.
_MOST_REQUESTS = 1_000_000
# Of the time, at most half is spent on what was there before.
_REST = 1.0
_SWEEP_AFTER = timedelta(hours=1)
_LOG_EVERY = timedelta(seconds=30)
# Windows; fewer are made each hour.
_MUCH = 20
_EVER = datetime(1970, 1, 1, tzinfo=UTC)


class RollupFiller:
    """Fills the rollups of one store in a thread of its own.

    Of the fillers on it, the one that leads fills. What people ask one of them to rebuild it rebuilds even so: each
    build is whole, and of two of one window the later one holds. So `clock` is the same for all of them.
    """

    def __init__(
        self,
        store: Store,
        clock: Callable[[], datetime],
        meter: Meter,
        leads: Callable[[], bool] = lambda: True,
        *,
        interval_seconds: float = _INTERVAL_SECONDS,
        pause: timedelta = _PAUSE,
        settling_seconds: float = _SETTLING_SECONDS,
    ) -> None:
        """What comes late for a window that was made is added to it `pause` later."""
        self._store = store
        self._clock = clock
        self._leads = leads
        self._interval_seconds = interval_seconds
        self._pause = pause
        self._settling_seconds = settling_seconds
        self._metrics = RollupMetrics(meter)
        self._metrics.observe_waiting(lambda: self.waiting)
        self._waiting: dict[str, int] = {}
        # Windows whose source has less than there was, as what is older than its retention is deleted.
        self._impossible: dict[tuple[Rollup, datetime], int] = {}
        # Windows that people asked to rebuild.
        self._wanted: dict[Rollup, dict[datetime, int]] = {rollup: {} for rollup in ROLLUPS}
        self._swept = _EVER
        self._logged = _EVER
        self._failure = ""
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._work, name="rollups", daemon=True)

    @property
    def waiting(self) -> Mapping[str, int]:
        """How many windows of each rollup are to be made."""
        return self._waiting

    @property
    def fault(self) -> str:
        """Why rollups cannot be filled; '' while all is well."""
        return self._failure

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Stop after the build that runs."""
        self._stopping.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join()

    def fill(self) -> int:
        """Make what is to be made now; returns how many windows took effect. Raises StoreError."""
        # Mostly there is nothing to be made, and asking once for all of them is cheaper than for each.
        stale = stale_windows(self._store, self._clock())
        self._waiting = {rollup.name: len(self._possible(rollup, windows)) for rollup, windows in stale.items()}
        filled = self._make(lambda rollup: self._due(rollup) if stale[rollup] and self._leads() else {})
        now = self._clock()
        if self._leads() and now - self._swept > _SWEEP_AFTER:
            sweep(self._store, ROLLUPS, now, _SWEEP_AFTER)
            self._swept = now
        return filled

    def make_wanted(self) -> int:
        """The same for what is wanted alone."""
        return self._make(lambda rollup: {})

    def _make(self, due: Callable[[Rollup], Mapping[datetime, int]]) -> int:
        filled = 0
        for rollup in ROLLUPS:
            # Read each time, as a rollup may be made of another.
            windows = {**due(rollup), **self._wanted[rollup]}
            for run in runs(rollup, windows, _MOST_REQUESTS):
                if self._stopping.is_set():
                    return filled
                filled += self._build(rollup, run)
        return filled

    def rebuild(self, window: Window, names: Collection[str] = ()) -> dict[str, int]:
        """Have the next `fill` rebuild windows; returns how many of each rollup.

        The hours and days that the window touches and that have passed. Raises UnknownRollup, RebuildImpossible where
        there are fewer requests than the rollups were made of, and StoreError.
        """
        now = self._clock()
        wanted = {}
        for rollup in chosen(names):
            start, end = floor(window.start, rollup.unit), min(ceil(window.end, rollup.unit), floor(now, rollup.unit))
            found = counted(self._store, rollup, start, end) if start < end else {}
            if rollup.outlives_requests and (gone := lost(self._store, rollup, found, start, end)):
                raise RebuildImpossible(
                    f"{rollup.name} was made of more requests than there are up to {gone[-1]:%Y-%m-%d %H:%M}: some "
                    f"have been deleted from {rollup.source}, and would be lost here too. Choose a later --from."
                )
            wanted[rollup] = found
        for rollup, found in wanted.items():
            self._wanted[rollup] = self._wanted[rollup] | found
        self._wake.set()
        return {rollup.name: len(found) for rollup, found in wanted.items()}

    @property
    def wanted(self) -> int:
        """How many windows are still to be rebuilt on request."""
        return sum(map(len, self._wanted.values()))

    def _due(self, rollup: Rollup) -> dict[datetime, int]:
        now = self._clock()
        stale = stale_windows(self._store, now, (rollup,))[rollup]
        possible = self._possible(rollup, stale)
        self._waiting = {**self._waiting, rollup.name: len(possible)}
        return {window.time: window.requests for window in possible if self._is_due(rollup, window, now)}

    def _possible(self, rollup: Rollup, windows: Sequence[StaleWindow]) -> list[StaleWindow]:
        return [window for window in windows if self._impossible.get((rollup, window.time)) != window.requests]

    def _is_due(self, rollup: Rollup, window: StaleWindow, now: datetime) -> bool:
        return now >= window.time + rollup.unit + _GRACE and now >= window.built_at + self._pause

    def _build(self, rollup: Rollup, run: Mapping[datetime, int]) -> int:
        started = time.monotonic()
        built = build(self._store, rollup, run, self._clock(), lambda: self._stopping.wait(self._settling_seconds))
        seconds = time.monotonic() - started
        self._impossible.update({(rollup, moment): requests for moment, requests in built.short.items()})
        for moment in (*built.made, *built.short):
            self._wanted[rollup].pop(moment, None)
        self._metrics.built(rollup.name, sum(built.made.values()), seconds)
        self._waiting = {**self._waiting, rollup.name: max(0, self._waiting.get(rollup.name, 0) - len(run))}
        self._log_progress()
        self._stopping.wait(seconds * _REST)
        return len(built.made)

    def _log_progress(self) -> None:
        """Say how far it is, while there is much to be made."""
        now = self._clock()
        if now - self._logged > _LOG_EVERY and sum(self._waiting.values()) > _MUCH:
            self._logged = now
            _log.info("Rollups are being filled with what was stored before.", extra={"windows_left": self._waiting})

    def _work(self) -> None:
        while not self._stopping.is_set():
            self._wake.clear()
            try:
                self.fill()
            except StoreError as error:
                if str(error) != self._failure:
                    _log.error("Rollups could not be filled; it is tried again.", extra={"error": str(error)})
                self._failure = str(error)
            except Exception:
                # A thread that has ended would fill nothing any more.
                _log.exception("Filling rollups broke off; it is tried again.")
            else:
                self._failure = ""
            self._wake.wait(self._interval_seconds)
