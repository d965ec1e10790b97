"""Where alerts go: receivers, the routing tree, and at what times its nodes are mute."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from processors.alerts.channels.receiver import Receiver
from processors.alerts.evaluation.state import Alert
from processors.alerts.routing.inhibition import InhibitRule
from processors.alerts.routing.route import Route, Way, ways_of
from processors.alerts.routing.time_intervals import NamedIntervals

_AT_ONCE = timedelta()


@dataclass(frozen=True)
class Routing:
    """Receivers and routes of one configuration."""

    receivers: Mapping[str, Receiver] = field(default_factory=dict)
    route: Route | None = None
    intervals: Mapping[str, NamedIntervals] = field(default_factory=dict)
    inhibit_rules: tuple[InhibitRule, ...] = ()

    def ways(self, alert: Alert) -> list[Way]:
        """How an alert is routed: straight to the receiver that its rule names, if any, else by the tree."""
        receiver = self.receivers.get(alert.receiver)
        if receiver is not None:
            return [Way("{}", receiver.name, receiver.group_by, _AT_ONCE, _AT_ONCE, receiver.repeat_interval)]
        if self.route is None:
            return []
        return [way for way in ways_of(self.route, alert.labels) if way.receiver in self.receivers]

    def is_mute(self, way: Way, now: datetime) -> bool:
        """Whether a route is muted at this time."""
        named = self.intervals
        muting = any(named[name].contains(now) for name in way.mute_time_intervals if name in named)
        active = [named[name] for name in way.active_time_intervals if name in named]
        return muting or (bool(active) and not any(interval.contains(now) for interval in active))
