"""Who is told of alerts: a receiver, its channel, and how often it wants to hear."""

import re
from datetime import timedelta
from urllib.parse import urlsplit

from pydantic import BaseModel, ByteSize, ConfigDict, Field, SecretStr, ValidationInfo, field_validator

from processors.alerts.durations import Duration
from processors.alerts.references import expand_environment

# Alertmanager's payload names the receiver as a pattern, in which these characters stand for themselves.
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 _/@-]*")


class Webhook(BaseModel):
    """An address that takes Alertmanager's webhook; it often holds a token, so it is never shown whole."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: SecretStr
    max_alerts: int = Field(default=500, ge=0)
    max_size: ByteSize = Field(default=ByteSize(1 << 20), ge=32 << 10)

    @property
    def shown(self) -> str:
        """The address as it may be shown: scheme, host and port."""
        parts = urlsplit(self.url.get_secret_value())
        return f"{parts.scheme}://{parts.hostname}{f':{parts.port}' if parts.port else ''}/…"

    @field_validator("url", mode="before")
    @classmethod
    def _is_expanded(cls, url: object, info: ValidationInfo) -> object:
        environment = (info.context or {}).get("environment")
        if environment is None or not isinstance(url, str):
            return url
        return expand_environment(url, environment)

    @field_validator("url")
    @classmethod
    def _is_http(cls, url: SecretStr) -> SecretStr:
        try:
            parts = urlsplit(url.get_secret_value())
            usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        except ValueError:
            usable = False
        if not usable:
            raise ValueError("is no address that can be called; write https://host/path, or ${env:NAME}")
        return url


class Receiver(BaseModel):
    """Who is told, how, and how often."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    webhook: Webhook
    send_resolved: bool = True
    repeat_interval: Duration = timedelta(hours=4)
    group_by: tuple[str, ...] = ("alertname", "environment")

    @field_validator("name")
    @classmethod
    def _is_plain(cls, name: str) -> str:
        if not _NAME.fullmatch(name):
            raise ValueError(f"{name!r} cannot be used; write letters, digits, blanks and any of _ - / @")
        return name
