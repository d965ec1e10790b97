"""Recurring times, such as nights and weekends, as Alertmanager writes them.

https://prometheus.io/docs/alerting/latest/configuration/#time_interval-0
"""

import calendar
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, tzinfo
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError, field_validator

WEEKDAYS = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
_MONTHS = tuple(name.lower() for name in calendar.month_name)
_CLOCK = re.compile(r"(?P<hour>[01]\d|2[0-3]):(?P<minute>[0-5]\d)|24:00")
_DAY_MINUTES = 24 * 60

Range = tuple[int, int]


def _minute_of_day(value: object) -> int:
    # YAML reads 09:00 without quotes as minutes.
    if isinstance(value, int) and 0 <= value <= _DAY_MINUTES:
        return value
    found = _CLOCK.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise ValueError(f"{value!r} is no time of day; write one such as '09:00', up to '24:00'")
    return int(found["hour"]) * 60 + int(found["minute"]) if found["hour"] else _DAY_MINUTES


def _ranges(number: Callable[[str], int], example: str) -> BeforeValidator:
    """Reads `first:last` and single ones."""

    def read(value: object) -> object:
        values = value if isinstance(value, list | tuple) else [value]
        return tuple(one if isinstance(one, tuple) else _range(str(one), number, example) for one in values)

    return BeforeValidator(read)


def _range(text: str, number: Callable[[str], int], example: str) -> Range:
    first, colon, last = text.strip().lower().partition(":")
    try:
        found = number(first), number(last if colon else first)
    except ValueError:
        raise ValueError(f"{text!r} cannot be used; write a value or a range such as {example}") from None
    if found[0] > found[1] and (found[0] > 0) == (found[1] > 0):
        raise ValueError(f"{text!r} ends before it starts; write the earlier one first, or two ranges")
    return found


def _day_of_month(text: str) -> int:
    day = int(text)
    if not 1 <= abs(day) <= 31:
        raise ValueError(text)
    return day


def _month(text: str) -> int:
    month = int(text) if text.isdigit() else _MONTHS.index(text)
    if not 1 <= month <= 12:
        raise ValueError(text)
    return month


class TimeRange(BaseModel):
    """A part of a day, from `start_time` (included) to `end_time` (excluded)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    start_time: Annotated[int, BeforeValidator(_minute_of_day)]
    end_time: Annotated[int, BeforeValidator(_minute_of_day)]

    @field_validator("end_time")
    @classmethod
    def _is_later(cls, end: int, info: object) -> int:
        start = getattr(info, "data", {}).get("start_time")
        if start is not None and end <= start:
            raise ValueError("is not after start_time; write two ranges for a night, one up to '24:00'")
        return end


class TimeInterval(BaseModel):
    """When all of what is given holds; in UTC where no `location` is named."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    times: tuple[TimeRange, ...] = ()
    weekdays: Annotated[tuple[Range, ...], _ranges(WEEKDAYS.index, "monday:friday")] = ()
    days_of_month: Annotated[tuple[Range, ...], _ranges(_day_of_month, "1:5 or -3:-1")] = ()
    months: Annotated[tuple[Range, ...], _ranges(_month, "january:march or 1:3")] = ()
    years: Annotated[tuple[Range, ...], _ranges(int, "2026:2027")] = ()
    location: str = "UTC"

    @field_validator("location")
    @classmethod
    def _is_known(cls, location: str) -> str:
        zone_of(location)
        return location

    def contains(self, moment: datetime) -> bool:
        """Whether a moment lies in it."""
        local = moment.astimezone(zone_of(self.location))
        minute = local.hour * 60 + local.minute
        days = calendar.monthrange(local.year, local.month)[1]
        return (
            (not self.times or any(part.start_time <= minute < part.end_time for part in self.times))
            and _within(self.weekdays, local.isoweekday() % 7)
            and _within(_of_this_month(self.days_of_month, days), local.day)
            and _within(self.months, local.month)
            and _within(self.years, local.year)
        )


class NamedIntervals(BaseModel):
    """Time intervals that routes name."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    time_intervals: tuple[TimeInterval, ...]

    def contains(self, moment: datetime) -> bool:
        return any(interval.contains(moment) for interval in self.time_intervals)


def recurring(times: str, weekdays: str, location: str) -> tuple[TimeInterval, ...]:
    """Times as people write them in one line each, as `22:00-06:00` and `monday:friday, sunday`.

    A stretch over midnight goes on on the next day, whichever that is. Raises ValueError with the cure.
    """
    parts: list[dict[str, str]] = []
    for text in filter(None, map(str.strip, times.split(","))):
        start, dash, end = (part.strip() for part in text.partition("-"))
        if not dash:
            raise ValueError(f"{text!r} is no stretch of a day; write one such as 22:00-06:00")
        if _minute_of_day(start) < _minute_of_day(end):
            parts.append({"start_time": start, "end_time": end})
        else:
            parts += [{"start_time": start, "end_time": "24:00"}, {"start_time": "00:00", "end_time": end}]
    days = [text.strip() for text in weekdays.split(",") if text.strip()]
    if not parts and not days:
        return ()
    given = {
        # One that would end as it begins: 22:00-00:00 is until midnight.
        "times": [part for part in parts if part["end_time"] != "00:00"],
        "weekdays": days,
        "location": location,
    }
    try:
        return (TimeInterval.model_validate(given),)
    except ValidationError as error:
        raise ValueError(str(error.errors()[0]["msg"]).removeprefix("Value error, ")) from None


def in_words(interval: TimeInterval) -> str:
    """A recurring time as people read it, e.g. 'monday to friday 22:00-24:00 Europe/Berlin'."""
    days = [WEEKDAYS[first] + (f" to {WEEKDAYS[last]}" if last != first else "") for first, last in interval.weekdays]
    times = [f"{clock_text(part.start_time)}-{clock_text(part.end_time)}" for part in interval.times]
    rest = [
        f"{name} {', '.join(f'{first}:{last}' if last != first else str(first) for first, last in ranges)}"
        for name, ranges in (
            ("days", interval.days_of_month),
            ("months", interval.months),
            ("years", interval.years),
        )
        if ranges
    ]
    return " ".join([*filter(None, (", ".join(days), ", ".join(times))), *rest, interval.location])


def clock_text(minute: int) -> str:
    """A minute of the day, as 09:00."""
    return f"{minute // 60:02}:{minute % 60:02}"


def zone_of(location: str) -> tzinfo:
    """The time zone of a name such as Europe/Berlin; raises ValueError with the cure."""
    if location == "UTC":
        return UTC
    try:
        return ZoneInfo(location)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"{location!r} is no time zone; write one such as Europe/Berlin or UTC") from None


def _of_this_month(ranges: Sequence[Range], days: int) -> tuple[Range, ...]:
    """Days counted from the end of the month, as -1, become days of this one."""
    return tuple((_day(first, days), _day(last, days)) for first, last in ranges)


def _day(day: int, days: int) -> int:
    return day if day > 0 else days + day + 1


def _within(ranges: Sequence[Range], value: int) -> bool:
    return not ranges or any(first <= value <= last for first, last in ranges)
