"""Roll-ups made at once, for tests of what is read from them."""

from datetime import datetime, timedelta
from itertools import count

from processors.rollups.build import build, counted
from processors.rollups.rollup import ROLLUPS
from processors.time.window import DAY, Window, ceil, floor
from storage.store import Store

_MILLISECONDS = count(1)


def make_rollups(store: Store, window: Window, now: datetime) -> None:
    """Make every day that the window touches, and each of its hours: other tests may have requests in any of them."""
    for rollup in ROLLUPS:
        found = counted(store, rollup, floor(window.start, DAY), ceil(window.end, DAY))
        # Days that nothing is known of in between are no neighbours, but may be made all the same.
        build(store, rollup, found, now + next(_MILLISECONDS) * timedelta(milliseconds=1), lambda: None)
