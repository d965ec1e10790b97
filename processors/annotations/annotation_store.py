"""Annotations in the store."""

from datetime import datetime
from typing import Any

from processors.annotations.annotation import Annotation
from processors.errors import UnknownEntry
from processors.query.filters import parse_filter
from processors.time.moments import known, utc
from processors.time.window import Window
from storage.sql import load
from storage.store import Store

_COLUMNS = (
    "id", "starts_at", "ends_at", "text", "tags", "filters", "link", "created_by", "deleted", "updated_at",
)  # fmt: skip
# Of a window; more could neither be drawn nor read.
MOST = 500


class AnnotationStore:
    """The table annotations."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def within(self, window: Window, limit: int = MOST) -> list[Annotation]:
        """Those that a window touches, the latest first. Raises StoreError."""
        parameters = {"start": window.start, "end": window.end, "limit": limit}
        return [_annotation(row) for row in self._store.rows(load("processors.annotations", "within"), parameters)]

    def get(self, identity: str) -> Annotation:
        """Raises UnknownEntry, StoreError."""
        rows = self._store.rows(load("processors.annotations", "one"), {"id": identity})
        if not rows:
            raise UnknownEntry(
                f"There is no annotation {identity!r}; GET /api/v1/annotations lists those that there are."
            )
        return _annotation(rows[0])

    def save(self, annotation: Annotation, now: datetime) -> None:
        """Raises StoreError."""
        self._put(annotation, now, deleted=False)

    def delete(self, identity: str, now: datetime) -> Annotation:
        """What was deleted. Raises UnknownEntry, StoreError."""
        found = self.get(identity)
        self._put(found, now, deleted=True)
        return found

    def _put(self, one: Annotation, now: datetime, *, deleted: bool) -> None:
        row = [
            one.id, one.start, one.end, one.text, list(one.tags), [each.text() for each in one.filters], one.link,
            one.author, int(deleted), now,
        ]  # fmt: skip
        self._store.insert("annotations", _COLUMNS, [row])


def _annotation(row: tuple[Any, ...]) -> Annotation:
    identity, start, end, text, tags, filters, link, author = row
    return Annotation(
        identity, utc(start), known(end), text, tuple(tags), tuple(map(parse_filter, filters)), link, author
    )
