"""Moments as people write them: `now`, `now-6h`, `now-7d/d`, `2026-11-23`, `2026-11-23 10:00`, epoch milliseconds; UTC.

The relative form is Grafana's: https://grafana.com/docs/grafana/latest/dashboards/use-dashboards/#time-units-and-relative-ranges
"""

import re
from datetime import UTC, datetime, timedelta

from processors.window import floor
from storage.errors import GatelensError

_RELATIVE = re.compile(r"^now(?:-(?P<count>\d{1,5})(?P<unit>[mhdw]))?(?:/(?P<rounded>[mhd]))?$")
_UNITS = {
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
}
_EPOCH_MILLISECONDS = re.compile(r"^\d{12,14}$")


class InvalidMoment(GatelensError):
    """A text that is no moment."""


def parse_moment(text: str, now: datetime) -> datetime:
    """The moment in UTC. Raises InvalidMoment."""
    text = text.strip()
    if relative := _RELATIVE.match(text):
        return _relative(relative, now)
    try:
        if _EPOCH_MILLISECONDS.match(text):
            return datetime.fromtimestamp(int(text) / 1000, UTC)
        moment = datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        raise InvalidMoment(
            f"{text!r} is not a moment; write now, now-6h, now-7d/d, 2026-11-23 or 2026-11-23T10:00 (UTC)."
        ) from None
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def is_relative(text: str) -> bool:
    """Whether the moment moves with the clock."""
    return text.strip().startswith("now")


def _relative(form: re.Match[str], now: datetime) -> datetime:
    moment = now.astimezone(UTC)
    if form["count"]:
        moment -= int(form["count"]) * _UNITS[form["unit"]]
    return floor(moment, _UNITS[form["rounded"]]) if form["rounded"] else moment
