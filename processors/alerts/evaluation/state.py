"""The states of alerts and how one evaluation changes them: as Prometheus does it, and without any effect."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from processors.alerts.evaluation.fingerprint import fingerprint
from processors.alerts.rules.condition import Condition
from processors.alerts.rules.rule import Rule
from processors.alerts.rules.sample import Sample
from processors.time.window import MINUTE, Window

# A group that is missing may only be late, and rounds within a minute look at the same window.
_MISSING_UNTIL_RESOLVED = MINUTE


class State(StrEnum):
    """Where an alert is."""

    # The condition does not hold; only history and the store name this state.
    INACTIVE = "inactive"
    # It holds, but not yet for as long as the rule's `for`.
    PENDING = "pending"
    FIRING = "firing"
    # It fires still, although the condition does not hold: its value has not come back beyond the recovery
    # threshold, or not for as long as the rule's `keep_firing_for`.
    RECOVERING = "recovering"
    # It fired and is over, but the receiver has not been notified.
    RESOLVED = "resolved"


@dataclass(frozen=True)
class Alert:
    """One alert of a rule."""

    rule: str
    fingerprint: str
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    # That the rule names; '' where the routing tree decides.
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
    # What was judged when the condition was last met.
    window: Window | None = None
    # Since when evaluations have found nothing of its group.
    missing_since: datetime | None = None

    @property
    def is_firing(self) -> bool:
        """Whether it has fired and is not over."""
        return self.state in (State.FIRING, State.RECOVERING)

    @property
    def since(self) -> datetime:
        """When the alert began to be pending, to fire, or to be over."""
        return self.resolved_at or self.fired_at or self.active_at


@dataclass(frozen=True)
class Transition:
    """A change of state, to that of `alert`."""

    alert: Alert
    previous: State
    time: datetime


@dataclass(frozen=True)
class _Seen:
    """What an evaluation found of one alert."""

    # As it would be if it were new.
    alert: Alert
    holds: bool
    # Beyond the recovery threshold, so that an alert that fires may end.
    recovered: bool


Alerts = Mapping[str, Alert]


def step(
    rule: Rule, previous: Alerts, samples: Sequence[Sample], now: datetime, window: Window | None = None
) -> tuple[dict[str, Alert], list[Transition]]:
    """One evaluation: a rule's alerts by fingerprint and the samples of now in; its alerts, the changes out.

    An alert that fires and whose group has no sample, or too few requests, stays as it is for a minute and then counts
    as one whose condition does not hold. An alert that is over and was never notified leaves the result; one that fired
    stays as resolved until it is notified. `window` is what the samples are of.
    """
    seen = _seen(rule, previous, samples, now, window)
    alerts: dict[str, Alert] = {}
    transitions: list[Transition] = []
    for key in previous.keys() | seen.keys():
        before = previous.get(key)
        after = _after(rule, before, seen.get(key), now)
        if after is None:
            continue
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
    if alert.is_firing:
        return replace(alert, state=State.RESOLVED, resolved_at=now, keep_firing_since=None, missing_since=None)
    return alert


def _seen(
    rule: Rule, previous: Alerts, samples: Sequence[Sample], now: datetime, window: Window | None
) -> dict[str, _Seen]:
    """What was found of each alert; of groups that meet no condition only where there is an alert already."""
    found: dict[str, _Seen] = {}
    for sample in samples:
        if sample.requests < rule.min_requests:
            continue
        for condition in rule.judged(sample):
            holds = condition.holds(sample.value)
            if holds or previous:
                alert = _new(rule, condition, sample, now, window)
                if holds or alert.fingerprint in previous:
                    found[alert.fingerprint] = _Seen(alert, holds, condition.is_recovered(sample.value))
    return found


def _new(rule: Rule, condition: Condition, sample: Sample, now: datetime, window: Window | None) -> Alert:
    labels = rule.labels_of(sample.group, condition)
    return Alert(
        rule=rule.name,
        fingerprint=fingerprint(labels),
        labels=labels,
        annotations={**sample.facts, **rule.annotations_of(labels, sample.value, condition)},
        receiver=rule.receiver,
        state=State.PENDING,
        value=sample.value,
        active_at=now,
        window=window,
    )


def _after(rule: Rule, before: Alert | None, seen: _Seen | None, now: datetime) -> Alert | None:
    if seen is not None and seen.holds:
        return _held(rule, before, seen.alert, now)
    if before is None:
        return None
    if seen is None and before.is_firing:
        since = before.missing_since or now
        if now - since < _MISSING_UNTIL_RESOLVED:
            return replace(before, missing_since=since)
    if seen is not None and before.is_firing and not seen.recovered:
        return replace(before, state=State.RECOVERING, keep_firing_since=None, missing_since=None)
    return _ended(rule, before if seen is None else replace(before, missing_since=None), now)


def _held(rule: Rule, before: Alert | None, seen: Alert, now: datetime) -> Alert:
    """The alert after an evaluation at which its condition holds."""
    alert = seen
    if before is not None and before.state in (State.PENDING, State.FIRING, State.RECOVERING):
        state = State.FIRING if before.is_firing else State.PENDING
        alert = replace(seen, state=state, active_at=before.active_at, fired_at=before.fired_at)
    if alert.state is State.PENDING and now - alert.active_at >= rule.for_:
        alert = replace(alert, state=State.FIRING, fired_at=now)
    return alert


def _ended(rule: Rule, before: Alert, now: datetime) -> Alert:
    """The alert after an evaluation at which its condition does not hold."""
    if before.is_firing and rule.keep_firing_for:
        since = before.keep_firing_since or now
        if now - since < rule.keep_firing_for:
            return replace(before, state=State.RECOVERING, keep_firing_since=since)
    return resolve(before, now)
