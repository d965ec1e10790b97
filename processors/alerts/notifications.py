"""Which receivers are due to be told of what: grouped, repeated and ordered as Alertmanager does it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType

from processors.alerts.receivers import Receiver
from processors.alerts.state import Alert, State


@dataclass(frozen=True)
class Notification:
    """The alerts of one group, for one receiver."""

    receiver: Receiver
    group_labels: Mapping[str, str]
    alerts: tuple[Alert, ...]
    # How many more groups of requests meet the rules of these alerts than become alerts.
    beyond_limit: int = 0


def due(
    alerts: Iterable[Alert],
    receivers: Mapping[str, Receiver],
    now: datetime,
    beyond_limit: Mapping[str, int] = MappingProxyType({}),
) -> list[Notification]:
    """The groups of which something is untold, or whose time to be repeated has come; `beyond_limit` is by rule."""
    groups: dict[tuple[str, tuple[tuple[str, str], ...]], list[Alert]] = {}
    for alert in alerts:
        receiver = receivers.get(alert.receiver)
        if receiver is not None and _is_told(alert, receiver):
            labels = tuple((name, alert.labels[name]) for name in receiver.group_by if name in alert.labels)
            groups.setdefault((receiver.name, labels), []).append(alert)
    return [
        Notification(
            receivers[name],
            dict(labels),
            tuple(sorted(group, key=_order)),
            sum(beyond_limit.get(rule, 0) for rule in {alert.rule for alert in group}),
        )
        for (name, labels), group in sorted(groups.items())
        if any(_is_due(alert, receivers[name], now) for alert in group)
    ]


def is_settled(alert: Alert, receivers: Mapping[str, Receiver]) -> bool:
    """Whether an alert is over and nobody is to be told."""
    receiver = receivers.get(alert.receiver)
    return alert.state is State.RESOLVED and (receiver is None or not receiver.send_resolved)


def told(alert: Alert, now: datetime) -> Alert:
    """The alert after its receiver was told; one that is over becomes inactive."""
    state = State.INACTIVE if alert.state is State.RESOLVED else alert.state
    return replace(alert, state=state, notified_state=alert.state, notified_at=now)


def _is_told(alert: Alert, receiver: Receiver) -> bool:
    return alert.state is State.FIRING or (alert.state is State.RESOLVED and receiver.send_resolved)


def _is_due(alert: Alert, receiver: Receiver, now: datetime) -> bool:
    if alert.notified_at is None or alert.notified_state is not alert.state:
        return True
    return now - alert.notified_at >= receiver.repeat_interval


def _order(alert: Alert) -> tuple[int, list[tuple[str, str]]]:
    return len(alert.labels), sorted(alert.labels.items())
