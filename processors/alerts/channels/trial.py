"""A receiver that is tried out."""

import logging
import threading
import time
from datetime import datetime, timedelta

from processors.alerts.channels.channel import ChannelConfig
from processors.alerts.channels.notification import DeliveryError, Notification
from processors.alerts.channels.receiver import Receiver
from processors.alerts.evaluation.fingerprint import fingerprint
from processors.alerts.evaluation.state import Alert, State
from processors.time.window import MINUTE, Window, floor

_log = logging.getLogger(__name__)

_SECONDS = 20.0


def try_channels(receiver: Receiver, external_url: str, now: datetime, seconds: float = _SECONDS) -> dict[str, str]:
    """Send a test by each channel; by its name why it was not taken, '' where it was.

    A service that neither takes it nor lets go is not waited for any longer than so many seconds.
    """
    results: dict[str, str] = {}
    threads = {}
    for name, config in receiver.channels.items():
        test = trial_notification(receiver.name, name, external_url, now)
        threads[name] = threading.Thread(
            target=_try, args=(name, config, test, results), name="alert-trial", daemon=True
        )
        threads[name].start()
    end = time.monotonic() + seconds
    for thread in threads.values():
        thread.join(max(end - time.monotonic(), 0))
    late = f"It has not taken the test within {seconds:g} seconds. Check that it runs."
    return {name: results.get(name, late) for name in threads}


def _try(name: str, config: ChannelConfig, test: Notification, results: dict[str, str]) -> None:
    channel = config.open()
    try:
        channel.send(test)
        results[name] = ""
    except DeliveryError as error:
        results[name] = str(error)
    except Exception as error:
        # Without its text, which may hold an address.
        results[name] = f"The channel failed by {type(error).__name__}. Report it."
        _log.error(
            "A channel failed in a way that it should not.", extra={"channel": name, "error": type(error).__name__}
        )
    finally:
        channel.close()


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
