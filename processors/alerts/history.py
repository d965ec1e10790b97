"""Alerts in the store: where each stands, and every change of their states."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pandas as pd

from processors.alerts.rule import Rule
from processors.alerts.state import Alert, State, Transition
from storage.sql import load
from storage.store import Store

HISTORY_COLUMNS = (
    "time", "rule", "fingerprint", "labels", "state", "previous_state", "measure", "value", "op", "threshold",
    "severity", "receiver",
)  # fmt: skip
_STATE_COLUMNS = (
    "rule", "fingerprint", "state", "labels", "annotations", "severity", "receiver", "measure", "value", "op",
    "threshold", "active_at", "fired_at", "resolved_at", "keep_firing_since", "notified_state", "notified_at",
    "updated_at",
)  # fmt: skip


@dataclass(frozen=True)
class StoredAlert:
    """An alert as it was stored at a moment."""

    alert: Alert
    updated_at: datetime


class AlertStore:
    """The tables alert_states and alert_history."""

    def __init__(self, store: Store, rules: Mapping[str, Rule]) -> None:
        self._store = store
        self._rules = rules

    def load(self) -> list[StoredAlert]:
        """The alerts that are not over. Raises StoreError."""
        return [_stored(row) for row in self._store.rows(load("processors.alerts", "states"))]

    def save(self, alerts: Iterable[Alert], now: datetime) -> None:
        """Store where alerts stand; one that is inactive is over. Raises StoreError."""
        rows = [self._state_row(alert, now) for alert in alerts]
        if rows:
            self._store.insert("alert_states", _STATE_COLUMNS, rows)

    def record(self, transitions: Sequence[Transition]) -> None:
        """Add changes to the history. Raises StoreError."""
        if transitions:
            self._store.insert("alert_history", HISTORY_COLUMNS, [self._history_row(one) for one in transitions])

    def history(self, limit: int) -> pd.DataFrame:
        """The latest changes, the latest first, with HISTORY_COLUMNS. Raises StoreError."""
        found = self._store.frame(load("processors.alerts", "history"), {"limit": limit})
        if found.empty:
            found = pd.DataFrame({name: [] for name in HISTORY_COLUMNS})
        return found.assign(time=pd.to_datetime(found["time"], utc=True))

    def _condition(self, alert: Alert) -> tuple[str, str, float]:
        """Measure, operator and threshold; empty where the rule is no more."""
        rule = self._rules.get(alert.rule)
        return (rule.measure, rule.op, rule.threshold) if rule is not None else ("", "", 0.0)

    def _state_row(self, alert: Alert, now: datetime) -> list[Any]:
        measure, op, threshold = self._condition(alert)
        return [
            alert.rule, alert.fingerprint, alert.state.value, dict(alert.labels), dict(alert.annotations),
            alert.labels.get("severity", ""), alert.receiver, measure, alert.value, op, threshold,
            alert.active_at, alert.fired_at, alert.resolved_at, alert.keep_firing_since,
            alert.notified_state.value if alert.notified_state is not None else "", alert.notified_at, now,
        ]  # fmt: skip

    def _history_row(self, change: Transition) -> list[Any]:
        alert = change.alert
        measure, op, threshold = self._condition(alert)
        return [
            change.time, alert.rule, alert.fingerprint, dict(alert.labels), alert.state.value,
            change.previous.value, measure, alert.value, op, threshold,
            alert.labels.get("severity", ""), alert.receiver,
        ]  # fmt: skip


def _stored(row: tuple[Any, ...]) -> StoredAlert:
    rule, key, labels, annotations, receiver, state, value, *moments, told, told_at, updated_at = row
    active, fired, resolved, kept = moments
    alert = Alert(
        rule=rule,
        fingerprint=key,
        labels=labels,
        annotations=annotations,
        receiver=receiver,
        state=State(state),
        value=value,
        active_at=_utc(active),
        fired_at=_known(fired),
        resolved_at=_known(resolved),
        keep_firing_since=_known(kept),
        notified_state=State(told) if told else None,
        notified_at=_known(told_at),
    )
    return StoredAlert(alert, _utc(updated_at))


def _utc(moment: datetime) -> datetime:
    """The client gives moments in UTC without saying so."""
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def _known(moment: datetime | None) -> datetime | None:
    return None if moment is None else _utc(moment)
