"""Durations as Prometheus writes them: 30s, 5m, 1h30m, 7d."""

import re
from datetime import timedelta
from typing import Annotated

from pydantic import BeforeValidator

_FORM = re.compile(
    r"(?:(?P<weeks>\d{1,8})w)?(?:(?P<days>\d{1,8})d)?(?:(?P<hours>\d{1,8})h)?(?:(?P<minutes>\d{1,8})m)?(?:(?P<seconds>\d{1,8})s)?"
)
# Far more than any retention, and far less than what a timedelta or a timestamp cannot hold.
_LONGEST = timedelta(days=3650)


def parse_duration(value: object) -> timedelta:
    """The duration that a text stands for; raises ValueError with the cure."""
    if isinstance(value, timedelta):
        return value
    text = str(value)
    if text == "0":
        return timedelta()
    found = _FORM.fullmatch(text)
    if not text or found is None:
        raise ValueError(f"{text!r} is no duration; write one such as 30s, 5m, 1h30m or 7d")
    duration = timedelta(**{unit: int(number) for unit, number in found.groupdict().items() if number})
    if duration > _LONGEST:
        raise ValueError(f"{text!r} is too long; write ten years or less")
    return duration


def show_duration(duration: timedelta) -> str:
    """The shortest text that `parse_duration` reads as this duration."""
    rest = int(duration.total_seconds())
    parts = []
    for unit, seconds in (("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)):
        number, rest = divmod(rest, seconds)
        if number:
            parts.append(f"{number}{unit}")
    return "".join(parts) or "0s"


Duration = Annotated[timedelta, BeforeValidator(parse_duration)]
