import random
from collections import Counter

import pytest

from processors.comparison.intervals import (
    Interval,
    difference_interval,
    faster_share,
    percentile_interval,
    share_interval,
)


def test_wilson_as_published() -> None:
    # Newcombe, Statistics in Medicine 17 (1998), table I: 81 of 263, 15 of 148, 0 of 20.
    for (counted, of), expected in (
        ((81, 263), (0.2553, 0.3662)),
        ((15, 148), (0.0624, 0.1605)),
        ((0, 20), (0, 0.1611)),
    ):
        found = share_interval(counted, of)
        assert (found.low, found.high) == pytest.approx(expected, abs=1e-4)


def test_the_difference_as_published() -> None:
    # Newcombe, Statistics in Medicine 17 (1998), page 873, method 10: 48 of 80 less 56 of 70, negated.
    found = difference_interval((56, 70), (48, 80))
    assert (found.low, found.high) == pytest.approx((-0.3339, -0.0524), abs=1e-3)


def test_the_interval_of_a_percentile_holds_it() -> None:
    chance = random.Random(3)
    held = 0
    for _ in range(200):
        # Uniform over buckets 320 to 639, whose 95th percentile is the lower bound of bucket 624.
        histogram = Counter(chance.randrange(320, 640) for _ in range(1000))
        found = percentile_interval(histogram, 0.95)
        assert found is not None
        held += found.low <= 2 ** (624 / 32) / 1000 <= found.high
    assert held >= 185
    assert percentile_interval({}, 0.95) is None


def test_how_often_one_is_faster() -> None:
    assert faster_share({1: 5}, {2: 7}) == 1
    assert faster_share({2: 5}, {1: 7}) == 0
    assert faster_share({1: 5}, {1: 7}) == 0.5
    assert faster_share({1: 1, 3: 1}, {2: 2}) == 0.5
    assert faster_share({}, {1: 1}) is None


def test_intervals_apart() -> None:
    assert Interval(0, 1).is_apart_from(Interval(2, 3))
    assert not Interval(0, 2).is_apart_from(Interval(2, 3))
