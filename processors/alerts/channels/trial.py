"""A receiver that is tried out."""

from datetime import datetime, timedelta

from processors.alerts.channels.notification import DeliveryError, Notification
from processors.alerts.channels.receiver import Receiver
from processors.alerts.evaluation.fingerprint import fingerprint
from processors.alerts.evaluation.state import Alert, State
from processors.time.window import MINUTE, Window, floor


def try_channels(receiver: Receiver, external_url: str, now: datetime) -> dict[str, str]:
    """Send a test by each channel; by its name why it was not taken, '' where it was."""
    results = {}
    for name, config in receiver.channels.items():
        channel = config.open()
        try:
            channel.send(trial_notification(receiver.name, name, external_url, now))
            results[name] = ""
        except DeliveryError as error:
            results[name] = str(error)
        finally:
            channel.close()
    return results


def trial_notification(receiver: str, channel: str, external_url: str, now: datetime) -> Notification:
    """A group of one alert that is already over, so that it opens no incident; it says that it is a test."""
    labels = {"alertname": "GatelensTest", "severity": "info"}
    end = floor(now, MINUTE)
    alert = Alert(
        rule="GatelensTest",
        fingerprint=fingerprint(labels),
        labels=labels,
        annotations={"summary": f"This is a test of the receiver {receiver}. Nothing is wrong."},
        receiver=receiver,
        state=State.RESOLVED,
        value=0.0,
        active_at=now - timedelta(minutes=2),
        fired_at=now - timedelta(minutes=1),
        resolved_at=now,
        window=Window(end - 5 * MINUTE, end),
    )
    group = {"alertname": "GatelensTest"}
    key = '{}:{alertname="GatelensTest"}'
    return Notification(receiver, channel, key, group, (alert,), external_url=external_url)
