"""The names of a statement's columns, asked once: an answer without rows comes without them."""

import threading
from collections.abc import Callable, Sequence

# Texts that people's choices make are many.
_MOST_KEPT = 500


class ColumnNames:
    """By the text of statements; safe to use from many threads."""

    def __init__(self) -> None:
        self._change = threading.Lock()
        self._kept: dict[str, Sequence[str]] = {}

    def of(self, sql: str, ask: Callable[[], Sequence[str]]) -> list[str]:
        """The names; `ask` is called where they are not known."""
        with self._change:
            found = self._kept.get(sql)
        if found is None:
            found = ask()
            with self._change:
                self._kept[sql] = found
                while len(self._kept) > _MOST_KEPT:
                    del self._kept[next(iter(self._kept))]
        return list(found)
