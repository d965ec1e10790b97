"""Opsgenie's alerts: https://docs.opsgenie.com/docs/alert-api."""

from typing import Any

from pydantic import Field, SecretStr, field_validator

from processors.alerts.channels.http_call import HttpCaller
from processors.alerts.channels.notification import Notification
from processors.alerts.channels.secrets import ChannelModel, checked_address, shown_address
from processors.alerts.channels.text import paragraphs, plain_text, severity, title

_PRIORITIES = {"critical": "P1", "page": "P1", "error": "P2", "warning": "P3", "info": "P5"}
_LONGEST_MESSAGE = 130
_LONGEST_DESCRIPTION = 15_000
_LONGEST_TAG = 50
_MOST_TAGS = 20


class OpsgenieConfig(ChannelModel):
    """An API integration; `url` is another for Europe, https://api.eu.opsgenie.com."""

    api_key: SecretStr = Field(min_length=1)
    url: SecretStr = SecretStr("https://api.opsgenie.com")

    _is_address = field_validator("url")(checked_address)

    @property
    def shown(self) -> str:
        """The address as it may be shown."""
        return shown_address(self.url)

    def open(self) -> "OpsgenieChannel":
        return OpsgenieChannel(self)


class OpsgenieChannel:
    """Opens and closes one alert for each group of ours."""

    def __init__(self, config: OpsgenieConfig) -> None:
        self._config = config
        self._caller = HttpCaller()

    def send(self, notification: Notification) -> None:
        """Deliver a notification; raises DeliveryError."""
        path, body = opsgenie_call(notification)
        address = SecretStr(f"{self._config.url.get_secret_value().rstrip('/')}{path}")
        self._caller.post(address, body, {"Authorization": f"GenieKey {self._config.api_key.get_secret_value()}"})

    def close(self) -> None:
        self._caller.close()


def opsgenie_call(notification: Notification) -> tuple[str, dict[str, Any]]:
    """The path and the body: an alert is opened, or closed by its alias."""
    alias = notification.key_hash
    if notification.status == "resolved":
        return f"/v2/alerts/{alias}/close?identifierType=alias", {"source": "Gatelens", "note": title(notification)}
    tags = [f"{name}={value}"[:_LONGEST_TAG] for name, value in sorted(notification.alerts[0].labels.items())]
    return "/v2/alerts", {
        "message": title(notification)[:_LONGEST_MESSAGE],
        "alias": alias,
        "description": plain_text(notification)[:_LONGEST_DESCRIPTION],
        "priority": _PRIORITIES.get(severity(notification), "P3"),
        "source": "Gatelens",
        "tags": tags[:_MOST_TAGS],
        "details": dict(paragraphs(notification)[0].facts),
    }
