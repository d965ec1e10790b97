"""The scale of the heatmap: of what was measured, and not of durations that were reported as 0."""

from datetime import UTC, datetime
from typing import Any

import pandas as pd
import pytest

from dashboards.figures.latency import heatmap
from dashboards.state.context import PageContext
from dashboards.state.view import parse_view
from processors.query.heatmap import ZERO_CELL

_NOW = datetime(2026, 11, 23, 10, 16, 31, tzinfo=UTC)
_CONTEXT = PageContext(parse_view("/", "?from=now-1h"), _NOW)


def _drawn(requests: dict[int, int]) -> tuple[list[list[float | None]], dict[float, str]]:
    """The rows from below, and the labels by where they are."""
    numbers = range(min(requests), max(requests) + 1)
    cells = pd.DataFrame(
        [[requests.get(number, 0) for number in numbers]], columns=numbers, index=[pd.Timestamp(_NOW).floor("min")]
    )
    chart: Any = heatmap(_CONTEXT, "heatmap", cells)
    axis = chart.layout["yaxis"]
    labels = [text.replace("\N{NO-BREAK SPACE}", " ") for text in axis["ticktext"]]
    return chart.data[0]["z"], dict(zip(axis["tickvals"], labels, strict=True))


def test_durations_of_0_are_one_row_below_the_others() -> None:
    rows, labels = _drawn({ZERO_CELL: 10, 40: 100, 53: 10})
    assert len(rows) == 1 + len(range(40, 54))
    assert (rows[0], rows[1], rows[2], rows[-1]) == ([1.0], [2.0], [None], [1.0])
    assert labels[0] == "0 ms"
    assert list(labels.values()) == ["0 ms", "2 ms", "5 ms", "10 ms"]


def test_without_them_the_scale_is_what_was_measured() -> None:
    rows, labels = _drawn({40: 100, 53: 10})
    assert len(rows) == len(range(40, 54))
    assert "0 ms" not in labels.values()


def test_only_durations_of_0_are_drawn_as_they_are() -> None:
    rows, _ = _drawn({ZERO_CELL: 10})
    assert rows == [[1.0]]


@pytest.mark.parametrize(
    ("most", "labels"),
    [
        (30, ["1", "5", "20"]),
        (150, ["1", "5", "20", "100"]),
        (700, ["1", "10", "100"]),
        (40_000, ["1", "20", "500", "10,000"]),
        (4_000_000, ["1", "50", "2,000", "100 k"]),
    ],
)
def test_the_key_of_the_colours_has_room_for_its_labels(most: int, labels: list[str]) -> None:
    cells = pd.DataFrame([[1, most]], columns=[40, 41], index=[pd.Timestamp(_NOW).floor("min")])
    chart: Any = heatmap(_CONTEXT, "heatmap", cells)
    shown = [text.replace("\N{NO-BREAK SPACE}", " ") for text in chart.data[0]["colorbar"]["ticktext"]]
    assert shown == labels
