"""Who is notified of alerts: a receiver and its channels."""

import re
from datetime import timedelta

from pydantic import Field, field_validator, model_validator

from processors.alerts.channels.channel import CHANNELS, Channels
from processors.time.durations import Duration

# Alertmanager's payload names the receiver as a pattern, in which these characters stand for themselves.
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 _/@-]*")


class Receiver(Channels):
    """Who is notified, by which channels; how often, for rules that name it themselves."""

    name: str = Field(max_length=100)
    send_resolved: bool = True
    repeat_interval: Duration = timedelta(hours=4)
    group_by: tuple[str, ...] = ("alertname", "environment")

    @field_validator("name")
    @classmethod
    def _is_plain(cls, name: str) -> str:
        if not _NAME.fullmatch(name):
            raise ValueError(f"{name!r} cannot be used; write letters, digits, blanks and any of _ - / @")
        return name

    @model_validator(mode="after")
    def _has_a_channel(self) -> "Receiver":
        if not self.channels:
            raise ValueError(f"has no channel; add one of {', '.join(CHANNELS)}")
        return self
