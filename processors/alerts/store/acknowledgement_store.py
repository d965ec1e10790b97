"""Acknowledgements in the store."""

from datetime import datetime
from typing import Any

from processors.alerts.routing.acknowledgement import Acknowledgement
from processors.time.moments import utc
from storage.sql import load
from storage.store import Store

_COLUMNS = ("rule", "fingerprint", "fired_at", "owner", "note", "acknowledged_at", "updated_at")


class AcknowledgementStore:
    """The table alert_acknowledgements."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def load(self) -> list[Acknowledgement]:
        """Those of alerts that are not over. Raises StoreError."""
        return [_read(row) for row in self._store.rows(load("processors.alerts.store", "acknowledgements"))]

    def since(self, moment: datetime) -> list[Acknowledgement]:
        """All from a moment on, of alerts that are over too. Raises StoreError."""
        found = self._store.rows(load("processors.alerts.store", "acknowledged"), {"since": moment})
        return [_read(row) for row in found]

    def save(self, one: Acknowledgement, now: datetime) -> None:
        """Raises StoreError."""
        row = [one.rule, one.fingerprint, one.fired_at, one.owner, one.note, one.acknowledged_at, now]
        self._store.insert("alert_acknowledgements", _COLUMNS, [row])


def _read(row: tuple[Any, ...]) -> Acknowledgement:
    rule, fingerprint, fired_at, owner, note, acknowledged_at = row
    return Acknowledgement(rule, fingerprint, utc(fired_at), owner, note, utc(acknowledged_at))
