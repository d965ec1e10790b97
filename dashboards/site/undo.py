"""Changes that can be taken back, for as long as their confirmation is likely to be read."""

import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from dashboards.errors import NothingToUndo

FORM = "undo"

_MOST_KEPT = 100

# Takes a change back in the name of somebody. Raises GatelensError.
Undo = Callable[[str], None]


@dataclass
class Undos:
    """Those of the last changes, until this process ends; safe to use from many threads."""

    _kept: dict[str, Undo] = field(default_factory=dict, init=False)
    _change: threading.Lock = field(default_factory=threading.Lock, init=False)

    def keep(self, undo: Undo) -> str:
        """What to ask for it by."""
        token = secrets.token_urlsafe(16)
        with self._change:
            self._kept[token] = undo
            while len(self._kept) > _MOST_KEPT:
                self._kept.pop(next(iter(self._kept)))
        return token

    def take_back(self, token: str, writer: str) -> None:
        """Once. Raises NothingToUndo, and what taking it back raises."""
        with self._change:
            undo = self._kept.pop(token, None)
        if undo is None:
            raise NothingToUndo("This can no longer be undone: Gatelens was restarted, or it was undone already.")
        undo(writer)
