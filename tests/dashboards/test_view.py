"""The URL is the state of a page."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboards.site.time_picker import shifted, shown_range
from dashboards.state.context import PageContext
from dashboards.state.range_text import two_edges
from dashboards.state.times import Times, written
from dashboards.state.view import View, parse_view
from dashboards.state.zones import zone_of
from processors.query.filters import Filter, Operator
from processors.time.expression import InvalidRange, InvalidTimeExpression, parse_time
from processors.time.window import Window

NOW = datetime(2026, 11, 23, 10, 16, 31, tzinfo=UTC)

_words = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=20)


@given(_words, _words, _words, st.sampled_from([Operator.IN, Operator.NOT_IN, Operator.PREFIX]))
def test_a_view_survives_its_url(value: str, item: str, parameter: str, operator: Operator) -> None:
    filters = (Filter("api", operator, (value, "x")), Filter("consumer", Operator.ABSENT))
    view = View("/", "now-6h", "now-1h", "Europe/Berlin", filters, "week", tab="failures", refresh="30s")
    there = view.to("/apis", *([item] if item else [])).setting(sql=parameter.strip()).but(sort="routes:-p95")
    parsed = parse_view(there.path, there.query())
    assert parsed == there
    assert parsed.item("/apis") == item


def test_defaults_leave_the_url_clean() -> None:
    assert View().query() == ""
    assert parse_view("/", None) == parse_view("/", "") == parse_view("", "?from=now-1h") == View()


def test_links_of_before_still_narrow() -> None:
    assert parse_view("/", "?environment=prod&api=orders").filters == (
        Filter("environment", Operator.IN, ("prod",)), Filter("api", Operator.IN, ("orders",)),
    )  # fmt: skip


def test_a_filter_that_cannot_be_read_is_reported() -> None:
    view = parse_view("/", "?filter=nonsense&filter=api%3Dorders")
    assert "'nonsense' is no filter" in view.fault
    assert view.filters == (Filter("api", Operator.IN, ("orders",)),)


def test_another_page_keeps_the_range_and_filters_alone() -> None:
    view = View(start="now-6h", tab="failures", sort="a:b", selected="x", more=(("sql", "SELECT 1"),)).only("api", "a")
    assert view.to("/requests").href() == "/requests?from=now-6h&filter=api%3Da"


def test_the_window_is_whole_minutes_with_the_present_one() -> None:
    assert View(start="now-1h").window(NOW) == Window(
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
        ("now-3M", NOW - timedelta(days=90)),
        ("now-1y", NOW - timedelta(days=365)),
        ("2026-11-20", datetime(2026, 11, 20, tzinfo=UTC)),
        ("2026-11-20T10:30", datetime(2026, 11, 20, 10, 30, tzinfo=UTC)),
        ("2026-11-20T10:30:00+02:00", datetime(2026, 11, 20, 8, 30, tzinfo=UTC)),
        ("1795000000000", datetime.fromtimestamp(1_795_000_000, UTC)),
    ],
)
def test_moments(text: str, moment: datetime) -> None:
    assert parse_time(text, NOW) == moment


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterdayish",
        "now-",
        "now-5q",
        "now-99999y",
        "now+1h",
        "2026-13-01",
        "9999999999999999",
        "0001-01-01T00:00+14:00",
    ],
)
def test_what_is_no_moment_says_what_is(text: str) -> None:
    with pytest.raises(InvalidTimeExpression, match="now-6h"):
        parse_time(text, NOW)


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("now", "now-1h"),
        ("2026-11-24", "2026-11-23"),
        ("now-99999d", "now"),
        ("now-1h", "9998-12-31T23:59:59"),
        ("0002-01-01", "now"),
    ],
)
def test_ranges_that_cannot_be(start: str, end: str) -> None:
    with pytest.raises(InvalidRange):
        View(start=start, end=end).window(NOW)


def test_refresh_follows_the_clock_only() -> None:
    assert View(refresh="30s").refresh_seconds(NOW) == 30
    assert View(refresh="off").refresh_seconds(NOW) == 0
    often = {
        start: View(start=start).refresh_seconds(NOW)
        for start in ("now-15m", "now-1h", "now-24h", "now-7d", "2026-11-23", "x")
    }
    assert often == {"now-15m": 10, "now-1h": 30, "now-24h": 60, "now-7d": 300, "2026-11-23": 60, "x": 10}
    assert View(refresh="nonsense").refresh_seconds(NOW) == 0
    assert View(start="2026-11-20", end="2026-11-21", refresh="30s").refresh_seconds(NOW) == 0


@pytest.mark.parametrize(
    ("start", "end", "shown"),
    [
        ("now-1h", "now", "Last hour"),
        ("now-3h", "now", "Last 3 h"),
        ("now-1d/d", "now/d", "Yesterday"),
        ("2026-11-20T10:00Z", "2026-11-20T12:30Z", "20 Nov 11:00 – 13:30"),
        ("then", "now", "Choose a time range"),
    ],
)
def test_ranges_in_words(start: str, end: str, shown: str) -> None:
    view = View(start=start, end=end, zone="Europe/Berlin")
    assert shown_range(PageContext(view, NOW)).replace("\N{NO-BREAK SPACE}", " ") == shown


def test_a_range_moves_by_its_length_and_not_beyond_now() -> None:
    view = View(start="2026-11-23T08:00Z", end="2026-11-23T09:00Z")
    earlier = shifted(view, view.window(NOW), -1, NOW)
    assert (earlier.start, earlier.end) == ("2026-11-23T07:00Z", "2026-11-23T08:00Z")
    assert shifted(earlier, earlier.window(NOW), 1, NOW) == view
    later = View(start="2026-11-23T09:00Z", end="2026-11-23T10:00Z")
    assert shifted(later, later.window(NOW), 1, NOW).end == "now"


@pytest.mark.parametrize(
    ("start", "end", "found"),
    [
        ("now-6h", "", ("now-6h", "now")),
        ("2026-11-30 10:00 to 2026-11-30 11:00", "now", ("2026-11-30 10:00", "2026-11-30 11:00")),
        ("2026-11-30 10:00 – 12:00", "", ("2026-11-30 10:00", "2026-11-30 12:00")),
        ("", "2026-11-30\t2026-12-01", ("2026-11-30", "2026-12-01")),
        (
            '{"from":"2026-11-30 10:00:00","to":"2026-11-30 11:00:00"}',
            "",
            ("2026-11-30 10:00:00", "2026-11-30 11:00:00"),
        ),
        ("https://grafana/d/x?from=1764496800000&to=1764500400000", "", ("1764496800000", "1764500400000")),
    ],
)
def test_a_pasted_pair_is_both_edges(start: str, end: str, found: tuple[str, str]) -> None:
    assert two_edges(start, end) == found


def test_times_are_written_and_read_in_the_zone_of_the_reader() -> None:
    berlin = zone_of("Europe/Berlin")
    times = Times(berlin, NOW)
    assert times.minute(NOW) == "11:16"
    assert times.minute(NOW - timedelta(days=1)) == "22 Nov 11:16"
    assert times.full(NOW) == "2026-11-23 11:16:31 CET"
    assert written("2026-07-01 12:00", berlin, NOW) == "2026-07-01T10:00Z"
    assert written("2026-07-01T12:00Z", berlin, NOW) == "2026-07-01T12:00Z"
    assert written(" now-6h ", berlin, NOW) == "now-6h"
    assert zone_of("No/Where").key == "UTC"


def test_figures_are_compared_with_other_traffic_in_place_of_a_filter() -> None:
    filters = (Filter("environment", values=("prod",)), Filter("version", values=("v2",)))
    context = PageContext(View(filters=filters, compare="version=v1"), NOW, (Filter("api", values=("orders",)),))
    asked = context.question("requests", compare=True)
    assert asked.compare is None
    assert asked.against == (filters[0], Filter("api", values=("orders",)), Filter("version", values=("v1",)))
    assert (context.compared_short, context.before_name) == ("vs version v1", "version v1")
    assert context.question("requests").against is None
    # Health is judged by the period before.
    judged = context.by_period.question("requests", compare=True)
    assert (judged.compare, judged.against) == (timedelta(hours=1, minutes=1), None)


@pytest.mark.parametrize("compare", ["version", "version!=v1", "nonsense=1", "=", "off"])
def test_what_is_no_comparison_compares_nothing(compare: str) -> None:
    asked = PageContext(View(compare=compare), NOW).question("requests", compare=True)
    assert (asked.compare, asked.against) == (None, None)
