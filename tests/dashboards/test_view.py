"""The URL is the state of a page."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboards.toolbar import shown_range
from dashboards.view import InvalidRange, View, parse_view
from processors.moment import InvalidMoment, parse_moment
from processors.window import Window

NOW = datetime(2026, 11, 23, 10, 16, 31, tzinfo=UTC)

_words = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=20)


@given(_words, _words, _words, _words)
def test_a_view_survives_its_url(environment: str, gateway: str, api: str, version: str) -> None:
    view = View("now-6h", "now", environment, gateway, api, version, "30s")
    assert parse_view(view.query()) == view


def test_defaults_leave_the_url_clean() -> None:
    assert View().query() == ""
    assert parse_view(None) == parse_view("") == parse_view("?unknown=1") == View()


def test_the_window_is_whole_minutes_with_the_present_one() -> None:
    assert View("now-1h", "now").window(NOW) == Window(
        datetime(2026, 11, 23, 9, 16, tzinfo=UTC), datetime(2026, 11, 23, 10, 17, tzinfo=UTC)
    )


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("now", NOW),
        (" now-90m ", NOW - timedelta(minutes=90)),
        ("now/d", datetime(2026, 11, 23, tzinfo=UTC)),
        ("now-1d/d", datetime(2026, 11, 22, tzinfo=UTC)),
        ("now-2w", NOW - timedelta(weeks=2)),
        ("2026-11-20", datetime(2026, 11, 20, tzinfo=UTC)),
        ("2026-11-20T10:30", datetime(2026, 11, 20, 10, 30, tzinfo=UTC)),
        ("2026-11-20T10:30:00+02:00", datetime(2026, 11, 20, 8, 30, tzinfo=UTC)),
        ("1795000000000", datetime.fromtimestamp(1_795_000_000, UTC)),
    ],
)
def test_moments(text: str, moment: datetime) -> None:
    assert parse_moment(text, NOW) == moment


@pytest.mark.parametrize("text", ["", "yesterdayish", "now-", "now-5y", "now+1h", "2026-13-01", "9999999999999999"])
def test_what_is_no_moment_says_what_is(text: str) -> None:
    with pytest.raises(InvalidMoment, match="now-6h"):
        parse_moment(text, NOW)


@pytest.mark.parametrize(("start", "end"), [("now", "now-1h"), ("2026-11-24", "2026-11-23"), ("now-99999d", "now")])
def test_ranges_that_cannot_be(start: str, end: str) -> None:
    with pytest.raises(InvalidRange):
        View(start, end).window(NOW)


def test_refresh_follows_the_clock_only() -> None:
    assert View(refresh="30s").refresh_seconds == 30
    assert View(refresh="off").refresh_seconds == 0
    assert View(refresh="nonsense").refresh_seconds == 0
    assert View("2026-11-20", "2026-11-21", refresh="30s").refresh_seconds == 0


@pytest.mark.parametrize(
    ("start", "end", "shown"),
    [
        ("now-1h", "now", "Last hour"),
        ("now-3h", "now", "Last 3 h"),
        ("now-1d/d", "now/d", "Yesterday"),
        ("2026-11-20", "2026-11-21T06:30", "Nov 20 00:00 to Nov 21 06:30 UTC"),
        ("then", "now", "Choose a time range"),
    ],
)
def test_ranges_in_words(start: str, end: str, shown: str) -> None:
    assert shown_range(View(start, end), NOW) == shown
