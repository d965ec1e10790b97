"""Which windows of roll-ups lack requests."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from processors.rollups.rollup import ROLLUPS, Rollup
from storage.sql import load
from storage.store import Store


@dataclass(frozen=True)
class StaleWindow:
    """An hour, or a day, of a roll-up that was not made yet, or of fewer requests than there are by now."""

    time: datetime
    # All that there are.
    requests: int
    # When it was last made; 1970 where it was not.
    built_at: datetime


def stale_windows(store: Store, now: datetime, rollups: Sequence[Rollup] = ROLLUPS) -> dict[Rollup, list[StaleWindow]]:
    """The windows that have passed and lack requests, the newest first, of each roll-up. Raises StoreError."""
    found: dict[Rollup, list[StaleWindow]] = {rollup: [] for rollup in rollups}
    names = {rollup.name: rollup for rollup in rollups}
    parameters = {
        "rollups": list(names),
        "units": [int(rollup.unit.total_seconds()) for rollup in rollups],
        "now": int(now.timestamp()),
    }
    for name, time, requests, built_at in store.rows(load("processors.rollups", "stale"), parameters):
        window = StaleWindow(time.replace(tzinfo=UTC), requests, built_at.replace(tzinfo=UTC))
        found[names[name]].append(window)
    return found
