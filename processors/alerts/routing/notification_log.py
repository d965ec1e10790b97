"""What each channel has been sent of each group, like Alertmanager's notification log."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from processors.alerts.channels.notification import Notification

LogKey = tuple[str, str, str]


@dataclass(frozen=True)
class LogEntry:
    """The alerts of a group that a channel knows, by fingerprint."""

    receiver: str
    channel: str
    group_key: str
    # Notified as firing, not yet as resolved.
    firing: frozenset[str] = frozenset()
    # Due, but not known to be delivered: their end is owed as well.
    owed: frozenset[str] = frozenset()
    notified_at: datetime | None = None

    @property
    def key(self) -> LogKey:
        return self.receiver, self.channel, self.group_key

    @property
    def known(self) -> frozenset[str]:
        """The alerts whose end the channel is to be sent."""
        return self.firing | self.owed


class NotificationLog:
    """The entries that are not empty, and those that the store does not have yet."""

    def __init__(self) -> None:
        self._entries: dict[LogKey, LogEntry] = {}
        self._unstored: dict[LogKey, LogEntry] = {}

    def restore(self, entries: Iterable[LogEntry]) -> None:
        self._entries = {entry.key: entry for entry in entries}
        self._unstored = {}

    def entries(self) -> list[LogEntry]:
        return list(self._entries.values())

    def get(self, key: LogKey) -> LogEntry | None:
        return self._entries.get(key)

    def known(self) -> frozenset[str]:
        """All alerts whose end some channel is to be sent."""
        return frozenset().union(*(entry.known for entry in self._entries.values()))

    def taken(self, notification: Notification, now: datetime) -> None:
        """Note that a channel took a notification."""
        entry = self._of(notification)
        firing, notified = _firing(notification), _all(notification)
        self._put(
            replace(entry, firing=(entry.firing - notified) | firing, owed=entry.owed - notified, notified_at=now)
        )

    def owes(self, notification: Notification) -> None:
        """Note that a notification is due, whether or not the channel takes it."""
        entry = self._of(notification)
        self._put(replace(entry, owed=entry.owed | (_firing(notification) - entry.firing)))

    def forget(self, entry: LogEntry, fingerprints: Iterable[str]) -> None:
        """Note alerts whose end a channel is not to be sent."""
        gone = frozenset(fingerprints)
        self._put(replace(entry, firing=entry.firing - gone, owed=entry.owed - gone))

    def unstored(self) -> list[LogEntry]:
        """Entries that have changed since they were stored; empty ones have ended."""
        return list(self._unstored.values())

    def stored(self, entries: Iterable[LogEntry]) -> None:
        for entry in entries:
            if self._unstored.get(entry.key) is entry:
                del self._unstored[entry.key]

    def _of(self, notification: Notification) -> LogEntry:
        key = notification.receiver, notification.channel, notification.group_key
        return self._entries.get(key) or LogEntry(*key)

    def _put(self, entry: LogEntry) -> None:
        if self._entries.get(entry.key) == entry:
            return
        if entry.known:
            self._entries[entry.key] = entry
        else:
            self._entries.pop(entry.key, None)
        self._unstored[entry.key] = entry


def _firing(notification: Notification) -> frozenset[str]:
    return frozenset(alert.fingerprint for alert in notification.alerts if alert.is_firing)


def _all(notification: Notification) -> frozenset[str]:
    return frozenset(alert.fingerprint for alert in notification.alerts)
