"""What is found out about alerts for their messages, in a second at most: a page is never late for it."""

import concurrent.futures
import logging
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any, Protocol, TypeVar

from processors.alerts.channels.course import Course
from processors.alerts.channels.notification import Notification
from processors.alerts.evaluation.state import Alert
from processors.alerts.rule_source import RuleSource
from processors.alerts.rules.rule import Rule
from storage.errors import GatelensError

Result = TypeVar("Result")

_log = logging.getLogger(__name__)

SECONDS = 1.0
# How many alerts of a message are looked into, and how many answers are kept for all channels that get them.
_MOST_ALERTS = 3
_MOST_KEPT = 50
# Beyond it, what is asked would come too late anyway.
_MOST_WAITING = 12
_THREADS = 3

CAUSE, AFFECTED = "cause", "affected"


class Investigation(Protocol):
    """Looks into one alert; each part raises GatelensError where it fails."""

    def cause(self, rule: Rule, alert: Alert) -> str:
        """Whose fault it is, in a sentence or two; '' if it is not known."""

    def affected(self, rule: Rule, alert: Alert) -> str:
        """Whom it affects; '' if that is not known."""

    def course(self, rule: Rule, alert: Alert) -> Course | None:
        """How what it watches went before."""


@dataclass(frozen=True)
class _Asked:
    cause: Future[str]
    affected: Future[str]
    course: Future[Course | None]

    @property
    def parts(self) -> list[Future[Any]]:
        return [self.cause, self.affected, self.course]


class Backgrounds:
    """Adds to notifications what is found out in time; used by all channels side by side."""

    def __init__(self, investigation: Investigation, source: RuleSource, seconds: float = SECONDS) -> None:
        self._investigation = investigation
        self._source = source
        self._seconds = seconds
        self._pool = ThreadPoolExecutor(_THREADS, "alert-background")
        self._lock = threading.Lock()
        self._asked: dict[tuple[object, ...], _Asked] = {}

    def added(self, notification: Notification) -> Notification:
        """The notification with cause and affected as annotations, and courses; without what takes too long."""
        end = time.monotonic() + self._seconds
        firing = [alert for alert in notification.alerts if alert.is_firing][:_MOST_ALERTS]
        asked = {alert.fingerprint: found for alert in firing if (found := self._ask(alert)) is not None}
        waiting = [part for one in asked.values() for part in one.parts]
        concurrent.futures.wait(waiting, timeout=max(0.0, end - time.monotonic()))
        alerts = tuple(_annotated(alert, asked.get(alert.fingerprint)) for alert in notification.alerts)
        courses = {key: course for key, one in asked.items() if (course := _result(one.course)) is not None}
        return replace(notification, alerts=alerts, courses=courses)

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _ask(self, alert: Alert) -> _Asked | None:
        """Each part is asked for once, whatever the number of channels; None where too much is waiting."""
        rule = self._source.current.rules.get(alert.rule)
        if rule is None:
            return None
        key = alert.fingerprint, alert.fired_at, alert.window
        with self._lock:
            if key not in self._asked:
                if sum(not part.done() for one in self._asked.values() for part in one.parts) >= _MOST_WAITING:
                    return None
                one = self._investigation
                try:
                    self._asked[key] = _Asked(
                        self._pool.submit(one.cause, rule, alert),
                        self._pool.submit(one.affected, rule, alert),
                        self._pool.submit(one.course, rule, alert),
                    )
                except RuntimeError:
                    # Gatelens stops.
                    return None
            while len(self._asked) > _MOST_KEPT:
                del self._asked[next(iter(self._asked))]
            return self._asked[key]


def _annotated(alert: Alert, asked: _Asked | None) -> Alert:
    if asked is None:
        return alert
    found = {CAUSE: _result(asked.cause), AFFECTED: _result(asked.affected)}
    return replace(alert, annotations={**{name: text for name, text in found.items() if text}, **alert.annotations})


def _result(part: Future[Result]) -> Result | None:
    """What is there by now."""
    if not part.done() or part.cancelled():
        return None
    error = part.exception()
    if error is None:
        return part.result()
    if not isinstance(error, GatelensError):
        _log.error("What is behind an alert could not be found out.", extra={"error": type(error).__name__})
    return None
