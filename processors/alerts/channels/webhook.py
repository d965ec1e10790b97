"""Alertmanager's webhook, version 4, so that whatever takes alerts from Alertmanager takes ours.

https://prometheus.io/docs/alerting/latest/configuration/#webhook_config. Signed as Standard Webhooks say, where a
secret is given: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import base64
import hashlib
import hmac
import json
import re
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from itertools import accumulate
from typing import Any

from pydantic import ByteSize, Field, SecretStr, field_validator

from processors.alerts.channels.http_call import HttpCaller
from processors.alerts.channels.links import page_link, rule_link, silence_link
from processors.alerts.channels.notification import DeliveryError, Notification, status_of
from processors.alerts.channels.secrets import ChannelModel, checked_address, shown_address
from processors.alerts.channels.text import plain_text, title
from processors.alerts.evaluation.state import Alert

_NEVER = "0001-01-01T00:00:00Z"
_LONGEST_TEXT = 4_096
# Labels of the group, what all alerts have in common, the receiver.
_SIZE_OF_REST = 16 << 10
# Of a body that users wrote, in which a placeholder may stand any number of times.
_LONGEST_BODY = 1 << 20
_SECRET_PREFIX = "whsec_"  # noqa: S105 - what a secret begins with
_PLACEHOLDER = re.compile(r"\{\{\s*(?P<name>[a-z_]+)(?:\.(?P<key>[^\s{}]+))?\s*\}\}")
_PLAIN = ("status", "receiver", "title", "text", "group_key", "external_url", "number")
_KEYED = ("labels", "annotations")


class WebhookConfig(ChannelModel):
    """An address that takes Alertmanager's webhook; it often holds a token, so it is never shown whole."""

    url: SecretStr
    headers: Mapping[str, SecretStr] = Field(default_factory=dict)
    secret: SecretStr | None = None
    body: str = ""
    content_type: str = "application/json"
    max_alerts: int = Field(default=500, ge=0)
    max_size: ByteSize = Field(default=ByteSize(1 << 20), ge=32 << 10)

    _is_address = field_validator("url")(checked_address)

    @field_validator("body")
    @classmethod
    def _has_known_placeholders(cls, body: str) -> str:
        for found in _PLACEHOLDER.finditer(body):
            if found["name"] not in (_KEYED if found["key"] else _PLAIN):
                known = ", ".join((*_PLAIN, *(f"{name}.<name>" for name in _KEYED)))
                raise ValueError(f"{found[0]} is unknown; use one of {known}")
        return body

    @property
    def shown(self) -> str:
        """The address as it may be shown: scheme, host and port."""
        return shown_address(self.url)

    def open(self) -> "WebhookChannel":
        return WebhookChannel(self)


class WebhookChannel:
    """Calls a webhook."""

    def __init__(self, config: WebhookConfig, clock: Callable[[], float] = time.time) -> None:
        self._config = config
        self._clock = clock
        self._caller = HttpCaller()

    def send(self, notification: Notification) -> None:
        """Deliver a notification; raises DeliveryError."""
        config = self._config
        document = payload(notification, config.max_alerts, int(config.max_size))
        body = own_body(config, notification, document) if config.body else json.dumps(document, ensure_ascii=False)
        headers = {name: value.get_secret_value() for name, value in config.headers.items()}
        headers["Content-Type"] = config.content_type
        content = body.encode()
        if config.secret is not None:
            headers |= signature(config.secret.get_secret_value(), content, str(uuid.uuid4()), int(self._clock()))
        self._caller.post(config.url, content, headers)

    def close(self) -> None:
        self._caller.close()


def payload(notification: Notification, max_alerts: int = 0, max_size: int = 1 << 20) -> dict[str, Any]:
    """The body of a call, its keys in Alertmanager's order, with as many alerts as its webhook takes."""
    alerts = notification.alerts
    most = max_alerts or len(alerts)
    if len(alerts) > most:
        # What fires is more than what is over.
        alerts = tuple(sorted(alerts, key=lambda alert: not alert.is_firing))[:most]
    shown = [alert_json(alert, notification.external_url) for alert in alerts]
    fitting = _fitting(shown, max_size)
    alerts, shown = alerts[:fitting], shown[:fitting]
    truncated = len(notification.alerts) - len(alerts) + notification.beyond_limit
    annotations = _common([alert["annotations"] for alert in shown])
    return {
        "receiver": notification.receiver,
        "status": status_of(*alerts),
        "alerts": shown,
        "groupLabels": shortened(notification.group_labels),
        "commonLabels": _common([alert["labels"] for alert in shown]),
        "commonAnnotations": annotations | ({"truncated": f"and {truncated:,} more"} if truncated else {}),
        "externalURL": notification.external_url,
        "version": "4",
        "groupKey": notification.group_key,
        "truncatedAlerts": truncated,
    }


def alert_json(alert: Alert, external_url: str) -> dict[str, Any]:
    """One alert as Alertmanager sends it."""
    annotations = dict(alert.annotations)
    if alert.window is not None:
        annotations.setdefault("window", f"{time_text(alert.window.start)}/{time_text(alert.window.end)}")
    for name, link in (
        ("page_url", page_link(alert, external_url)),
        ("silence_url", silence_link(alert, external_url)),
    ):
        if link:
            annotations.setdefault(name, link)
    return {
        "status": status_of(alert),
        "labels": shortened(alert.labels),
        "annotations": shortened(annotations),
        "startsAt": time_text(alert.fired_at),
        "endsAt": time_text(alert.resolved_at),
        "generatorURL": rule_link(alert, external_url),
        "fingerprint": alert.fingerprint,
    }


def signature(secret: str, body: bytes, identity: str, seconds: int) -> dict[str, str]:
    """The headers by which a receiver knows that a body is ours, whole and new."""
    key = secret.encode()
    if secret.startswith(_SECRET_PREFIX):
        try:
            key = base64.b64decode(secret.removeprefix(_SECRET_PREFIX), validate=True)
        except ValueError:
            key = secret.encode()
    digest = hmac.new(key, f"{identity}.{seconds}.".encode() + body, hashlib.sha256).digest()
    return {
        "webhook-id": identity,
        "webhook-timestamp": str(seconds),
        "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
    }


def own_body(config: WebhookConfig, notification: Notification, document: Mapping[str, Any]) -> str:
    """The body that users wrote, with its placeholders filled; in JSON they stand inside of quotes.

    Raises DeliveryError where that is too long.
    """
    plain = {
        "status": notification.status,
        "receiver": notification.receiver,
        "title": title(notification),
        "text": plain_text(notification),
        "group_key": notification.group_key,
        "external_url": notification.external_url,
        "number": str(len(notification.alerts)),
    }
    keyed = {"labels": document["commonLabels"], "annotations": document["commonAnnotations"]}
    is_json = "json" in config.content_type
    length = len(config.body)

    def fill(found: re.Match[str]) -> str:
        nonlocal length
        text = keyed[found["name"]].get(found["key"], "") if found["key"] else plain[found["name"]]
        length += len(text)
        if length > _LONGEST_BODY:
            cause = f"The body of the webhook has more than {_LONGEST_BODY:,} characters with its placeholders filled"
            raise DeliveryError(f"{cause}. Take some out of `body`.", False)
        return json.dumps(text, ensure_ascii=False)[1:-1] if is_json else text

    return _PLACEHOLDER.sub(fill, config.body)


def shortened(texts: Mapping[str, str]) -> dict[str, str]:
    """In order, and cut where a client has sent a name that nobody can read."""
    return {
        name: text if len(text) <= _LONGEST_TEXT else f"{text[:_LONGEST_TEXT]}…" for name, text in sorted(texts.items())
    }


def time_text(moment: datetime | None) -> str:
    """As Go writes it: without the zeros that end a fraction."""
    if moment is None:
        return _NEVER
    text = moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")
    return text.rstrip("0").rstrip(".") + "Z"


def _fitting(alerts: Sequence[Mapping[str, Any]], size: int) -> int:
    """How many alerts fit into a body of `size` bytes with what it holds once; at least one."""
    sizes = accumulate(len(json.dumps(alert)) for alert in alerts)
    return max(sum(1 for end in sizes if end <= size - _SIZE_OF_REST), 1)


def _common(sets: Sequence[Mapping[str, str]]) -> dict[str, str]:
    first, *others = sets
    shared = set(first.items()).intersection(*(other.items() for other in others))
    return dict(sorted(shared))
