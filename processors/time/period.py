"""The period of a report: moments of `processors.time.expression`, and days and months that people bill by, in UTC.

A text is the moment at which what it names begins, and the period ends just before `to`: `2026-05-01` to
`2026-06-01`, or `2026-05` to `2026-06`, is May to its last microsecond.
"""

import re
from datetime import UTC, datetime, timedelta

from processors.errors import InvalidReport
from processors.time.expression import FIRST_YEAR, LAST_YEAR, InvalidTimeExpression, parse_time
from processors.time.window import MINUTE, Window, floor

_MONTH = re.compile(r"^(?P<year>\d{4})-(?P<month>0[1-9]|1[0-2])$")
_DAY = timedelta(days=1)


def parse_period(start: str, end: str, now: datetime) -> Window:
    """The period from `start` to `end`, its edges floored to the minute. Raises InvalidReport.

    Where `end` is '', a month (`2026-05`, `last-month`) and `yesterday` are taken whole; anything else lasts
    until now.
    """
    now = now.astimezone(UTC)
    first = _moment("from", start, now)
    last = _moment("to", end, now) if end else (_end_of(start.strip(), first) or floor(now, MINUTE))
    if last <= first:
        raise InvalidReport(
            f"The period from {_shown(first)} to {_shown(last)} is empty; `to` must be later than `from`, "
            "and a date begins at its midnight in UTC."
        )
    return Window(first, last)


def _moment(edge: str, text: str, now: datetime) -> datetime:
    moment = _named(text.strip(), now)
    if moment is None:
        try:
            moment = parse_time(text, now)
        except (InvalidTimeExpression, OverflowError):
            raise InvalidReport(
                f"`{edge}` is {text!r}, which is not a time; write 2026-05, 2026-05-01, 2026-05-01T13:00, "
                "now, now-7d, today, yesterday, this-month or last-month (UTC)."
            ) from None
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise InvalidReport(f"`{edge}` is in the year {moment.year}; choose one from {FIRST_YEAR} to {LAST_YEAR}.")
    return floor(moment, MINUTE)


def _named(text: str, now: datetime) -> datetime | None:
    today = floor(now, _DAY)
    month = today.replace(day=1)
    if of_year := _MONTH.match(text):
        year = int(of_year["year"])
        return datetime(year, int(of_year["month"]), 1, tzinfo=UTC) if year else None
    return {
        "today": today,
        "yesterday": today - _DAY,
        "this-month": month,
        "last-month": (month - _DAY).replace(day=1),
    }.get(text)


def _end_of(text: str, start: datetime) -> datetime | None:
    if text == "yesterday":
        return start + _DAY
    if text == "last-month" or _MONTH.match(text):
        return (start + timedelta(days=31)).replace(day=1)
    return None


def _shown(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M")
