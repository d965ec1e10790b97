"""Every other service, by apprise and its addresses: https://github.com/caronc/apprise/wiki."""

import logging
from collections.abc import Iterator
from typing import Annotated
from urllib.parse import parse_qsl

import apprise
from pydantic import BeforeValidator, Field, SecretStr, ValidationInfo, field_validator

from processors.alerts.channels.notification import DeliveryError, Notification
from processors.alerts.channels.secrets import ChannelModel, is_of_people
from processors.alerts.channels.text import plain_text, title

# It would log addresses, which hold tokens.
logging.getLogger("apprise").setLevel(logging.CRITICAL)


# They show or write to the machine that Gatelens runs on.
_OF_THE_MACHINE = frozenset({"blink1", "dbus", "glib", "gnome", "kde", "macosx", "qt", "syslog", "windows"})


def _one_or_more(value: object) -> object:
    return [value] if isinstance(value, str) else value


class AppriseConfig(ChannelModel):
    """Addresses such as matrix://user:token@host/#room or ntfy://topic; all of them are notified."""

    urls: Annotated[tuple[SecretStr, ...], BeforeValidator(_one_or_more), Field(min_length=1)]

    @field_validator("urls")
    @classmethod
    def _are_known(cls, urls: tuple[SecretStr, ...], info: ValidationInfo) -> tuple[SecretStr, ...]:
        for number, url in enumerate(urls, 1):
            address = url.get_secret_value()
            service = apprise.Apprise.instantiate(address, asset=_asset(), suppress_exceptions=True)
            if service is None:
                raise ValueError(f"number {number} is no address of apprise; its wiki tells how one is written")
            if is_of_people(info) and _uses_the_machine(service, address):
                raise ValueError(
                    f"number {number} reads or writes a file, loads an address or shows something on the server; leave"
                    " that out, or put the receiver into the rule file"
                )
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
        self._services = apprise.Apprise(asset=_asset())
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


def _asset() -> apprise.AppriseAsset:
    """As all other channels, it goes to no address that an answer names."""
    return apprise.AppriseAsset(http_redirects=False)


def _uses_the_machine(service: object, address: str) -> bool:
    """Whether a service takes a template or key from a file or an address, or is one of this machine."""
    scheme, _, rest = address.partition("://")
    names = [name.lower() for name, _ in parse_qsl(rest.partition("?")[2], keep_blank_values=True)]
    return (
        scheme.lower() in _OF_THE_MACHINE
        or any(name.endswith("file") for name in names)
        or any(len(one) > 0 for one in _attachments(service, deep=True))
    )


def _attachments(value: object, *, deep: bool) -> Iterator[apprise.AppriseAttachment]:
    """What apprise loads by name: of a service, and of the parts that it has for a task."""
    for part in vars(value).values() if hasattr(value, "__dict__") else ():
        if isinstance(part, apprise.AppriseAttachment):
            yield part
        elif deep:
            yield from _attachments(part, deep=False)
