from datetime import UTC, datetime

import pytest

from processors.errors import InvalidReport
from processors.time.period import parse_period

NOW = datetime(2026, 3, 15, 10, 20, 30, 400, tzinfo=UTC)


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ("2026-02-01", "2026-03-01", "2026-02-01 00:00 2026-03-01 00:00"),
        ("2026-02", "2026-03", "2026-02-01 00:00 2026-03-01 00:00"),
        ("2026-02", "", "2026-02-01 00:00 2026-03-01 00:00"),
        ("2025-12", "", "2025-12-01 00:00 2026-01-01 00:00"),
        ("2026-03-01T13:05:59", "2026-03-01T14:00:01Z", "2026-03-01 13:05 2026-03-01 14:00"),
        ("2026-03-01T13:00+02:00", "2026-03-02", "2026-03-01 11:00 2026-03-02 00:00"),
        ("now-7d", "now", "2026-03-08 10:20 2026-03-15 10:20"),
        (" now-90m ", "", "2026-03-15 08:50 2026-03-15 10:20"),
        ("today", "", "2026-03-15 00:00 2026-03-15 10:20"),
        ("yesterday", "", "2026-03-14 00:00 2026-03-15 00:00"),
        ("yesterday", "now", "2026-03-14 00:00 2026-03-15 10:20"),
        ("yesterday", "today", "2026-03-14 00:00 2026-03-15 00:00"),
        ("this-month", "", "2026-03-01 00:00 2026-03-15 10:20"),
        ("last-month", "", "2026-02-01 00:00 2026-03-01 00:00"),
        ("last-month", "this-month", "2026-02-01 00:00 2026-03-01 00:00"),
        ("2026-03-01", "2027-01-01", "2026-03-01 00:00 2027-01-01 00:00"),
    ],
)
def test_periods(start: str, end: str, expected: str) -> None:
    window = parse_period(start, end, NOW)

    assert f"{window.start:%Y-%m-%d %H:%M} {window.end:%Y-%m-%d %H:%M}" == expected
    assert window.start.tzinfo == window.end.tzinfo == UTC


@pytest.mark.parametrize("now", [datetime(2026, 1, 31, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)])
def test_last_month_of_january_is_december(now: datetime) -> None:
    window = parse_period("last-month", "", now)

    assert (window.start, window.end) == (
        datetime(2025, 12, 1, tzinfo=UTC),
        datetime(2026, 1, 1, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    ("start", "end", "told"),
    [
        ("May", "", "`from` is 'May'"),
        ("", "", "`from` is ''"),
        ("2026-13", "", "`from` is '2026-13'"),
        ("0000-01", "", "`from` is '0000-01'"),
        ("today", "2026-02-30", "`to` is '2026-02-30'"),
        ("now-5q", "", "`from` is 'now-5q'"),
        ("2026-03-02", "2026-03-01", "is empty"),
        ("2026-03-01", "2026-03-01", "midnight in UTC"),
        ("2026-03-01T10:00:10", "2026-03-01T10:00:50", "is empty"),
        ("2026-04", "now", "is empty"),
        ("1969-12-31", "now", "in the year 1969"),
        ("today", "9999-12", "in the year 9999"),
        ("now-99999w", "now", "in the year"),
    ],
)
def test_faults_tell_which_edge_and_what_to_write(start: str, end: str, told: str) -> None:
    with pytest.raises(InvalidReport, match=told):
        parse_period(start, end, NOW)
