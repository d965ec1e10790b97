"""Times in the reader's zone: the one place where they are written."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from dashboards import formats
from processors.time.expression import is_relative, parse_time


@dataclass(frozen=True)
class Times:
    """Writes times as a reader of a zone reads them, shortly before or after `now`."""

    zone: ZoneInfo
    now: datetime

    def minute(self, at: datetime) -> str:
        """'14:05' of today, '29 Nov 14:05' of this year, else '29 Nov 2025 14:05'."""
        return f"{self._day(at)}{self.local(at):%H:%M}"

    def second(self, at: datetime) -> str:
        """The same to the second."""
        return f"{self._day(at)}{self.local(at):%H:%M:%S}"

    def millisecond(self, at: datetime) -> str:
        """The same to the millisecond."""
        return f"{self.second(at)}.{at.microsecond // 1000:03d}"

    def full(self, at: datetime) -> str:
        """With the date and the zone, for what is hovered over or exported."""
        return f"{self.local(at):%Y-%m-%d %H:%M:%S} {self.zone_name(at)}"

    def ago(self, at: datetime) -> str:
        """'3 min ago', in its largest unit."""
        passed = max(timedelta(0), self.now - at)
        if passed < timedelta(seconds=2):
            return "now"
        return f"{formats.span(passed).split(' ')[0]} ago"

    def zone_name(self, at: datetime) -> str:
        """'CET' or 'UTC+01:00'."""
        name = self.local(at).tzname() or self.zone.key
        return name if name[:1].isalpha() else f"UTC{name}"

    def between(self, start: datetime, end: datetime) -> str:
        """Both edges; the day once where it is one, and twice, even today's, where there are two."""
        if self.local(start).date() == self.local(end).date():
            return f"{self.minute(start)} – {self.local(end):%H:%M}"
        return " – ".join(f"{self._date(at)}{self.local(at):%H:%M}" for at in (start, end))

    def local(self, at: datetime) -> datetime:
        """A time without a zone is in UTC."""
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(self.zone)

    def _day(self, at: datetime) -> str:
        return "" if self.local(at).date() == self.local(self.now).date() else self._date(at)

    def _date(self, at: datetime) -> str:
        local = self.local(at)
        return f"{local.day} {local:%b} " if local.year == self.local(self.now).year else f"{local.day} {local:%b %Y} "


def written(text: str, zone: ZoneInfo, now: datetime) -> str:
    """A time as the URL keeps it: relative ones as they are, others in UTC, so that a link is the same for everybody.

    Without a zone of its own it is one of `zone`. Raises InvalidTimeExpression.
    """
    text = text.strip()
    parsed = parse_time(text, now)
    if is_relative(text):
        return text
    try:
        plain = datetime.fromisoformat(text)
    except ValueError:
        plain = parsed
    if plain.tzinfo is None:
        plain = plain.replace(tzinfo=zone)
    return address_time(plain)


def address_time(at: datetime) -> str:
    """'2026-11-30T05:30Z'."""
    utc = at.astimezone(UTC)
    return f"{utc:%Y-%m-%dT%H:%M}Z" if not utc.second else f"{utc:%Y-%m-%dT%H:%M:%S}Z"
