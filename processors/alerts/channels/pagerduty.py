"""PagerDuty's events, version 2: https://developer.pagerduty.com/docs/events-api-v2-overview."""

from typing import Any

from pydantic import Field, SecretStr, field_validator

from processors.alerts.channels.http_call import HttpCaller
from processors.alerts.channels.notification import Notification
from processors.alerts.channels.secrets import ChannelModel, checked_address, shown_address
from processors.alerts.channels.text import paragraphs, plain_text, severity, title
from processors.alerts.channels.webhook import time_text

# PagerDuty's words for severities, by ours; anything else is an error.
_SEVERITIES = {"critical": "critical", "page": "critical", "error": "error", "warning": "warning", "info": "info"}
_LONGEST_SUMMARY = 1_024


class PagerDutyConfig(ChannelModel):
    """An integration of a service; `url` is another for Europe, https://events.eu.pagerduty.com/v2/enqueue."""

    routing_key: SecretStr = Field(min_length=1)
    url: SecretStr = SecretStr("https://events.pagerduty.com/v2/enqueue")

    _is_address = field_validator("url")(checked_address)

    @property
    def shown(self) -> str:
        """The address as it may be shown."""
        return shown_address(self.url)

    def open(self) -> "PagerDutyChannel":
        return PagerDutyChannel(self)


class PagerDutyChannel:
    """Triggers and resolves one incident for each group of alerts."""

    def __init__(self, config: PagerDutyConfig) -> None:
        self._config = config
        self._caller = HttpCaller()

    def send(self, notification: Notification) -> None:
        """Deliver a notification; raises DeliveryError."""
        event = pagerduty_event(notification, self._config.routing_key.get_secret_value())
        self._caller.post(self._config.url, event)

    def close(self) -> None:
        self._caller.close()


def pagerduty_event(notification: Notification, routing_key: str) -> dict[str, Any]:
    """The event; its dedup key is the group's, so that all of a group is one incident."""
    head = {"routing_key": routing_key, "dedup_key": notification.key_hash}
    if notification.status == "resolved":
        return {**head, "event_action": "resolve"}
    shown = paragraphs(notification)
    labels = notification.alerts[0].labels
    started = min(alert.fired_at or alert.active_at for alert in notification.alerts if alert.is_firing)
    return {
        **head,
        "event_action": "trigger",
        "client": "Gatelens",
        "client_url": notification.external_url,
        "links": [{"href": url, "text": name} for name, url in shown[0].links],
        "payload": {
            "summary": title(notification)[:_LONGEST_SUMMARY],
            "source": labels.get("gateway") or labels.get("environment") or "gatelens",
            "severity": _SEVERITIES.get(severity(notification), "error"),
            "timestamp": time_text(started),
            "component": labels.get("api", ""),
            "group": labels.get("environment", ""),
            "class": labels.get("alertname", ""),
            "custom_details": {
                "text": plain_text(notification),
                "alerts": len(notification.alerts),
                **dict(shown[0].facts),
            },
        },
    }
