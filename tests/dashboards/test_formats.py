"""Figures as people read them. The browser's twin is asked the same in tests/e2e/test_charts.py."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from dashboards import formats

CASES = json.loads(Path(__file__).with_name("format_cases.json").read_text(encoding="utf-8"))


def _plain(text: str) -> str:
    return text.replace("\N{NO-BREAK SPACE}", " ")


@pytest.mark.parametrize(("unit", "value", "shown"), CASES)
def test_figures_with_their_units(unit: str, value: float | None, shown: str) -> None:
    assert _plain(formats.show(unit, value)) == shown


@pytest.mark.parametrize(
    ("current", "previous", "shown"),
    [
        (112, 100, "+12 %"),
        (50, 100, "\N{MINUS SIGN}50 %"),
        (2000, 100, "×20"),
        (100, 100.1, "no change"),
        (3, 0, "new"),
    ],
)
def test_changes(current: float, previous: float, shown: str) -> None:
    assert _plain(formats.change(current, previous)) == shown


@pytest.mark.parametrize(
    ("current", "previous", "shown"), [(0.18, 0.002, "+17.8 pt"), (0.9, 0.9334, "\N{MINUS SIGN}3.3 pt")]
)
def test_shares_differ_by_points(current: float, previous: float, shown: str) -> None:
    assert _plain(formats.points(current, previous)) == shown


@pytest.mark.parametrize(
    ("length", "shown"),
    [
        (timedelta(minutes=5), "5 min"), (timedelta(hours=30), "1 d 6 h"), (timedelta(seconds=10), "10 s"),
        (timedelta(days=2, seconds=3), "2 d 3 s"), (timedelta(0), "0 s"),
    ],
)  # fmt: skip
def test_spans(length: timedelta, shown: str) -> None:
    assert _plain(formats.span(length)) == shown
