"""Whether an API is well: the one rule, for every list and sentence."""

import math
from dataclasses import dataclass
from enum import StrEnum


class Health(StrEnum):
    """From the worst to the best, and UNKNOWN where too few requests say anything."""

    BAD = "bad"
    WARNING = "warning"
    GOOD = "good"
    UNKNOWN = "unknown"


_BAD_ERROR_RATE = 0.05
_WARNING_ERROR_RATE = 0.01
# How much slower than in the compared period is worth a look.
_SLOWER = 2.0
# And slower by at least this, or a cache of two milliseconds would never be well.
_SLOWER_MS = 50.0
# Fewer say nothing: one failed request of three is no outage.
_FEWEST, _FEWEST_ERRORS = 20, 5

RANKS = {Health.BAD: 0, Health.WARNING: 1, Health.GOOD: 2, Health.UNKNOWN: 3}


@dataclass(frozen=True)
class Judgement:
    """Health, and what it is for."""

    health: Health
    is_failing: bool = False
    is_slow: bool = False


def judge(requests: float, error_rate: float, p95: float = math.nan, p95_before: float = math.nan) -> Judgement:
    """The health of what had so many requests; durations in ms, NaN where unknown."""
    errors = requests * error_rate
    if requests < _FEWEST and errors < _FEWEST_ERRORS:
        return Judgement(Health.UNKNOWN)
    is_slow = p95 > _SLOWER * p95_before and p95 - p95_before > _SLOWER_MS
    is_failing = error_rate >= _WARNING_ERROR_RATE and errors >= _FEWEST_ERRORS
    if is_failing and error_rate >= _BAD_ERROR_RATE:
        return Judgement(Health.BAD, True, is_slow)
    if is_failing or is_slow:
        return Judgement(Health.WARNING, is_failing, is_slow)
    return Judgement(Health.GOOD)
