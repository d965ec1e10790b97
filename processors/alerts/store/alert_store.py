"""Alerts in the store: where each stands, and every change of their states."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pandas as pd

from processors.alerts.evaluation.state import Alert, State, Transition
from processors.alerts.rules.rule import Rule
from processors.time.moments import known, utc
from processors.time.window import MINUTE, Window
from storage.sql import load
from storage.store import Store

HISTORY_COLUMNS = (
    "time", "rule", "fingerprint", "labels", "state", "previous_state", "measure", "value", "op", "threshold",
    "severity", "receiver", "window_start", "window_end",
)  # fmt: skip
_CHANGE_COLUMNS = ("time", "rule", "fingerprint", "labels", "state", "value", "severity")
_STATE_COLUMNS = (
    "rule", "fingerprint", "state", "labels", "annotations", "severity", "receiver", "measure", "value", "op",
    "threshold", "active_at", "fired_at", "resolved_at", "keep_firing_since", "window_start", "window_end",
    "updated_at",
)  # fmt: skip


@dataclass(frozen=True)
class StoredAlert:
    """An alert as it was stored at a moment."""

    alert: Alert
    updated_at: datetime


class AlertStore:
    """The tables alert_states and alert_history."""

    def __init__(self, store: Store, rules: Callable[[], Mapping[str, Rule]]) -> None:
        self._store = store
        self._rules = rules
        self._round_saved: datetime | None = None

    def load(self) -> list[StoredAlert]:
        """The alerts that are not over. Raises StoreError."""
        return [_stored(row) for row in self._store.rows(load("processors.alerts.store", "states"))]

    def save(self, alerts: Iterable[Alert], now: datetime) -> None:
        """Store where alerts stand; one that is inactive is over. Raises StoreError."""
        rows = [self._state_row(alert, now) for alert in alerts]
        if rows:
            self._store.insert("alert_states", _STATE_COLUMNS, rows)

    def last_round(self) -> datetime | None:
        """When all rules were evaluated last, to the minute; None for never. Raises StoreError."""
        rows = self._store.rows(load("processors.alerts.store", "last_round"))
        return known(rows[0][0]) if rows else None

    def save_round(self, now: datetime) -> None:
        """Note that all rules were evaluated, once a minute. Raises StoreError."""
        if self._round_saved is None or now - self._round_saved >= MINUTE or now < self._round_saved:
            self._store.insert("alert_rounds", ("id", "evaluated_at"), [[0, now]])
            self._round_saved = now

    def record(self, transitions: Sequence[Transition]) -> None:
        """Add changes to the history. Raises StoreError."""
        if transitions:
            self._store.insert("alert_history", HISTORY_COLUMNS, [self._history_row(one) for one in transitions])

    def history(self, limit: int, *, rule: str = "", api: str = "") -> pd.DataFrame:
        """The latest changes, of one rule and one API where named, the latest first. Raises StoreError.

        Columns: HISTORY_COLUMNS.
        """
        of = {"limit": limit, "rule": rule, "api": api}
        found = self._store.frame(load("processors.alerts.store", "history"), of)
        if found.empty:
            found = pd.DataFrame({name: [] for name in HISTORY_COLUMNS})
        return found.assign(time=pd.to_datetime(found["time"], utc=True))

    def changes(self, window: Window) -> pd.DataFrame:
        """The changes within a window, the earliest first; what fired at its start begins them. Raises StoreError."""
        edges = {"start": window.start, "end": window.end}
        found = self._store.frame(load("processors.alerts.store", "changes"), edges)
        if found.empty:
            return pd.DataFrame({name: [] for name in _CHANGE_COLUMNS})
        return found.assign(time=pd.to_datetime(found["time"], utc=True))

    def _condition(self, alert: Alert) -> tuple[str, str, float]:
        """Measure, operator and threshold; empty where the rule is no more."""
        rule = self._rules().get(alert.rule)
        if rule is None:
            return "", "", 0.0
        severity = alert.labels.get("severity", "")
        conditions = [one for one in rule.conditions if one.severity == severity] or list(rule.conditions)
        return rule.watched, conditions[0].op, conditions[0].threshold

    def _state_row(self, alert: Alert, now: datetime) -> list[Any]:
        measure, op, threshold = self._condition(alert)
        return [
            alert.rule, alert.fingerprint, alert.state.value, dict(alert.labels), dict(alert.annotations),
            alert.labels.get("severity", ""), alert.receiver, measure, alert.value, op, threshold,
            alert.active_at, alert.fired_at, alert.resolved_at, alert.keep_firing_since,
            *_edges(alert), now,
        ]  # fmt: skip

    def _history_row(self, change: Transition) -> list[Any]:
        alert = change.alert
        measure, op, threshold = self._condition(alert)
        return [
            change.time, alert.rule, alert.fingerprint, dict(alert.labels), alert.state.value,
            change.previous.value, measure, alert.value, op, threshold,
            alert.labels.get("severity", ""), alert.receiver, *_edges(alert),
        ]  # fmt: skip


def _stored(row: tuple[Any, ...]) -> StoredAlert:
    rule, key, labels, annotations, receiver, state, value, *moments, updated_at = row
    active, fired, resolved, kept, start, end = moments
    alert = Alert(
        rule=rule,
        fingerprint=key,
        labels=labels,
        annotations=annotations,
        receiver=receiver,
        state=State(state),
        value=value,
        active_at=utc(active),
        fired_at=known(fired),
        resolved_at=known(resolved),
        keep_firing_since=known(kept),
        window=None if start is None or end is None else Window(utc(start), utc(end)),
    )
    return StoredAlert(alert, utc(updated_at))


def _edges(alert: Alert) -> tuple[datetime | None, datetime | None]:
    return (alert.window.start, alert.window.end) if alert.window is not None else (None, None)
