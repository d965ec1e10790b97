"""The states of alerts and how one evaluation changes them: as Prometheus does it, and without any effect."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from processors.alerts.fingerprint import fingerprint
from processors.alerts.rule import Rule


class State(StrEnum):
    """Where an alert is."""

    # The condition does not hold; only history and the store name this state.
    INACTIVE = "inactive"
    # It holds, but not yet for as long as the rule's `for`.
    PENDING = "pending"
    FIRING = "firing"
    # It fired and is over, and the receiver is still to be told.
    RESOLVED = "resolved"


@dataclass(frozen=True)
class Sample:
    """The measure of one group of requests; `group` holds the dimensions that the rule divides by."""

    group: Mapping[str, str]
    value: float
    requests: int


@dataclass(frozen=True)
class Alert:
    """One alert of a rule."""

    rule: str
    fingerprint: str
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    receiver: str
    state: State
    # The last that met the condition.
    value: float
    # When the condition became true, when it had held for long enough, and when it ended.
    active_at: datetime
    fired_at: datetime | None = None
    resolved_at: datetime | None = None
    # Since when it fires only because of the rule's `keep_firing_for`.
    keep_firing_since: datetime | None = None
    # What the receiver was last told, and when.
    notified_state: State | None = None
    notified_at: datetime | None = None

    @property
    def since(self) -> datetime:
        """When the alert came into its state."""
        return self.resolved_at or self.fired_at or self.active_at


@dataclass(frozen=True)
class Transition:
    """A change of state, to that of `alert`."""

    alert: Alert
    previous: State
    time: datetime


Alerts = Mapping[str, Alert]


def step(
    rule: Rule, previous: Alerts, samples: Sequence[Sample], now: datetime
) -> tuple[dict[str, Alert], list[Transition]]:
    """One evaluation: a rule's alerts by fingerprint and the samples of now in; its alerts, the changes out.

    An alert whose group has no sample counts as one whose condition does not hold. What is over and was never
    told leaves the result; what fired stays as resolved until it is told.
    """
    active = {alert.fingerprint: alert for alert in _meeting(rule, samples, now)}
    alerts: dict[str, Alert] = {}
    transitions: list[Transition] = []
    for key in previous.keys() | active.keys():
        before, seen = previous.get(key), active.get(key)
        if seen is not None:
            after = _held(rule, before, seen, now)
        elif before is not None:
            after = _ended(rule, before, now)
        was = before.state if before is not None else State.INACTIVE
        if after.state is not was:
            transitions.append(Transition(after, was, now))
        if after.state is not State.INACTIVE:
            alerts[key] = after
    return alerts, sorted(transitions, key=lambda change: change.alert.fingerprint)


def resolve(alert: Alert, now: datetime) -> Alert:
    """The alert after its condition, or its rule, is gone."""
    if alert.state is State.PENDING:
        return replace(alert, state=State.INACTIVE)
    if alert.state is State.FIRING:
        return replace(alert, state=State.RESOLVED, resolved_at=now, keep_firing_since=None)
    return alert


def _meeting(rule: Rule, samples: Sequence[Sample], now: datetime) -> Iterator[Alert]:
    """A pending alert for each sample that meets the rule."""
    for sample in samples:
        if rule.is_met_by(sample.value, sample.requests):
            labels = rule.labels_of(sample.group)
            yield Alert(
                rule=rule.name,
                fingerprint=fingerprint(labels),
                labels=labels,
                annotations=rule.annotations_of(labels, sample.value),
                receiver=rule.receiver,
                state=State.PENDING,
                value=sample.value,
                active_at=now,
            )


def _held(rule: Rule, before: Alert | None, seen: Alert, now: datetime) -> Alert:
    """The alert after an evaluation at which its condition holds."""
    alert = seen
    if before is not None:
        alert = replace(seen, notified_state=before.notified_state, notified_at=before.notified_at)
        if before.receiver != seen.receiver:
            alert = replace(alert, notified_state=None, notified_at=None)
        if before.state in (State.PENDING, State.FIRING):
            alert = replace(alert, state=before.state, active_at=before.active_at, fired_at=before.fired_at)
    if alert.state is State.PENDING and now - alert.active_at >= rule.for_:
        alert = replace(alert, state=State.FIRING, fired_at=now)
    return alert


def _ended(rule: Rule, before: Alert, now: datetime) -> Alert:
    """The alert after an evaluation at which its condition does not hold."""
    if before.state is State.FIRING and rule.keep_firing_for:
        since = before.keep_firing_since or now
        if now - since < rule.keep_firing_for:
            return replace(before, keep_firing_since=since)
    return resolve(before, now)
