"""Which notifications are due: grouped, delayed, repeated and ordered as Alertmanager does it.

https://github.com/prometheus/alertmanager/blob/main/dispatch/dispatch.go and notify/notify.go, with one difference:
a channel is always notified of the end of an alert it knows, even if that is silenced or routed elsewhere by then.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from processors.alerts.channels.notification import Notification, in_order
from processors.alerts.channels.receiver import Receiver
from processors.alerts.evaluation.state import Alert, State
from processors.alerts.routing.group_key import group_key
from processors.alerts.routing.notification_log import LogEntry, LogKey, NotificationLog
from processors.alerts.routing.route import Way
from processors.alerts.routing.routing import Routing


@dataclass(frozen=True)
class Situation:
    """What is known at one moment besides the alerts themselves."""

    now: datetime
    # Whether an alert says nothing new: it is silenced or inhibited.
    is_muted: Callable[[Alert], bool] = lambda alert: False
    # Whether somebody has taken it, so that it is not repeated.
    is_acknowledged: Callable[[Alert], bool] = lambda alert: False
    # By rule, groups of requests that meet it beyond its limit.
    beyond_limit: Mapping[str, int] = field(default_factory=dict)
    external_url: str = ""


@dataclass(frozen=True)
class _Group:
    way: Way
    labels: tuple[tuple[str, str], ...]

    @property
    def key(self) -> str:
        return group_key(dict(self.labels), self.way.key)


class Dispatcher:
    """The groups of alerts and when each may be notified next."""

    def __init__(self, log: NotificationLog) -> None:
        self._log = log
        # By receiver and group, as a group is the same whatever the tree says of its times.
        self._due_at: dict[tuple[str, str], datetime] = {}

    def due(self, alerts: Iterable[Alert], routing: Routing, situation: Situation) -> list[Notification]:
        """The notifications that are due now, by receiver and group."""
        notifiable = [alert for alert in alerts if alert.is_firing or alert.state is State.RESOLVED]
        groups = self._groups(notifiable, routing)
        self._due_at = {key: at for key, at in self._due_at.items() if key in groups}
        notifications: list[Notification] = []
        for key, (group, members) in sorted(groups.items()):
            due_at = self._due_at.setdefault(key, _first(group.way, members))
            if situation.now < due_at:
                continue
            found = self._of_group(group, members, routing, situation)
            notifications += found
            if not found:
                self._due_at[key] = situation.now + group.way.group_interval
        return notifications + self._of_former_groups(groups, notifiable, routing, situation)

    def taken(self, notification: Notification, routing: Routing, now: datetime) -> None:
        """Note that a channel was notified; its group then waits for its interval."""
        self._log.taken(notification, now)
        ways = routing.ways(notification.alerts[0])
        interval = next((way.group_interval for way in ways if way.receiver == notification.receiver), None)
        if interval is not None:
            self._due_at[notification.receiver, notification.group_key] = now + interval

    def settled(self, alerts: Iterable[Alert]) -> list[Alert]:
        """The alerts that are over and that no channel waits to hear of."""
        known = self._log.known()
        return [alert for alert in alerts if alert.state is State.RESOLVED and alert.fingerprint not in known]

    def _groups(self, alerts: Iterable[Alert], routing: Routing) -> dict[tuple[str, str], tuple[_Group, list[Alert]]]:
        groups: dict[tuple[str, str], tuple[_Group, list[Alert]]] = {}
        for alert in alerts:
            for way in routing.ways(alert):
                group = _Group(way, tuple(way.group_labels(alert.labels).items()))
                groups.setdefault((way.receiver, group.key), (group, []))[1].append(alert)
        return groups

    def _of_group(
        self, group: _Group, alerts: Sequence[Alert], routing: Routing, situation: Situation
    ) -> list[Notification]:
        is_mute = routing.is_mute(group.way, situation.now)
        firing = [alert for alert in alerts if alert.is_firing and not is_mute and not situation.is_muted(alert)]
        over = [alert for alert in alerts if alert.state is State.RESOLVED]
        receiver = routing.receivers[group.way.receiver]
        found = []
        for channel, config in receiver.channels.items():
            entry = self._log.get((receiver.name, channel, group.key))
            ended = self._ended(entry, over, receiver)
            repeated = (
                entry is not None
                and entry.notified_at is not None
                and bool(firing)
                and (
                    situation.now - entry.notified_at >= (config.resend_interval or group.way.repeat_interval)
                    and (config.resend_interval is not None or not all(map(situation.is_acknowledged, firing)))
                )
            )
            if ended or repeated or _is_news(entry, firing):
                key = receiver.name, channel, group.key
                found.append(_notification(key, dict(group.labels), [*firing, *ended], situation))
        return found

    def _ended(self, entry: LogEntry | None, over: Sequence[Alert], receiver: Receiver) -> list[Alert]:
        """The alerts whose end a channel is to be sent; one that wants no ends is taken to know."""
        if entry is None:
            return []
        ended = [alert for alert in over if alert.fingerprint in entry.known]
        if not receiver.send_resolved:
            self._log.forget(entry, (alert.fingerprint for alert in ended))
            return []
        return ended

    def _of_former_groups(
        self,
        groups: Mapping[tuple[str, str], object],
        alerts: Iterable[Alert],
        routing: Routing,
        situation: Situation,
    ) -> list[Notification]:
        """The ends of alerts notified in groups that a changed configuration no longer has."""
        by_fingerprint = {alert.fingerprint: alert for alert in alerts}
        found = []
        for entry in self._log.entries():
            if (entry.receiver, entry.group_key) in groups:
                continue
            receiver = routing.receivers.get(entry.receiver)
            is_reached = receiver is not None and entry.channel in receiver.channels
            known = [by_fingerprint[key] for key in sorted(entry.known) if key in by_fingerprint]
            ended = self._ended(entry, [one for one in known if not one.is_firing], receiver) if receiver else []
            if not is_reached or not known:
                self._log.forget(entry, entry.known)
            elif ended:
                found.append(_notification(entry.key, {}, ended, situation))
        return found


def _first(way: Way, alerts: Sequence[Alert]) -> datetime:
    """When a new group is first notified: it waits for more alerts from when its first one fired."""
    return min(alert.since if alert.fired_at is None else alert.fired_at for alert in alerts) + way.group_wait


def _is_news(entry: LogEntry | None, firing: Sequence[Alert]) -> bool:
    return any(entry is None or alert.fingerprint not in entry.firing for alert in firing)


def _notification(
    key: LogKey, labels: Mapping[str, str], alerts: Iterable[Alert], situation: Situation
) -> Notification:
    ordered = in_order(alerts)
    receiver, channel, group = key
    return Notification(
        receiver=receiver,
        channel=channel,
        group_key=group,
        group_labels=labels,
        alerts=ordered,
        beyond_limit=sum(situation.beyond_limit.get(rule, 0) for rule in {alert.rule for alert in ordered}),
        external_url=situation.external_url,
    )
