"""Notifications brought to their channels, and the channels that do not take them."""

import logging
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from traceback import extract_tb

from processors.alerts.channels.notification import DeliveryError, Notification
from processors.alerts.telemetry import AlertMetrics
from storage.retry import Backoff, Stopped, retry

_log = logging.getLogger(__name__)

# Later it would be stale; the next round asks for it again.
_LONGEST_BATCH_SECONDS = 15.0
# Between the rounds of a channel that does not take anything: twice as long each time.
_FIRST_PAUSE = timedelta(seconds=15)
_LONGEST_PAUSE = timedelta(minutes=5)
_MOST_DOUBLINGS = 10

Target = tuple[str, str]


@dataclass(frozen=True)
class DeliveryFault:
    """A channel that does not take its notifications."""

    receiver: str
    channel: str
    message: str
    # Since when, and how many calls failed since.
    since: datetime
    failures: int


@dataclass(frozen=True)
class Outcome:
    """What became of a notification; `error` is '' where it was taken."""

    notification: Notification
    error: str
    # Calls; 0 where it was stopped before the first.
    tries: int
    time: datetime


class Delivery:
    """Calls channels, each in a thread of its own for as long as it takes, so that one that hangs delays nobody.

    A channel has one batch at a time: what is due meanwhile is due again when it is through, with the
    state by then. One that does not answer is left alone for a growing while, with all that it is still to be sent.
    """

    def __init__(
        self,
        send: Callable[[Notification], None],
        metrics: AlertMetrics,
        stopping: threading.Event,
        backoff: Backoff,
        took: Callable[[Outcome], None],
        leads: Callable[[], bool] = lambda: True,
    ) -> None:
        """`took` hears what became of each; `leads` says before each call whether this process is still the leader."""
        self._send = send
        self._metrics = metrics
        self._stopping = stopping
        self._backoff = backoff
        self._took = took
        self._leads = leads
        self._lock = threading.Lock()
        self._faults: dict[Target, DeliveryFault] = {}
        # When a channel that failed is called again, and the pause after that.
        self._pauses: dict[Target, tuple[datetime, timedelta]] = {}
        self._under_way: dict[Target, threading.Thread] = {}

    @property
    def faults(self) -> list[DeliveryFault]:
        """The channels whose last call failed."""
        with self._lock:
            return sorted(self._faults.values(), key=lambda fault: (fault.receiver, fault.channel))

    def restore(self, failed: Mapping[Target, tuple[int, datetime]]) -> None:
        """Leave channels alone for as long as before a restart, by how often in a row they failed, and when last."""
        with self._lock:
            for target, (rounds, last) in failed.items():
                pause = min(_FIRST_PAUSE * 2 ** min(rounds - 1, _MOST_DOUBLINGS), _LONGEST_PAUSE)
                self._pauses[target] = last + pause, min(pause * 2, _LONGEST_PAUSE)

    def busy(self, now: datetime) -> set[Target]:
        """The channels that take nothing at the moment: they have a batch, or are left alone."""
        with self._lock:
            return {*self._under_way, *(target for target, (until, _) in self._pauses.items() if now < until)}

    @property
    def is_idle(self) -> bool:
        """Whether no channel has a batch."""
        with self._lock:
            return not self._under_way

    def start(self, notifications: Iterable[Notification], now: datetime) -> None:
        """Hand them to their channels, none of which is busy."""
        by_target: dict[Target, list[Notification]] = {}
        for notification in notifications:
            by_target.setdefault((notification.receiver, notification.channel), []).append(notification)
        for target, batch in by_target.items():
            thread = threading.Thread(target=self._work, args=(target, batch, now), name="alert-delivery", daemon=True)
            with self._lock:
                self._under_way[target] = thread
                thread.start()

    def wait(self, seconds: float | None = None) -> None:
        """Return when nothing is under way any more, or after so many seconds."""
        end = None if seconds is None else time.monotonic() + seconds
        while True:
            with self._lock:
                thread = next(iter(self._under_way.values()), None)
            left = None if end is None else end - time.monotonic()
            if thread is None or (left is not None and left <= 0):
                return
            thread.join(left)

    def _work(self, target: Target, batch: Sequence[Notification], now: datetime) -> None:
        try:
            is_taken = self._deliver(target, batch, now)
        except Exception:
            # The channel would have nothing more to send.
            _log.exception("A delivery broke off; it is tried again.", extra={"channel": target[1]})
            is_taken = False
        with self._lock:
            if is_taken:
                self._pauses.pop(target, None)
            else:
                pause = self._pauses.get(target, (now, _FIRST_PAUSE))[1]
                self._pauses[target] = now + pause, min(pause * 2, _LONGEST_PAUSE)
            del self._under_way[target]

    def _deliver(self, target: Target, batch: Sequence[Notification], now: datetime) -> bool:
        """Whether the channel took anything; `took` has heard of each before this ends."""
        started = time.monotonic()
        is_taken = False
        for notification in batch:
            tries, error = self._try(target, notification, now)
            self._took(Outcome(notification, str(error or ""), tries, now))
            is_taken = is_taken or error is None
            is_reached = error is None or (isinstance(error, DeliveryError) and not error.again)
            if not is_reached or time.monotonic() - started > _LONGEST_BATCH_SECONDS:
                break
        return is_taken

    def _try(self, target: Target, notification: Notification, now: datetime) -> tuple[int, Exception | None]:
        """How often it was called, and why it was not taken."""
        tries = 0

        def send() -> None:
            nonlocal tries
            if not self._leads():
                raise Stopped
            tries += 1
            try:
                self._send(notification)
            except DeliveryError as error:
                self._failed(target, error, now)
                raise
            except Exception as error:
                # One notification that a channel cannot send must keep no other from being sent.
                fault = f"The {target[1]} of {target[0]} failed by {type(error).__name__}. Report it with the log."
                # Without its text, which may hold an address.
                at = extract_tb(error.__traceback__)[-1]
                _log.error(
                    "A channel failed in a way that it should not.",
                    extra={"channel": target[1], "error": type(error).__name__, "at": f"{at.filename}:{at.lineno}"},
                )
                self._failed(target, found := DeliveryError(fault, False), now)
                raise found from None

        try:
            retry(send, self._backoff, lambda error: isinstance(error, DeliveryError) and error.again, self._stopping)
        except (DeliveryError, Stopped) as error:
            return tries, error if isinstance(error, DeliveryError) else DeliveryError(
                "Gatelens stops, or another process leads.", True
            )
        self._metrics.notified(*target, "delivered")
        with self._lock:
            self._faults.pop(target, None)
        return tries, None

    def _failed(self, target: Target, error: DeliveryError, now: datetime) -> None:
        self._metrics.notified(*target, "failed" if error.again else "refused")
        with self._lock:
            known = self._faults.get(target)
            if known is not None:
                fault = replace(known, message=str(error), failures=known.failures + 1)
            else:
                fault = DeliveryFault(*target, str(error), now, 1)
                # Once for an outage, not for each call of it.
                _log.error(
                    "A receiver does not take notifications; they are sent again until it does.",
                    extra={"receiver": target[0], "channel": target[1], "error": str(error)},
                )
            self._faults[target] = fault
