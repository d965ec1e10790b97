"""Every other service, by apprise and its addresses: https://github.com/caronc/apprise/wiki."""

import logging
from typing import Annotated

import apprise
from pydantic import BeforeValidator, Field, SecretStr, field_validator

from processors.alerts.channels.notification import DeliveryError, Notification
from processors.alerts.channels.secrets import ChannelModel
from processors.alerts.channels.text import plain_text, title

# It would log addresses, which hold tokens.
logging.getLogger("apprise").setLevel(logging.CRITICAL)


def _one_or_more(value: object) -> object:
    return [value] if isinstance(value, str) else value


class AppriseConfig(ChannelModel):
    """Addresses such as matrix://user:token@host/#room or ntfy://topic; all of them are notified."""

    urls: Annotated[tuple[SecretStr, ...], BeforeValidator(_one_or_more), Field(min_length=1)]

    @field_validator("urls")
    @classmethod
    def _are_known(cls, urls: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
        for number, url in enumerate(urls, 1):
            if apprise.Apprise.instantiate(url.get_secret_value(), suppress_exceptions=True) is None:
                raise ValueError(f"number {number} is no address of apprise; its wiki tells how one is written")
        return urls

    @property
    def shown(self) -> str:
        """The kinds of services."""
        return ", ".join(f"{url.get_secret_value().partition('://')[0]}://…" for url in self.urls)

    def open(self) -> "AppriseChannel":
        return AppriseChannel(self)


class AppriseChannel:
    """Notifies all of the addresses."""

    def __init__(self, config: AppriseConfig) -> None:
        self._config = config
        self._services = apprise.Apprise()
        for url in config.urls:
            self._services.add(url.get_secret_value())

    def send(self, notification: Notification) -> None:
        """Deliver a notification; raises DeliveryError where one of the addresses did not take it."""
        kind = apprise.NotifyType.FAILURE if notification.status == "firing" else apprise.NotifyType.SUCCESS
        taken = self._services.notify(
            body=plain_text(notification),
            title=title(notification),
            notify_type=kind,
            body_format=apprise.NotifyFormat.TEXT,
        )
        if not taken:
            cause = f"{self._config.shown} did not take the notification. Check address and token, and that it runs."
            raise DeliveryError(cause, True)

    def close(self) -> None:
        """Apprise keeps no connections."""
