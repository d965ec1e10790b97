"""A notification, and the error of a channel that cannot deliver it."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from processors.alerts.channels.course import Course
from processors.alerts.evaluation.state import Alert


class DeliveryError(Exception):
    """A notification was not taken; `again` says whether the same call may work in a moment. It holds no secret."""

    def __init__(self, message: str, again: bool) -> None:
        super().__init__(message)
        self.again = again


@dataclass(frozen=True)
class Notification:
    """The alerts of one group, for one channel of a receiver; those that fire and those that are over."""

    receiver: str
    # e.g. 'webhook'.
    channel: str
    # As Alertmanager writes it, e.g. '{}:{alertname="fails"}'; the same for all notifications of the group.
    group_key: str
    group_labels: Mapping[str, str]
    alerts: tuple[Alert, ...]
    # How many more groups of requests meet the rules of these alerts than become alerts.
    beyond_limit: int = 0
    # Where people reach the pages; '' where that is not known.
    external_url: str = ""
    # By fingerprint, the past course of what an alert watches, where known.
    courses: Mapping[str, Course] = field(default_factory=dict)

    @property
    def status(self) -> str:
        """'firing' where any of the alerts does, else 'resolved'."""
        return status_of(*self.alerts)

    @property
    def key_hash(self) -> str:
        """The group's identity for services that know incidents, as Alertmanager computes it."""
        return hashlib.sha256(self.group_key.encode()).hexdigest()


def status_of(*alerts: Alert) -> str:
    """'firing' where any of them does, else 'resolved'."""
    return "firing" if any(alert.is_firing for alert in alerts) else "resolved"


def in_order(alerts: Iterable[Alert]) -> tuple[Alert, ...]:
    """In the order of Alertmanager: by the number of labels, then by the labels, one that is missing first.

    https://github.com/prometheus/common/blob/main/model/labelset.go
    """
    listed = list(alerts)
    names = sorted({name for alert in listed for name in alert.labels})

    def rank(alert: Alert) -> tuple[int, list[tuple[bool, str]]]:
        return len(alert.labels), [(name in alert.labels, alert.labels.get(name, "")) for name in names]

    return tuple(sorted(listed, key=rank))
