"""A store of generated traffic with its roll-ups, made inside ClickHouse and kept for the next run."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from processors.rollups.build import build, runs
from processors.rollups.rollup import ROLLUPS
from processors.rollups.stale import stale_windows
from processors.time.window import HOUR
from storage.memory_budget import DEFAULT_BUDGET
from storage.migrate import migrate
from storage.sql import load
from storage.store import Store, connect

NOW = datetime(2026, 3, 9, tzinfo=UTC)
_SEED = 20
_MICROSECOND = timedelta(microseconds=1)
_MOST_REQUESTS = 1_000_000


@dataclass(frozen=True)
class Traffic:
    """So many requests, of which a mesh's sidecars tell twice, evenly spread over the hours before NOW.

    Where there are `busy_hours`, these are the last ones, and each one before has a tenth of their requests.
    """

    requests: int
    hours: int
    busy_hours: int | None = None

    def of_hour(self, hour: int) -> int:
        """How many requests the hour of that number has; the first one is 0."""
        busy = self.hours if self.busy_hours is None else self.busy_hours
        share = self.requests * 10 // (10 * busy + self.hours - busy)
        return share if hour >= self.hours - busy else share // 10


@contextmanager
def filled_store(directory: Path, traffic: Traffic) -> Iterator[tuple[Store, dict[str, object]]]:
    """The store and what filling it took; one that was filled before is used as it is."""
    store = connect(f"chdb://{directory}", DEFAULT_BUDGET)
    try:
        migrate(store)
        took: dict[str, object] = {}
        ((stored,),) = store.rows("SELECT count() FROM requests")
        if not stored:
            took = {"generate": _timed(lambda: _generate(store, traffic)), "roll_up": _timed(lambda: _roll_up(store))}
            _settle(store)
        yield store, took
    finally:
        store.close()


def _timed(work: Callable[[], None]) -> dict[str, float]:
    cpu, started = time.process_time(), time.monotonic()
    work()
    return {"cpu_seconds": round(time.process_time() - cpu, 1), "seconds": round(time.monotonic() - started, 1)}


def _generate(store: Store, traffic: Traffic) -> None:
    sql = load("tests.bench.queries", "requests")
    first = 0
    for hours in _chunks(traffic):
        requests = sum(map(traffic.of_hour, hours))
        parameters = {
            "first": first,
            "requests": requests,
            "seed": _SEED,
            "start": NOW - HOUR * (traffic.hours - hours.start),
            "microseconds": float(HOUR * len(hours) / _MICROSECOND),
            "is_last": hours.stop == traffic.hours,
            "segment": f"bench-{first}",
        }
        store.command(sql, parameters)
        first += requests
        _tell(f"{first:,} requests")


def _chunks(traffic: Traffic) -> Iterator[range]:
    """A few hours of the same density at once, as segments of a busy day come; the last one apart, being different."""
    start = 0
    while start < traffic.hours:
        share = traffic.of_hour(start)
        end = start + max(1, min(24, _MOST_REQUESTS // max(1, share)))
        alike = [hour for hour in range(start, min(end, traffic.hours - 1)) if traffic.of_hour(hour) == share]
        yield range(start, start + max(1, len(alike)))
        start += max(1, len(alike))


def _roll_up(store: Store) -> None:
    """As the filler does, without the time that it leaves to others."""
    for rollup in ROLLUPS:
        windows = {window.time: window.requests for window in stale_windows(store, NOW, (rollup,))[rollup]}
        for run in runs(rollup, windows, _MOST_REQUESTS):
            build(store, rollup, run, datetime.now(UTC), lambda: None)
        _tell(f"{rollup.name}, {len(windows)} windows")


def _settle(store: Store) -> None:
    """Wait until nothing is merged any more, so that figures are of questions alone."""
    while store.rows("SELECT 1 FROM system.merges LIMIT 1"):
        time.sleep(0.5)


def _tell(text: str) -> None:
    print(f"  {time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)  # noqa: T201 - the run takes minutes
