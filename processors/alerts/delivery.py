"""Notifications brought to their receivers, and the receivers that do not take them."""

import logging
import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime

from processors.alerts.notifications import Notification
from processors.alerts.telemetry import AlertMetrics
from processors.alerts.webhook import DeliveryError
from storage.retry import Backoff, Stopped, retry

_log = logging.getLogger(__name__)

_MOST_RECEIVERS_AT_ONCE = 8


@dataclass(frozen=True)
class DeliveryFault:
    """A receiver that does not take its notifications."""

    receiver: str
    message: str
    # Since when, and how many calls failed since.
    since: datetime
    failures: int


class Delivery:
    """Calls receivers side by side, so that one that hangs delays no other.

    A receiver that does not answer is left alone until the next time, with all that it is still to be told.
    """

    def __init__(
        self,
        send: Callable[[Notification], None],
        metrics: AlertMetrics,
        stopping: threading.Event,
        backoff: Backoff,
    ) -> None:
        self._send = send
        self._metrics = metrics
        self._stopping = stopping
        self._backoff = backoff
        self._lock = threading.Lock()
        self._faults: dict[str, DeliveryFault] = {}

    @property
    def faults(self) -> list[DeliveryFault]:
        """The receivers whose last call failed."""
        with self._lock:
            return sorted(self._faults.values(), key=lambda fault: fault.receiver)

    def deliver(self, notifications: Iterable[Notification], now: datetime) -> list[Notification]:
        """Bring them to their receivers; returns those that were taken."""
        by_receiver: dict[str, list[Notification]] = {}
        for notification in notifications:
            by_receiver.setdefault(notification.receiver.name, []).append(notification)
        if not by_receiver:
            return []
        with ThreadPoolExecutor(min(len(by_receiver), _MOST_RECEIVERS_AT_ONCE), "alert-delivery") as pool:
            taken = pool.map(lambda batch: self._deliver_to_one(batch, now), by_receiver.values())
            return [notification for batch in taken for notification in batch]

    def _deliver_to_one(self, notifications: Sequence[Notification], now: datetime) -> list[Notification]:
        taken = []
        for notification in notifications:
            try:
                self._try(notification, now)
            except Stopped:
                break
            except DeliveryError as error:
                if error.again:
                    break
            else:
                taken.append(notification)
        return taken

    def _try(self, notification: Notification, now: datetime) -> None:
        receiver = notification.receiver.name

        def send() -> None:
            try:
                self._send(notification)
            except DeliveryError as error:
                self._failed(receiver, error, now)
                raise

        retry(send, self._backoff, lambda error: isinstance(error, DeliveryError) and error.again, self._stopping)
        self._metrics.notified(receiver, "delivered")
        with self._lock:
            self._faults.pop(receiver, None)

    def _failed(self, receiver: str, error: DeliveryError, now: datetime) -> None:
        self._metrics.notified(receiver, "failed" if error.again else "refused")
        with self._lock:
            known = self._faults.get(receiver)
            if known is not None:
                fault = replace(known, message=str(error), failures=known.failures + 1)
            else:
                fault = DeliveryFault(receiver, str(error), now, 1)
                # Once for an outage, not for each call of it.
                _log.error(
                    "A receiver does not take notifications; they are sent again until it does.",
                    extra={"receiver": receiver, "error": str(error)},
                )
            self._faults[receiver] = fault
