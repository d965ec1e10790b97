"""Planning: which tables answer which stretch of a question's window."""

from datetime import UTC, datetime, timedelta

import pytest

from processors.query.filters import Filter, parse_filter
from processors.query.planner import plan
from processors.query.question import Question
from processors.query.tables import TABLES
from processors.rollups.coverage import ERRORS_BY_MINUTE, kept_of
from processors.time.window import DAY, HOUR, MINUTE, Window
from tests.processors.query.traffic_rows import START


def test_a_table_answers_from_when_on_it_is_complete() -> None:
    start = datetime(2026, 4, 1, tzinfo=UTC)
    question = Question(("requests",), Window(start, start + 4 * HOUR))
    end = start + 5 * HOUR
    covered = {"api_1h": [(start + 90 * MINUTE, end)], "api_1m": [(start + 30 * MINUTE, end)]}
    tables = [table for table in TABLES if table.name in ("api_1h", "api_1m", "requests") and not table.covered_as]
    parts = plan(question, covered, tables).parts
    assert [(part.table.name, (part.start - start) / MINUTE, (part.end - start) / MINUTE) for part in parts] == [
        ("requests", 0, 30),
        ("api_1m", 30, 120),
        ("api_1h", 120, 240),
    ]


def test_what_came_later_is_asked_of_a_table_since_it_is_there() -> None:
    start = datetime(2026, 4, 1, tzinfo=UTC)
    window = Window(start, start + 4 * HOUR)
    covered = {ERRORS_BY_MINUTE: [(start + 2 * HOUR, start + 9 * HOUR)]}
    assert plan(Question(("requests",), window), covered).tables == ("api_1h",)
    parts = plan(Question(("apdex",), window), covered).parts
    assert [(part.table.name, (part.end - start) / HOUR) for part in parts] == [("requests", 2), ("api_1h", 4)]


def test_a_table_answers_on_both_sides_of_what_it_lacks() -> None:
    start = datetime(2026, 4, 1, tzinfo=UTC)
    question = Question(("requests",), Window(start, start + 5 * HOUR), ("route",))
    covered = {"route_1h": [(start, start + HOUR), (start + 2 * HOUR, start + 4 * HOUR)]}
    parts = plan(question, covered).parts
    assert [(part.table.name, (part.end - start) / HOUR) for part in parts] == [
        ("route_1h", 1), ("requests", 2), ("route_1h", 4), ("requests", 5),
    ]  # fmt: skip
    assert plan(question, {}).tables == ("requests",)


def test_requests_are_asked_only_where_they_are_kept() -> None:
    start = datetime(2026, 4, 1, tzinfo=UTC)
    window = Window(start, start + 10 * DAY)
    never = start + 1000 * DAY
    covered = {
        kept_of("dev"): [(start + 7 * DAY, never)],
        kept_of("prod"): [(start, start + DAY), (start + 2 * DAY, never)],
    }

    def asked(*environments: str) -> tuple[list[tuple[float, float]], float | None]:
        filters = (Filter("environment", values=environments),) if environments else ()
        found = plan(Question(("requests",), window, ("path",), filters), covered)
        since = None if found.since is None else (found.since - start) / DAY
        return [((part.start - start) / DAY, (part.end - start) / DAY) for part in found.parts], since

    assert asked("prod") == ([(0, 1), (2, 10)], 2)
    assert asked("dev") == ([(7, 10)], 7)
    # Of all together, where all are.
    assert asked() == ([(7, 10)], 7)
    assert asked("prod", "dev") == ([(7, 10)], 7)
    assert asked("test") == ([(0, 10)], None)


def test_what_was_deleted_altogether_is_read_from_nowhere() -> None:
    start = datetime(2026, 4, 1, tzinfo=UTC)
    window = Window(start, start + HOUR)
    covered = {kept_of("prod"): [(start + DAY, start + 9 * DAY)]}
    found = plan(Question(("requests",), window, ("path",), compare=HOUR), covered)
    assert [(part.start, part.end) for part in found.parts] == [(window.end, window.end)]
    assert (found.since, found.lacks_before) == (window.end, True)


@pytest.mark.parametrize(
    ("filters", "lacks"),
    [
        ("environment=dev", True),
        ("environment!=dev", False),
        ("environment!=dev,prod", False),
        ("environment!=prod", True),
        ("environment^=d", True),
        ("environment!^=d", False),
        ("environment~=ev$", True),
        ("environment!~=ev$", False),
        ("environment=∅", False),
        ("environment!=∅", True),
        ("environment=prod environment=dev,prod", False),
        ("environment=dev,prod environment=prod", False),
        ("environment=d..e", True),
        ("environment=e..", False),
        ("gateway=dev", True),
    ],
)
def test_what_was_deleted_of_an_environment_is_of_no_matter_to_others(filters: str, lacks: bool) -> None:
    start = datetime(2026, 4, 1, tzinfo=UTC)
    covered = {kept_of("dev"): [(start + 7 * DAY, start + 1000 * DAY)]}
    asked = tuple(map(parse_filter, filters.split()))
    found = plan(Question(("requests",), Window(start, start + 10 * DAY), ("path",), asked), covered)
    assert (found.since is not None) == lacks


def test_of_minutes_that_were_deleted_hours_and_requests_tell() -> None:
    start = datetime(2026, 4, 1, tzinfo=UTC)
    covered = {"api_1m": [(start + 7 * DAY, start + 1000 * DAY)]}
    for measure in ("requests", "apdex"):
        parts = plan(Question((measure,), Window(start - 30 * MINUTE, start + HOUR)), covered).parts
        assert [part.table.name for part in parts] == ["requests", "api_1h"]
        assert plan(Question((measure,), Window(start, start + HOUR), step=MINUTE), covered).tables == ("requests",)


def test_an_edge_that_was_deleted_is_no_loss_of_a_long_window() -> None:
    start = datetime(2026, 4, 1, tzinfo=UTC)
    covered = {"route_1h": [(start, start + 99 * DAY)], kept_of("prod"): [(start + 98 * DAY, start + 99 * DAY)]}

    def since(length: timedelta) -> datetime | None:
        window = Window(start + 24 * MINUTE, start + 24 * MINUTE + length)
        return plan(Question(("requests",), window, ("route",)), covered).since

    assert since(90 * DAY) is None
    # Of two hours it is half.
    assert since(2 * HOUR) == start + HOUR


def test_the_reason_names_what_no_rollup_holds() -> None:
    window = Window(START, START + HOUR)
    assert plan(Question(("requests",), window, ("path",)), {}).reason == "requests, as no rollup holds path."
    for table in TABLES:
        assert table.rows_an_hour > 0
