"""Alertmanager's webhook, version 4, so that whatever takes alerts from Alertmanager takes ours.

https://prometheus.io/docs/alerting/latest/configuration/#webhook_config
"""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from itertools import accumulate
from typing import Any
from urllib.parse import quote

import httpx

from processors.alerts.notifications import Notification
from processors.alerts.receivers import Webhook
from processors.alerts.state import Alert, State

_NEVER = "0001-01-01T00:00:00Z"
_TIMEOUT_SECONDS = 5.0
_LONGEST_TEXT = 4_096
# Labels of the group, what all alerts have in common, the receiver.
_SIZE_OF_REST = 16 << 10
_ESCAPES = {
    '"': '\\"', "\\": "\\\\",
    "\a": "\\a", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\v": "\\v",
}  # fmt: skip


class DeliveryError(Exception):
    """A notification was not taken; `again` says whether the same call may work in a moment."""

    def __init__(self, message: str, again: bool) -> None:
        super().__init__(message)
        self.again = again


class WebhookSender:
    """Calls webhooks."""

    def __init__(self, external_url: str) -> None:
        self._external_url = external_url
        # A transport and no client: a client logs the whole address of each call, and that is a secret.
        self._transport = httpx.HTTPTransport()

    def send(self, notification: Notification) -> None:
        """Deliver a notification; raises DeliveryError."""
        webhook = notification.receiver.webhook
        try:
            request = _request(webhook, payload(notification, self._external_url))
            response = self._transport.handle_request(request)
            response.close()
        except (httpx.ConnectError, httpx.TimeoutException) as error:
            cause = f"{webhook.shown} did not answer: {str(error) or 'it took too long'}"
            raise DeliveryError(f"{cause}. Check that it runs.", True) from None
        except (httpx.TransportError, httpx.InvalidURL) as error:
            cause = f"{webhook.shown} could not be called: {type(error).__name__}"
            raise DeliveryError(f"{cause}. Check its address.", True) from None
        _check(webhook, response.status_code)

    def close(self) -> None:
        self._transport.close()


def payload(notification: Notification, external_url: str) -> dict[str, Any]:
    """The body of a call, its keys in Alertmanager's order, with as many alerts as its webhook takes."""
    alerts = notification.alerts
    most = notification.receiver.webhook.max_alerts or len(alerts)
    if len(alerts) > most:
        # What fires is more than what is over.
        alerts = tuple(sorted(alerts, key=lambda alert: alert.state is not State.FIRING))[:most]
    shown = [_alert(alert, external_url) for alert in alerts]
    fitting = _fitting(shown, notification.receiver.webhook.max_size)
    alerts, shown = alerts[:fitting], shown[:fitting]
    truncated = len(notification.alerts) - len(alerts) + notification.beyond_limit
    annotations = _common([alert["annotations"] for alert in shown])
    return {
        "receiver": notification.receiver.name,
        "status": _status(alerts),
        "alerts": shown,
        "groupLabels": _shortened(notification.group_labels),
        "commonLabels": _common([alert["labels"] for alert in shown]),
        "commonAnnotations": annotations | ({"truncated": f"and {truncated:,} more"} if truncated else {}),
        "externalURL": external_url,
        "version": "4",
        "groupKey": group_key(_shortened(notification.group_labels)),
        "truncatedAlerts": truncated,
    }


def _fitting(alerts: Sequence[Mapping[str, Any]], size: int) -> int:
    """How many alerts fit into a body of so many bytes beside what is said once; one at least."""
    sizes = accumulate(len(json.dumps(alert)) for alert in alerts)
    return max(sum(1 for end in sizes if end <= size - _SIZE_OF_REST), 1)


def group_key(labels: Mapping[str, str]) -> str:
    """The identity of a group of alerts, below Alertmanager's root route."""
    return f"{{}}:{{{', '.join(f'{name}={_quoted(labels[name])}' for name in sorted(labels))}}}"


def _alert(alert: Alert, external_url: str) -> dict[str, Any]:
    return {
        "status": _status([alert]),
        "labels": _shortened(alert.labels),
        "annotations": _shortened(alert.annotations),
        "startsAt": _time(alert.fired_at),
        "endsAt": _time(alert.resolved_at),
        "generatorURL": f"{external_url}/alerts?rule={quote(alert.rule, safe='')}" if external_url else "",
        "fingerprint": alert.fingerprint,
    }


def _shortened(texts: Mapping[str, str]) -> dict[str, str]:
    """In order, and cut where a client has sent a name that nobody can read."""
    return {
        name: text if len(text) <= _LONGEST_TEXT else f"{text[:_LONGEST_TEXT]}…" for name, text in sorted(texts.items())
    }


def _status(alerts: Sequence[Alert]) -> str:
    return "firing" if any(alert.state is State.FIRING for alert in alerts) else "resolved"


def _common(sets: Sequence[Mapping[str, str]]) -> dict[str, str]:
    first, *others = sets
    shared = set(first.items()).intersection(*(other.items() for other in others))
    return dict(sorted(shared))


def _time(moment: datetime | None) -> str:
    """As Go writes it: without the zeros that end a fraction."""
    if moment is None:
        return _NEVER
    text = moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")
    return text.rstrip("0").rstrip(".") + "Z"


def _quoted(text: str) -> str:
    """A string as Go's %q quotes it."""
    return f'"{"".join(map(_quoted_character, text))}"'


def _quoted_character(character: str) -> str:
    if character in _ESCAPES or character.isprintable():
        return _ESCAPES.get(character, character)
    code = ord(character)
    if code < 0x80:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _request(webhook: Webhook, body: Mapping[str, Any]) -> httpx.Request:
    url = httpx.URL(webhook.url.get_secret_value())
    request = httpx.Request(
        "POST",
        url,
        json=body,
        headers={"User-Agent": "Gatelens"},
        extensions={"timeout": httpx.Timeout(_TIMEOUT_SECONDS).as_dict()},
    )
    if url.username or url.password:
        request = next(httpx.BasicAuth(url.username, url.password).auth_flow(request))
    return request


def _check(webhook: Webhook, status: int) -> None:
    if 200 <= status < 300:
        return
    if status == 429 or status >= 500:
        raise DeliveryError(f"{webhook.shown} answered {status}. Look into the log of that service.", True)
    raise DeliveryError(f"{webhook.shown} refused the notification with {status}. Check its address.", False)
