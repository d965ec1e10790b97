"""Saved views in the store."""

import logging
from dataclasses import replace
from datetime import datetime

from processors.errors import InvalidSavedView, UnknownEntry
from processors.saved_views.saved_view import SavedView
from processors.time.moments import utc
from storage.sql import load
from storage.store import Store

_log = logging.getLogger(__name__)

_COLUMNS = ("name", "path", "query", "updated_by", "deleted", "updated_at")


class SavedViewStore:
    """The table saved_views."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def load(self) -> list[SavedView]:
        """All, by name, but for those that an older Gatelens took and this one does not. Raises StoreError."""
        found = []
        for name, path, query, author, at in self._store.rows(load("processors.saved_views", "saved_views")):
            try:
                found.append(SavedView(name, path, query, author, utc(at)))
            except InvalidSavedView as error:
                _log.warning("A saved view cannot be used; it is left out.", extra={"view": name, "error": str(error)})
        return found

    def save(self, view: SavedView) -> None:
        """Keep a view; it takes the place of one of the same name. Raises StoreError."""
        self._put(view, deleted=False)

    def delete(self, name: str, author: str, now: datetime) -> SavedView:
        """What was deleted. Raises UnknownEntry, StoreError."""
        found = next((view for view in self.load() if view.name == name), None)
        if found is None:
            raise UnknownEntry(f"There is no saved view {name!r}; the page of dashboards lists those that there are.")
        self._put(replace(found, author=author, updated_at=now), deleted=True)
        return found

    def _put(self, view: SavedView, *, deleted: bool) -> None:
        row = [view.name, view.path, view.query, view.author, int(deleted), view.updated_at]
        self._store.insert("saved_views", _COLUMNS, [row])
