"""What channels know, and every notification that was tried, in the store."""

from collections.abc import Iterable
from datetime import datetime

import pandas as pd

from processors.alerts.channels.delivery import Outcome
from processors.alerts.routing.notification_log import LogEntry
from processors.time.moments import known, utc
from storage.sql import load
from storage.store import Store

_LOG_COLUMNS = ("receiver", "channel", "group_key", "firing", "owed", "told_at", "updated_at")
DELIVERY_COLUMNS = (
    "time", "receiver", "channel", "group_key", "status", "alerts", "outcome", "tries", "error",
)  # fmt: skip


class NotificationStore:
    """The tables alert_notification_log and alert_deliveries."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def load(self) -> list[LogEntry]:
        """What channels know of alerts that are not over. Raises StoreError."""
        return [
            LogEntry(receiver, channel, group, frozenset(firing), frozenset(owed), known(notified_at))
            for receiver, channel, group, firing, owed, notified_at in self._store.rows(
                load("processors.alerts.store", "notification_log")
            )
        ]

    def save(self, entries: Iterable[LogEntry], now: datetime) -> None:
        """Raises StoreError."""
        rows = [
            [
                entry.receiver,
                entry.channel,
                entry.group_key,
                sorted(entry.firing),
                sorted(entry.owed),
                entry.notified_at,
                now,
            ]
            for entry in entries
        ]
        if rows:
            self._store.insert("alert_notification_log", _LOG_COLUMNS, rows)

    def failed(self) -> dict[tuple[str, str], tuple[int, datetime]]:
        """How often in a row receivers' channels have failed, and when last. Raises StoreError."""
        rows = self._store.rows(load("processors.alerts.store", "failed_deliveries"))
        return {(receiver, channel): (rounds, utc(last)) for receiver, channel, rounds, last in rows}

    def record(self, outcomes: Iterable[Outcome]) -> None:
        """Add notifications that were tried. Raises StoreError."""
        rows = [
            [
                outcome.time, outcome.notification.receiver, outcome.notification.channel,
                outcome.notification.group_key, outcome.notification.status,
                [alert.fingerprint for alert in outcome.notification.alerts],
                "failed" if outcome.error else "delivered", outcome.tries, outcome.error,
            ]
            for outcome in outcomes
            if outcome.tries
        ]  # fmt: skip
        if rows:
            self._store.insert("alert_deliveries", DELIVERY_COLUMNS, rows)

    def deliveries(self, limit: int) -> pd.DataFrame:
        """The latest notifications that were tried, the latest first, with DELIVERY_COLUMNS. Raises StoreError."""
        found = self._store.frame(load("processors.alerts.store", "deliveries"), {"limit": limit})
        return found.assign(time=pd.to_datetime(found["time"], utc=True))
