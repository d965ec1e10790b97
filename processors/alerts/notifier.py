"""Notifies receivers of alerts: what is silenced, inhibited or acknowledged, who is due, and how it went."""

import logging
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

import pandas as pd

from processors.alerts.channels.channel import Channel
from processors.alerts.channels.delivery import Delivery, DeliveryFault, Outcome
from processors.alerts.channels.notification import DeliveryError, Notification
from processors.alerts.evaluation.state import Alert
from processors.alerts.routing.acknowledgement import Acknowledgement
from processors.alerts.routing.dispatcher import Dispatcher, Situation
from processors.alerts.routing.inhibition import Inhibitions
from processors.alerts.routing.notification_log import NotificationLog
from processors.alerts.routing.routing import Routing
from processors.alerts.routing.silences import Silence
from processors.alerts.store.acknowledgement_store import AcknowledgementStore
from processors.alerts.store.notification_store import NotificationStore
from processors.alerts.store.silence_store import SilenceStore
from processors.alerts.telemetry import AlertMetrics
from processors.errors import UnknownAlert
from storage.errors import StoreError
from storage.retry import Backoff
from storage.store import Store

_log = logging.getLogger(__name__)

# What versions in the store are apart by.
_TICK = timedelta(microseconds=1)
# Silences that ended are shown for so long.
_KEPT = timedelta(days=30)


class Notifier:
    """Who has been notified of what, over one store; of the notifiers on it, only the leader sends."""

    def __init__(
        self,
        store: Store,
        metrics: AlertMetrics,
        stopping: threading.Event,
        backoff: Backoff,
        leads: Callable[[], bool] = lambda: True,
        added: Callable[[Notification], Notification] = lambda notification: notification,
    ) -> None:
        """`added` puts into a notification what is found out about its alerts."""
        self._added = added
        self._log = NotificationLog()
        self._dispatcher = Dispatcher(self._log)
        self._delivery = Delivery(self._send, metrics, stopping, backoff, self._took, leads)
        self._notifications = NotificationStore(store)
        self._silence_store = SilenceStore(store)
        self._acknowledgement_store = AcknowledgementStore(store)
        self._lock = threading.Lock()
        # Held from the store to what is kept here, so that reading undoes nothing that was just written.
        self._writing = threading.Lock()
        self._silences: dict[str, Silence] = {}
        self._acknowledgements: dict[tuple[str, str], Acknowledgement] = {}
        self._routing = Routing()
        self._channels: dict[tuple[str, str], Channel] = {}
        # Of a former configuration, which may be in the middle of a call.
        self._retired: list[Channel] = []
        self._undelivered: list[Outcome] = []
        # Guards what channels know and are due, which deliveries change as well.
        self._sending = threading.RLock()
        # Held from what is to be stored to what is, so that nothing older comes last.
        self._saving = threading.Lock()
        self._saved_at: datetime | None = None

    @property
    def faults(self) -> list[DeliveryFault]:
        """The channels that do not take their notifications."""
        return self._delivery.faults

    @property
    def routing(self) -> Routing:
        return self._routing

    def configure(self, routing: Routing) -> None:
        """Use these receivers and routes from now on."""
        with self._lock:
            self._retired += self._channels.values()
            self._routing = routing
            self._channels = {
                (name, channel): config.open()
                for name, receiver in routing.receivers.items()
                for channel, config in receiver.channels.items()
            }

    def restore(self) -> None:
        """Read what was sent. Raises StoreError."""
        entries, failed = self._notifications.load(), self._notifications.failed()
        with self._sending:
            self._log.restore(entries)
            self._undelivered = []
        self._delivery.restore(failed)

    def refresh(self, now: datetime) -> None:
        """Read what people have silenced and acknowledged, here or through another process. Raises StoreError."""
        with self._writing:
            silences, acknowledged = self._silence_store.load(now - _KEPT), self._acknowledgement_store.load()
            with self._lock:
                self._silences = {silence.id: silence for silence in silences}
                self._acknowledgements = {(one.rule, one.fingerprint): one for one in acknowledged}

    def due(
        self, alerts: Sequence[Alert], beyond_limit: Mapping[str, int], external_url: str, now: datetime
    ) -> list[Notification]:
        """The notifications that are due. They are noted first, so that channels hear the end of what they may know."""
        inhibitions = self.inhibitions(alerts)
        situation = Situation(
            now=now,
            is_muted=lambda alert: self.silence_of(alert, now) is not None or inhibitions.source_of(alert) is not None,
            is_acknowledged=lambda alert: self.acknowledgement_of(alert) is not None,
            beyond_limit=beyond_limit,
            external_url=external_url,
        )
        # Before what is due: of what is through by now, it is known what became of it.
        busy = self._delivery.busy(now)
        if self._retired and self._delivery.is_idle:
            self._close(self._retired)
        with self._sending:
            due = self._dispatcher.due(alerts, self._routing, situation)
            for notification in due:
                self._log.owes(notification)
        return [one for one in due if (one.receiver, one.channel) not in busy]

    def notify(self, notifications: Iterable[Notification], now: datetime) -> None:
        """Bring what is due to its channels, which goes on when this returns."""
        self._delivery.start(notifications, now)

    def wait(self, seconds: float | None = None) -> None:
        """Return when nothing is under way to a channel, or after so many seconds."""
        self._delivery.wait(seconds)

    def save(self, now: datetime) -> None:
        """Store what has changed; what the store does not take is kept for the next time. Raises StoreError."""
        with self._saving:
            with self._sending:
                entries, outcomes = self._log.unstored(), list(self._undelivered)
            # A delivery that began in an earlier round may end in this one.
            self._saved_at = now if self._saved_at is None else max(now, self._saved_at + _TICK)
            self._notifications.save(entries, self._saved_at)
            with self._sending:
                self._log.stored(entries)
            self._notifications.record(outcomes)
            with self._sending:
                del self._undelivered[: len(outcomes)]

    def _took(self, outcome: Outcome) -> None:
        """Note what became of a notification, at once, so that it is not sent again after a crash."""
        with self._sending:
            if not outcome.error:
                self._dispatcher.taken(outcome.notification, self._routing, outcome.time)
            self._undelivered.append(outcome)
        try:
            self.save(outcome.time)
        except StoreError as error:
            _log.warning("The notification log could not be stored; it is retried.", extra={"error": str(error)})

    def settled(self, alerts: Iterable[Alert]) -> list[Alert]:
        """The alerts that are over and that nobody waits to hear of."""
        with self._sending:
            return self._dispatcher.settled(alerts)

    def silences(self) -> list[Silence]:
        """Those that there are, and those that have ended of late; the latest first."""
        with self._lock:
            return sorted(self._silences.values(), key=lambda one: (one.starts_at, one.id), reverse=True)

    def put_silence(self, silence: Silence, now: datetime) -> None:
        """Make a silence or change it. Raises StoreError."""
        with self._writing:
            self._silence_store.save(silence, now)
            with self._lock:
                self._silences[silence.id] = silence

    def expire_silence(self, identity: str, now: datetime) -> Silence:
        """End a silence. Raises UnknownAlert, StoreError."""
        with self._lock:
            silence = self._silences.get(identity)
        if silence is None:
            raise UnknownAlert(f"There is no silence {identity!r}; /api/v1/silences lists those that there are.")
        ended = silence.expired(now)
        self.put_silence(ended, now)
        return ended

    def silence_of(self, alert: Alert, now: datetime) -> Silence | None:
        """The silence that mutes an alert."""
        with self._lock:
            silences = list(self._silences.values())
        return next((silence for silence in silences if silence.mutes(alert.labels, now)), None)

    def inhibitions(self, alerts: Sequence[Alert]) -> Inhibitions:
        """Which alerts mute which."""
        return Inhibitions(self._routing.inhibit_rules, alerts)

    def acknowledge(self, acknowledgement: Acknowledgement, now: datetime) -> None:
        """Raises StoreError."""
        with self._writing:
            self._acknowledgement_store.save(acknowledgement, now)
            with self._lock:
                self._acknowledgements[acknowledgement.rule, acknowledgement.fingerprint] = acknowledgement

    def acknowledgement_of(self, alert: Alert) -> Acknowledgement | None:
        """Who has taken an alert, since it fired the last time."""
        with self._lock:
            found = self._acknowledgements.get((alert.rule, alert.fingerprint))
        return found if found is not None and found.fired_at == alert.fired_at else None

    def acknowledged_since(self, moment: datetime) -> list[Acknowledgement]:
        """Who took what from a moment on. Raises StoreError."""
        return self._acknowledgement_store.since(moment)

    def deliveries(self, limit: int) -> pd.DataFrame:
        """The latest notifications that were tried, the latest first. Raises StoreError."""
        return self._notifications.deliveries(limit)

    def close(self) -> None:
        with self._lock:
            self._retired += self._channels.values()
            self._channels = {}
        self._close(self._retired)

    def _send(self, notification: Notification) -> None:
        channel = self._channels.get((notification.receiver, notification.channel))
        if channel is None:
            raise DeliveryError(f"The receiver {notification.receiver} is no more.", False)
        channel.send(self._added(notification))

    def _close(self, channels: list[Channel]) -> None:
        while channels:
            channels.pop().close()
