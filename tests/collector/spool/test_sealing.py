"""How long segments that are not full stay open."""

import pytest

from collector.spool.sealing import longest_ages

_SMALL, _LARGE = 1000, 2 << 20


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        ({"a": _SMALL}, {"a": 0.5}),
        ({"a": _SMALL, "b": _SMALL}, {"a": 1.0, "b": 1.0}),
        (dict.fromkeys("abcdef", _SMALL), dict.fromkeys("abcdef", 2.0)),
        ({"a": _SMALL, "b": _LARGE}, {"a": 0.5, "b": 0.5}),
        ({"a": _SMALL, "b": _SMALL, "c": _LARGE}, {"a": 1.0, "b": 1.0, "c": 0.5}),
        ({}, {}),
    ],
)
def test_small_segments_share_what_planning_costs(sizes: dict[str, int], expected: dict[str, float]) -> None:
    assert longest_ages(sizes, 0.5) == expected
