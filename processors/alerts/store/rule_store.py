"""Rules and receivers that people made on the page or over the API, in the store."""

from dataclasses import dataclass
from datetime import datetime

from processors.time.moments import utc
from storage.sql import load
from storage.store import Store

_COLUMNS = ("name", "definition", "updated_by", "deleted", "updated_at")


@dataclass(frozen=True)
class Stored:
    """A rule or a receiver as its author wrote it, in YAML."""

    name: str
    definition: str
    updated_by: str
    updated_at: datetime


StoredRule = Stored


class _Definitions:
    """A table of definitions, and the file of the statement that reads it."""

    def __init__(self, store: Store, table: str, statement: str) -> None:
        self._store = store
        self._table = table
        self._statement = statement

    def load(self) -> list[Stored]:
        """All of them, by name. Raises StoreError."""
        rows = self._store.rows(load("processors.alerts.store", self._statement))
        return [Stored(name, text, author, utc(at)) for name, text, author, at in rows]

    def save(self, stored: Stored) -> None:
        """Raises StoreError."""
        self._put(stored, deleted=False)

    def delete(self, stored: Stored) -> None:
        """Raises StoreError."""
        self._put(stored, deleted=True)

    def _put(self, stored: Stored, *, deleted: bool) -> None:
        row = [stored.name, stored.definition, stored.updated_by, int(deleted), stored.updated_at]
        self._store.insert(self._table, _COLUMNS, [row])


class RuleStore(_Definitions):
    """The table alert_rules; `receivers` are in alert_receivers."""

    def __init__(self, store: Store) -> None:
        super().__init__(store, "alert_rules", "rules")
        self.receivers = ReceiverStore(store)


class ReceiverStore(_Definitions):
    """The table alert_receivers, which holds secrets."""

    def __init__(self, store: Store) -> None:
        super().__init__(store, "alert_receivers", "receivers")
