"""Figures as people read them."""

from datetime import timedelta

import pytest

from dashboards import formats


@pytest.mark.parametrize(
    ("value", "shown"), [(0, "0"), (12, "12"), (12_345, "12,345"), (123_456, "123k"), (1_234_567, "1.23M")]
)
def test_counts(value: float, shown: str) -> None:
    assert formats.count(value) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [(None, "–"), (0, "0.00%"), (0.00001, "<0.01%"), (0.0123, "1.23%"), (0.1234, "12.3%"), (1, "100.0%")],
)
def test_shares(value: float | None, shown: str) -> None:
    assert formats.share(value) == shown


@pytest.mark.parametrize(("value", "shown"), [(None, "–"), (0.1234, "0.123 ms"), (12.34, "12.3 ms"), (1234, "1.23 s")])
def test_milliseconds(value: float | None, shown: str) -> None:
    assert formats.milliseconds(value) == shown


@pytest.mark.parametrize(("value", "shown"), [(0, "0 B"), (999, "999 B"), (1500, "1.5 kB"), (2.5e9, "2.5 GB")])
def test_sizes(value: float, shown: str) -> None:
    assert formats.size(value) == shown


@pytest.mark.parametrize(("current", "previous", "shown"), [(112, 100, "+12%"), (50, 100, "-50%"), (2000, 100, "20×")])
def test_changes(current: float, previous: float, shown: str) -> None:
    assert formats.change(current, previous) == shown


@pytest.mark.parametrize(
    ("length", "shown"),
    [(timedelta(minutes=5), "5 min"), (timedelta(hours=30), "1 d 6 h"), (timedelta(seconds=10), "0 min")],
)
def test_spans(length: timedelta, shown: str) -> None:
    assert formats.span(length) == shown
