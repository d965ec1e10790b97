"""An incident of some minutes is seen in a chart of a day and of a week."""

from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest

from dashboards.figures.worst_minute import minutes_asked, worst_minutes
from dashboards.state.context import PageContext
from dashboards.state.view import parse_view

_NOW = datetime(2026, 11, 23, 10, 16, 31, tzinfo=UTC)


def _context(search: str) -> PageContext:
    return PageContext(parse_view("/", search), _NOW)


@pytest.mark.parametrize(
    "search", ["?from=now-24h", "?from=now-7d&filter=api=orders", "?from=now-6h&filter=version=v2"]
)
def test_minutes_are_asked_where_a_step_is_longer(search: str) -> None:
    (question,) = minutes_asked(_context(search))
    assert question.step == timedelta(minutes=1)
    assert question.filters == _context(search).view.filters


@pytest.mark.parametrize(
    "search",
    [
        pytest.param("?from=now-1h", id="a step is a minute"),
        pytest.param("?from=now-30d", id="too many minutes"),
        pytest.param("?from=now-24h&filter=route=/orders", id="all requests would be read"),
    ],
)
def test_minutes_are_not_asked(search: str) -> None:
    assert minutes_asked(_context(search)) == ()


def test_a_step_shows_its_worst_minute_that_had_enough_requests() -> None:
    context = _context("?from=2026-11-22&to=2026-11-23")
    step = context.step
    at = datetime(2026, 11, 22, 12, tzinfo=UTC)
    frame = pd.DataFrame(
        {
            "time": [at, at + timedelta(minutes=1), at + timedelta(minutes=2), at + 2 * step],
            "requests": [100, 100, 2, 4],
            "errors": [1, 18, 2, 4],
        }
    )
    found = worst_minutes(context, frame)
    assert len(found) == timedelta(days=1) / step
    assert found.dropna().to_dict() == {pd.Timestamp(at): 0.18}
    assert worst_minutes(context, frame.iloc[:0]).isna().all()
