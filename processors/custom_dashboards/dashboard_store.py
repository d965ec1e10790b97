"""Dashboards that people made, in the store."""

import re
from dataclasses import dataclass
from datetime import datetime

from processors.custom_dashboards.definition import parse_dashboard
from processors.errors import InvalidDashboard, UnknownEntry
from processors.time.moments import utc
from storage.sql import load
from storage.store import Store

_COLUMNS = ("name", "definition", "updated_by", "deleted", "updated_at")
# As it stands in an address and in a file's name.
_NAME = re.compile(r"[^\W_][\w .-]{0,99}")


@dataclass(frozen=True)
class StoredDashboard:
    """A dashboard as its author wrote it, in YAML."""

    name: str
    definition: str
    updated_by: str
    updated_at: datetime


class DashboardStore:
    """The table custom_dashboards."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def load(self) -> list[StoredDashboard]:
        """All, by name. Raises StoreError."""
        rows = self._store.rows(load("processors.custom_dashboards", "dashboards"))
        return [StoredDashboard(name, text, author, utc(at)) for name, text, author, at in rows]

    def find(self, name: str) -> StoredDashboard | None:
        """Raises StoreError."""
        return next((one for one in self.load() if one.name == name), None)

    def get(self, name: str) -> StoredDashboard:
        """Raises UnknownEntry, StoreError."""
        found = self.find(name)
        if found is None:
            raise UnknownEntry(
                f"There is no dashboard {name!r}; the page of dashboards and GET /api/v1/dashboards list those"
                " that there are."
            )
        return found

    def put(self, name: str, definition: str, author: str, now: datetime) -> StoredDashboard:
        """Make or replace a dashboard, given as YAML; raises InvalidDashboard, StoreError."""
        name = name.strip()
        if not _NAME.fullmatch(name):
            raise InvalidDashboard(
                f"{name[:100]!r} is no name of a dashboard; use up to 100 letters, digits, spaces, `.`, `_` and `-`, "
                "a letter or digit first."
            )
        parse_dashboard(definition)
        stored = StoredDashboard(name, definition, author, now)
        self._put(stored, deleted=False)
        return stored

    def delete(self, name: str, author: str, now: datetime) -> StoredDashboard:
        """What was deleted. Raises UnknownEntry, StoreError."""
        found = self.get(name)
        self._put(StoredDashboard(name, found.definition, author, now), deleted=True)
        return found

    def _put(self, one: StoredDashboard, *, deleted: bool) -> None:
        row = [one.name, one.definition, one.updated_by, int(deleted), one.updated_at]
        self._store.insert("custom_dashboards", _COLUMNS, [row])
