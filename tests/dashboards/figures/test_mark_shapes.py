"""Alerts and annotations as bands and lines of a chart."""

from datetime import UTC, datetime, timedelta

from dashboards.figures.mark_shapes import mark_shapes
from dashboards.state.marks import Mark

_NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
_HOUR = timedelta(hours=1)


def _mark(start: float, end: float | None, tone: str = "bad") -> Mark:
    return Mark(_NOON + start * _HOUR, None if end is None else _NOON + end * _HOUR, "", tone)


def _bands(*marks: Mark) -> list[tuple[float, float, str]]:
    hour, noon = 3_600_000, int(_NOON.timestamp() * 1000)
    shapes = [one for one in mark_shapes(marks) if one["type"] == "rect"]
    return [((one["x0"] - noon) / hour, (one["x1"] - noon) / hour, one["fillcolor"]) for one in shapes]


def test_overlapping_periods_of_one_tone_are_one_band() -> None:
    found = _bands(_mark(3, 4), _mark(0, 2), _mark(1, 1.5), _mark(1.8, 2.5))
    assert found == [(0, 2.5, "$bad/0.1"), (3, 4, "$bad/0.1")]


def test_another_tone_has_bands_of_its_own() -> None:
    assert _bands(_mark(0, 2), _mark(1, 3, "warning")) == [(0, 2, "$bad/0.1"), (1, 3, "$warning/0.1")]


def test_each_beginning_is_a_line() -> None:
    shapes = mark_shapes([_mark(0, 2), _mark(1, 2), _mark(1.5, None)], "above")
    lines = [one for one in shapes if one["type"] == "line"]
    assert [one["x0"] for one in lines] == [one["x1"] for one in lines]
    assert len(lines) == 3
    assert {(one["type"], one["layer"]) for one in shapes} == {("rect", "below"), ("line", "above")}
