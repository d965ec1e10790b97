"""A comparison with a time of which little is stored says so."""

from datetime import UTC, datetime

import pytest

from dashboards.notices.kept import partly_known
from dashboards.state.context import PageContext
from dashboards.state.view import parse_view
from processors.time.window import DAY, Window

_CONTEXT = PageContext(parse_view("/explain", "?from=now-30d&tz=UTC"), datetime(2026, 12, 1, 17, 5, tzinfo=UTC))
_START = datetime(2026, 10, 2, 17, 5, tzinfo=UTC)
_COMPARED = Window(_START, _START + 30 * DAY)


@pytest.mark.parametrize("oldest", [None, _START - DAY, _START, _START + 2 * DAY])
def test_a_time_that_is_known_from_about_its_beginning_is_compared_with_as_it_is(oldest: datetime | None) -> None:
    assert partly_known(_CONTEXT, _COMPARED, oldest) == ""


@pytest.mark.parametrize(("days", "known"), [(25, "only a part is known"), (31, "nothing is known")])
def test_where_requests_began_later_that_is_said(days: int, known: str) -> None:
    oldest = _START + days * DAY
    told = partly_known(_CONTEXT, _COMPARED, oldest)
    assert told == f"The oldest request is of {oldest:%Y-%m-%d %H:%M:%S} UTC: of the time compared with, {known}."
