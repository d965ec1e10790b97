"""Time expressions: `now`, `now-6h`, `now-7d/d`, `2026-11-23`, `2026-11-23 10:00`, epoch milliseconds; in UTC.

The relative form is Grafana's: https://grafana.com/docs/grafana/latest/dashboards/use-dashboards/#time-units-and-relative-ranges
"""

import re
from datetime import UTC, datetime, timedelta

from processors.time.window import MINUTE, Window, ceil, floor
from storage.errors import GatelensError

_RELATIVE = re.compile(r"^now(?:-(?P<count>\d{1,5})(?P<unit>[mhdwMy]))?(?:/(?P<rounded>[mhd]))?$")
_UNITS = {
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
    # Of the calendar they would differ in length, and a comparison with the period before with them.
    "M": timedelta(days=30),
    "y": timedelta(days=365),
}
_EPOCH_MILLISECONDS = re.compile(r"^\d{12,14}$")
# Beyond this one would ask for more than anyone keeps.
_LONGEST = timedelta(days=3660)
# Of the calendar, which ends a day after them: whatever time zone they are shown in, there is such a time.
_FIRST_CALENDAR_YEAR, _LAST_CALENDAR_YEAR = 2, 9998
# ClickHouse counts the minutes of roll-ups in a DateTime, which knows these years whole.
FIRST_YEAR, LAST_YEAR = 1970, 2105


class InvalidTimeExpression(GatelensError):
    """A text that is no time expression."""


class InvalidRange(GatelensError):
    """A time range that ends before it starts, or is too long."""


def parse_time(text: str, now: datetime) -> datetime:
    """The time in UTC. Raises InvalidTimeExpression."""
    text = text.strip()
    try:
        moment = _moment(text, now)
    except (ValueError, OverflowError):
        moment = None
    if moment is None or not _FIRST_CALENDAR_YEAR <= moment.year <= _LAST_CALENDAR_YEAR:
        raise InvalidTimeExpression(
            f"{text!r} is not a time; write now, now-6h, now-7d/d, 2026-11-23 or 2026-11-23T10:00 (UTC)."
        )
    return moment


def parse_window(start: str, end: str, now: datetime) -> Window:
    """The window in whole minutes, the one that `end` is in included. Raises InvalidTimeExpression or InvalidRange."""
    moments = [parse_time(edge, now) for edge in (start, end)]
    if not all(FIRST_YEAR <= moment.year <= LAST_YEAR for moment in moments):
        raise InvalidRange(f"The time range is not within the years {FIRST_YEAR} to {LAST_YEAR}; choose one that is.")
    first, last = floor(moments[0], MINUTE), ceil(moments[1], MINUTE)
    if last <= first:
        raise InvalidRange(f"The time range ends ({end}) before it starts ({start}); swap them.")
    if last - first > _LONGEST:
        raise InvalidRange("The time range is longer than ten years; choose a shorter one.")
    return Window(first, last)


def is_relative(text: str) -> bool:
    """Whether the time moves with the clock."""
    return text.strip().startswith("now")


def _moment(text: str, now: datetime) -> datetime:
    if relative := _RELATIVE.match(text):
        return _relative(relative, now)
    if _EPOCH_MILLISECONDS.match(text):
        return datetime.fromtimestamp(int(text) / 1000, UTC)
    moment = datetime.fromisoformat(text)
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def _relative(form: re.Match[str], now: datetime) -> datetime:
    moment = now.astimezone(UTC)
    if form["count"]:
        moment -= int(form["count"]) * _UNITS[form["unit"]]
    return floor(moment, _UNITS[form["rounded"]]) if form["rounded"] else moment
