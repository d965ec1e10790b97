"""Readers who look at the same: what one of them was shown a moment ago, the others are shown too."""

import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime, timedelta

from dashboards.site.encoding import Drawn
from dashboards.state.view import View

# Each is what one page shows, up to a megabyte.
_MOST_KEPT = 24

_Key = tuple[View, str, str]


@dataclass
class _Kept:
    at: datetime
    drawn: "Future[Mapping[str, Drawn]]"


class Viewers:
    """Draws a view once for all who ask at about the same time; safe to use from many threads.

    It takes everybody to see the same of a view.
    """

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._change = threading.Lock()
        self._kept: dict[_Key, _Kept] = {}

    def drawn(self, view: View, draw: Callable[[], Mapping[str, Drawn]], *, is_timed: bool) -> Mapping[str, Drawn]:
        """What a view shows, as `draw` makes it, or as it was drawn for somebody else.

        Where the clock asks (`is_timed`), that may be half of the time between two refreshes ago; a reader who asks by
        hand may have changed something just now, and is never shown what was there before.
        """
        now = self._clock()
        oldest = timedelta(seconds=view.refresh_seconds(now) / 2) if is_timed else timedelta()
        kept, is_new = self._enter((view, view.tzinfo.key, view.fault), now, oldest)
        if is_new:
            try:
                kept.drawn.set_result(draw())
            except BaseException as error:
                self._forget(kept)
                kept.drawn.set_exception(error)
        return kept.drawn.result()

    def _enter(self, key: _Key, now: datetime, oldest: timedelta) -> tuple[_Kept, bool]:
        with self._change:
            known = self._kept.get(key)
            if known is not None and timedelta() <= now - known.at < oldest:
                return known, False
            # At the end, so that those that nobody asks for any more go first.
            self._kept.pop(key, None)
            self._kept[key] = kept = _Kept(now, Future())
            while len(self._kept) > _MOST_KEPT:
                self._kept.pop(next(iter(self._kept)))
            return kept, True

    def _forget(self, kept: _Kept) -> None:
        with self._change:
            for key in [key for key, known in self._kept.items() if known is kept]:
                del self._kept[key]
