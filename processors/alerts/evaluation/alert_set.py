"""The alerts of all rules, kept for one writer and any number of readers."""

import threading
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from processors.alerts.evaluation.state import Alert, State, Transition, resolve
from processors.alerts.store.alert_store import StoredAlert

# After a longer time out of work it is not known whether the condition held all along; Prometheus' default.
LONGEST_OUTAGE = timedelta(hours=1)


class AlertSet:
    """Alerts by rule and fingerprint; one that is over stays as inactive until that is stored."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._alerts: dict[str, dict[str, Alert]] = {}
        # Those that the store does not have as they are.
        self._changed: dict[tuple[str, str], Alert] = {}

    def put(self, alerts: Iterable[Alert]) -> None:
        """Take alerts as they are now."""
        with self._lock:
            for alert in alerts:
                of_rule = self._alerts.setdefault(alert.rule, {})
                if of_rule.get(alert.fingerprint) != alert:
                    of_rule[alert.fingerprint] = alert
                    self._changed[alert.rule, alert.fingerprint] = alert

    def active(self) -> list[Alert]:
        """Every alert that is not over."""
        with self._lock:
            every = [alert for of_rule in self._alerts.values() for alert in of_rule.values()]
        return [alert for alert in every if alert.state is not State.INACTIVE]

    def of(self, rule: str) -> dict[str, Alert]:
        """The alerts of a rule that are not over, by fingerprint."""
        with self._lock:
            found = self._alerts.get(rule, {}).items()
            return {key: alert for key, alert in found if alert.state is not State.INACTIVE}

    def end(self, alerts: Iterable[Alert]) -> None:
        """Let alerts be over."""
        self.put([replace(alert, state=State.INACTIVE) for alert in alerts])

    def changed(self) -> list[Alert]:
        """The alerts that are to be stored, those that are over too."""
        with self._lock:
            return list(self._changed.values())

    def stored(self, alerts: Iterable[Alert]) -> None:
        """Note that the store has them; those that are over are forgotten."""
        with self._lock:
            for alert in alerts:
                if self._changed.get((alert.rule, alert.fingerprint)) is not alert:
                    continue
                del self._changed[alert.rule, alert.fingerprint]
                if alert.state is State.INACTIVE:
                    del self._alerts[alert.rule][alert.fingerprint]


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
        outdated = before.state is State.PENDING and now - entry.updated_at > LONGEST_OUTAGE
        ended = min(now, entry.updated_at + LONGEST_OUTAGE)
        after = resolve(before, ended) if outdated or before.rule not in known else before
        alerts.append(after)
        if after.state is not before.state:
            transitions.append(Transition(after, before.state, ended))
    return alerts, transitions
