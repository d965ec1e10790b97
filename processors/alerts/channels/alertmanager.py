"""An Alertmanager of yours, which then groups, silences and routes: its API, version 2.

https://github.com/prometheus/alertmanager/blob/main/api/v2/openapi.yaml
"""

from datetime import timedelta
from typing import Any, ClassVar

from pydantic import SecretStr, field_validator

from processors.alerts.channels.http_call import HttpCaller
from processors.alerts.channels.notification import Notification
from processors.alerts.channels.secrets import ChannelModel, checked_address, shown_address
from processors.alerts.channels.webhook import alert_json


class AlertmanagerConfig(ChannelModel):
    """Its address, as http://alertmanager:9093, with user and password or a token where it needs them."""

    # It takes an alert that is not sent again within five minutes for resolved.
    resend_interval: ClassVar[timedelta | None] = timedelta(minutes=1)

    url: SecretStr
    token: SecretStr | None = None

    _is_address = field_validator("url")(checked_address)

    @property
    def shown(self) -> str:
        """The address as it may be shown."""
        return shown_address(self.url)

    def open(self) -> "AlertmanagerChannel":
        return AlertmanagerChannel(self)


class AlertmanagerChannel:
    """Gives alerts to an Alertmanager as Prometheus does."""

    def __init__(self, config: AlertmanagerConfig) -> None:
        self._config = config
        self._caller = HttpCaller()

    def send(self, notification: Notification) -> None:
        """Deliver the alerts; raises DeliveryError."""
        address = SecretStr(f"{self._config.url.get_secret_value().rstrip('/')}/api/v2/alerts")
        token = self._config.token
        headers = {} if token is None else {"Authorization": f"Bearer {token.get_secret_value()}"}
        self._caller.post(address, postable(notification), headers)

    def close(self) -> None:
        self._caller.close()


def postable(notification: Notification) -> list[dict[str, Any]]:
    """The alerts of a notification; one that fires has no end."""
    found = []
    for alert in notification.alerts:
        document = alert_json(alert, notification.external_url)
        kept = {name: document[name] for name in ("labels", "annotations", "startsAt", "generatorURL")}
        found.append(kept if alert.is_firing else kept | {"endsAt": document["endsAt"]})
    return found
