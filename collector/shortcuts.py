"""Which formats' shortcuts are worth a try."""

import threading
from collections import Counter

from collector.formats.formats import Format

# Who sends what a shortcut does not know will send it again: so many segments are then read without it.
_DETOUR = 15


class Shortcuts:
    """Remembers for which formats the shortcut has failed lately; safe to use from many threads."""

    def __init__(self) -> None:
        self._without: Counter[str] = Counter()
        self._change = threading.Lock()

    def of(self, known: Format) -> Format | None:
        """What to try first for a segment; None where there is nothing, or it has failed lately."""
        with self._change:
            if self._without[known.name]:
                self._without[known.name] -= 1
                return None
        return known.shortcut

    def failed(self, known: Format) -> None:
        """Go around the format's shortcut for a while."""
        with self._change:
            self._without[known.name] = _DETOUR
