"""How windows are cut, and read from texts."""

from datetime import UTC, datetime, timedelta

import pytest

from processors.time.expression import InvalidRange, InvalidTimeExpression, parse_window
from processors.time.steps import FEWEST_POINTS, step_of
from processors.time.window import MINUTE, Window

_NOW = datetime(2026, 5, 20, 12, 34, 56, tzinfo=UTC)
_DAY = timedelta(days=1)


@pytest.mark.parametrize("hours", [2, 3, 5, 6, 7, 12, 23, 24, 25, 48, 72, 168, 720, 744, 8760, 87840])
def test_every_window_from_two_hours_on_has_points_enough_and_round_cuts(hours: int) -> None:
    window = Window(_NOW.replace(second=0) - timedelta(hours=hours), _NOW.replace(second=0))
    step = step_of(window)
    assert FEWEST_POINTS <= window.length / step <= 2.5 * FEWEST_POINTS or step == timedelta(days=30)
    assert not _DAY % step or not step % _DAY


def test_a_short_window_is_cut_by_the_minute() -> None:
    assert step_of(Window(_NOW.replace(second=0) - 15 * MINUTE, _NOW.replace(second=0))) == MINUTE


def test_a_window_is_whole_minutes_with_the_present_one() -> None:
    window = parse_window("now-1h", "now", _NOW)
    assert window == Window(datetime(2026, 5, 20, 11, 34, tzinfo=UTC), datetime(2026, 5, 20, 12, 35, tzinfo=UTC))


@pytest.mark.parametrize(
    ("start", "end", "fault"),
    [
        ("now", "now-1h", InvalidRange),
        ("1960-01-01", "1961-01-01", InvalidRange),
        ("2000-01-01", "now", InvalidRange),
        ("tomorrow", "now", InvalidTimeExpression),
    ],
)
def test_what_is_no_window(start: str, end: str, fault: type[Exception]) -> None:
    with pytest.raises(fault):
        parse_window(start, end, _NOW)
