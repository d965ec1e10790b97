"""The alerts of all rules, kept for one writer and any number of readers."""

import threading
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from processors.alerts.history import StoredAlert
from processors.alerts.notifications import Notification, told
from processors.alerts.state import Alert, State, Transition, resolve

# After a longer time out of work it is not known whether the condition held all along; Prometheus' default.
_OUTAGE_TOLERANCE = timedelta(hours=1)


class AlertBook:
    """Alerts by rule and fingerprint; one that is over stays as inactive until that is stored."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._alerts: dict[tuple[str, str], Alert] = {}

    def put(self, alerts: Iterable[Alert]) -> None:
        """Take alerts as they are now."""
        with self._lock:
            self._alerts.update({(alert.rule, alert.fingerprint): alert for alert in alerts})

    def active(self) -> list[Alert]:
        """Every alert that is not over."""
        return [alert for alert in self.every() if alert.state is not State.INACTIVE]

    def of(self, rule: str) -> dict[str, Alert]:
        """The alerts of a rule that are not over, by fingerprint."""
        return {alert.fingerprint: alert for alert in self.active() if alert.rule == rule}

    def every(self) -> list[Alert]:
        """Every alert, those that are over and not yet stored as such too."""
        with self._lock:
            return list(self._alerts.values())

    def end(self, alerts: Iterable[Alert]) -> None:
        """Let alerts be over."""
        self.put(replace(alert, state=State.INACTIVE) for alert in alerts)

    def tell(self, notifications: Iterable[Notification], now: datetime) -> None:
        """Note what receivers have been told."""
        self.put(told(alert, now) for notification in notifications for alert in notification.alerts)

    def stored(self, alerts: Iterable[Alert]) -> None:
        """Forget those that are over, now that the store says so."""
        with self._lock:
            for alert in alerts:
                key = alert.rule, alert.fingerprint
                if alert.state is State.INACTIVE and self._alerts.get(key) is alert:
                    del self._alerts[key]


def restored(
    stored: Iterable[StoredAlert], rules: Iterable[str], now: datetime
) -> tuple[list[Alert], list[Transition]]:
    """The alerts to go on with after a restart, and those changes that it brings.

    Alerts of rules that are no more end, and so do pending ones after a long time out of work.
    """
    known = set(rules)
    alerts: list[Alert] = []
    transitions: list[Transition] = []
    for entry in stored:
        before = entry.alert
        outdated = before.state is State.PENDING and now - entry.updated_at > _OUTAGE_TOLERANCE
        after = resolve(before, now) if outdated or before.rule not in known else before
        alerts.append(after)
        if after.state is not before.state:
            transitions.append(Transition(after, before.state, now))
    return alerts, transitions
