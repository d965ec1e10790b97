"""Which statement to try first for a segment, where a format has a cheaper one that not all telemetry fits."""

from collections import Counter
from collections.abc import Iterator

from collector.transforms.formats import Format

# Who sends what a shortcut does not know will send it again: so many segments are then read without it.
_DETOUR = 15


class Shortcuts:
    """Remembers for which formats the shortcut has failed lately."""

    def __init__(self) -> None:
        self._without: Counter[str] = Counter()

    def readings(self, known: Format) -> Iterator[Format]:
        """What to try, one after the other; coming back for the next means that the last one failed."""
        if known.shortcut is None:
            yield known
        elif self._without[known.name]:
            self._without[known.name] -= 1
            yield known
        else:
            yield known.shortcut
            self._without[known.name] = _DETOUR
            yield known
