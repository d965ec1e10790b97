"""95 % confidence intervals from counts and histograms."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

# The 97.5th percentile of the normal distribution.
_Z = 1.959964
# Buckets to a doubling, as in migration 0001: the middle of a bucket stands for what is in it.
_BUCKETS = 32


@dataclass(frozen=True)
class Interval:
    """From `low` to `high`, both included."""

    low: float
    high: float

    def is_apart_from(self, other: "Interval") -> bool:
        return self.low > other.high or self.high < other.low


def share_interval(counted: int, of: int) -> Interval:
    """Of a share: Wilson's score interval, which holds for few and for none (JASA 22, 1927). `of` is above 0."""
    share = counted / of
    middle = (share + _Z**2 / (2 * of)) / (1 + _Z**2 / of)
    half = _Z * math.sqrt(share * (1 - share) / of + _Z**2 / (4 * of**2)) / (1 + _Z**2 / of)
    return Interval(max(0.0, middle - half), min(1.0, middle + half))


def difference_interval(first: tuple[int, int], second: tuple[int, int]) -> Interval:
    """Of the second share less the first: Newcombe's hybrid score interval (Statistics in Medicine 17, 1998)."""
    a, b = (counted / of for counted, of in (first, second))
    of_a, of_b = share_interval(*first), share_interval(*second)
    low = b - a - math.hypot(b - of_b.low, of_a.high - a)
    high = b - a + math.hypot(of_b.high - b, a - of_a.low)
    return Interval(low, high)


def percentile_interval(histogram: Mapping[int, int], share: float) -> Interval | None:
    """Of a percentile in milliseconds: those of the ranks that hold it, by the binomial distribution's normal form.

    The bounds are those of buckets, so that a histogram's own error of 1.1 % is in it. None where there is nothing.
    """
    count = sum(histogram.values())
    if not count:
        return None
    spread = _Z * math.sqrt(count * share * (1 - share))
    low, high = (
        _bucket(histogram, min(count, max(1, rank))) for rank in (count * share - spread, count * share + spread)
    )
    return Interval(_bound(low), _bound(high + 1))


def faster_share(first: Mapping[int, int], second: Mapping[int, int]) -> float | None:
    """How likely a request of the first is faster than one of the second, ties half: Mann and Whitney's U by pairs."""
    pairs = sum(first.values()) * sum(second.values())
    if not pairs:
        return None
    slower = sum(second.values())
    won = 0.0
    for bucket in sorted(first.keys() | second.keys()):
        ties = second.get(bucket, 0)
        slower -= ties
        won += first.get(bucket, 0) * (slower + ties / 2)
    return won / pairs


def _bucket(histogram: Mapping[int, int], rank: float) -> int:
    reached = 0
    for bucket in sorted(histogram):
        reached += histogram[bucket]
        if reached >= rank:
            return bucket
    return max(histogram)


def _bound(bucket: int) -> float:
    """The lower bound of a bucket in milliseconds."""
    return float(2 ** (bucket / _BUCKETS) / 1000)
