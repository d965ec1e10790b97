"""Times at which a time axis is labelled."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from dashboards.figures.time_ticks import time_ticks
from processors.time.window import Window

END = datetime(2026, 12, 1, 17, 5, tzinfo=UTC)


def _window(start: datetime, end: datetime = END) -> Window:
    return Window(start, end)


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "America/New_York"])
def test_a_year_is_labelled_at_the_beginnings_of_its_months(zone: str) -> None:
    there = ZoneInfo(zone)
    ticks, labels = time_ticks(_window(datetime(2025, 12, 1, 17, 5, tzinfo=UTC)), there)
    months = [f"{datetime(2026, month, 1):%b %Y}" for month in range(1, 13)]
    assert labels == months
    assert all(datetime.fromtimestamp(tick / 1000, there).strftime("%d %H:%M") == "01 00:00" for tick in ticks)


def test_several_years_are_labelled_at_round_months() -> None:
    _, labels = time_ticks(_window(datetime(2023, 12, 1, tzinfo=UTC)), ZoneInfo("UTC"))
    assert labels == [f"{month} {year}" for year in (2024, 2025, 2026) for month in ("Jan", "Apr", "Jul", "Oct")]
    _, decades = time_ticks(_window(datetime(1996, 6, 1, tzinfo=UTC)), ZoneInfo("UTC"))
    assert decades == [f"Jan {year}" for year in range(1999, 2027, 3)]


@pytest.mark.parametrize(
    ("start", "first"),
    [
        (datetime(2026, 12, 1, 16, 5, tzinfo=UTC), "16:05"),
        (datetime(2026, 11, 24, 17, 5, tzinfo=UTC), "25 Nov"),
        (datetime(2026, 11, 1, 17, 5, tzinfo=UTC), "2 Nov"),
        (datetime(2026, 9, 1, tzinfo=UTC), "7 Sep"),
    ],
)
def test_shorter_ranges_are_labelled_at_times_and_days(start: datetime, first: str) -> None:
    _, labels = time_ticks(_window(start), ZoneInfo("UTC"))
    assert labels[0] == first
    assert len(labels) <= 15
