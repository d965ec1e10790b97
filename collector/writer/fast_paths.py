"""Which formats' fast paths are worth a try."""

import threading
from collections import Counter

from collector.formats.descriptor import Format

# A sender repeats what a fast path does not know: after a failure this many segments are read without it.
_SEGMENTS_WITHOUT = 15


class FastPaths:
    """Remembers for which formats the fast path has failed lately; safe to use from many threads."""

    def __init__(self) -> None:
        self._without: Counter[str] = Counter()
        self._change = threading.Lock()

    def of(self, known: Format) -> Format | None:
        """What to try first for a segment; None where there is nothing, or it has failed lately."""
        with self._change:
            if self._without[known.name]:
                self._without[known.name] -= 1
                return None
        return known.fast_path

    def failed(self, known: Format) -> None:
        """Do without the format's fast path for a while."""
        with self._change:
            self._without[known.name] = _SEGMENTS_WITHOUT
