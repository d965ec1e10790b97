"""Terms in the store: who has some work, one after another."""

from dataclasses import dataclass
from datetime import datetime

from processors.time.moments import utc
from storage.sql import load
from storage.store import Store

_COLUMNS = ("name", "term", "holder", "process", "tenure")


@dataclass(frozen=True)
class Term:
    """One holder's turn, which it makes longer by taking the next."""

    number: int
    # The data directory and the process on it; '' where nobody has the work.
    holder: str = ""
    process: str = ""
    # The first of the terms that this process has held without a break.
    tenure: int = 0


class Terms:
    """The table leases, of one kind of work."""

    def __init__(self, store: Store, name: str) -> None:
        self._store = store
        self._name = name

    def latest(self) -> tuple[Term, datetime]:
        """The latest term, 0 before the first, and what time it is for the store. Raises StoreError."""
        ((*term, time),) = self._store.rows(load("processors.lease", "latest"), {"name": self._name})
        return Term(*term), utc(time)

    def claim(self, term: Term) -> None:
        """Take a term, unless somebody has: of a number only the first is ever kept. Raises StoreError."""
        row = [self._name, term.number, term.holder, term.process, term.tenure]
        self._store.insert("leases", _COLUMNS, [row], token=f"{self._name}-{term.number}")
