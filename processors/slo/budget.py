"""Error budgets and burn rates, from counts alone.

https://sre.google/workbook/alerting-on-slos/ ("Multiwindow, Multi-Burn-Rate Alerts")
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True)
class Counts:
    """Of the requests of a window: how many were good, of how many that count."""

    good: int
    total: int

    @property
    def bad(self) -> int:
        return self.total - self.good

    @property
    def share_good(self) -> float | None:
        """From 0 to 1; None without requests."""
        return self.good / self.total if self.total else None


@dataclass(frozen=True)
class Pair:
    """Two windows over which a budget burns too fast if it does so in both, and what somebody has to do then.

    `spends` is the part of the budget that is spent in the long window at the pace at which it becomes true.
    """

    long: timedelta
    short: timedelta
    spends: float
    urgency: str

    def factor(self, period: timedelta) -> float:
        """From which burn rate on: 14.4, 6, 3 and 1 for 30 days; what spends no more than it may is not too fast."""
        return max(self.spends * (period / self.long), 1.0)


PAIRS = (
    Pair(timedelta(hours=1), timedelta(minutes=5), 0.02, "page"),
    Pair(timedelta(hours=6), timedelta(minutes=30), 0.05, "page"),
    Pair(timedelta(days=1), timedelta(hours=2), 0.10, "ticket"),
    Pair(timedelta(days=3), timedelta(hours=6), 0.10, "ticket"),
)
# Every window of the pairs, the shortest first.
WINDOWS = tuple(sorted({window for pair in PAIRS for window in (pair.long, pair.short)}))
# Over which the pace is taken that a forecast goes on with.
FORECAST = timedelta(hours=6)


@dataclass(frozen=True)
class Burning:
    """A pair of windows, and how fast the budget burns in both; None without requests."""

    pair: Pair
    factor: float
    long: float | None
    short: float | None

    @property
    def is_too_fast(self) -> bool:
        return all(rate is not None and rate >= self.factor for rate in (self.long, self.short))


def budget_left(counts: Counts, target: float) -> float | None:
    """The part of the error budget that is left: below 0 more than all is spent; None without requests."""
    if not counts.total:
        return None
    return 1 - counts.bad / (counts.total * (1 - target))


def burn_rate(counts: Counts, target: float) -> float | None:
    """How many times as fast the budget is spent as it may be: 1 spends it in exactly the period."""
    if not counts.total:
        return None
    return counts.bad / counts.total / (1 - target)


def burning(counts: Mapping[timedelta, Counts], target: float, period: timedelta) -> tuple[Burning, ...]:
    """Each pair that fits into the period."""
    return tuple(
        Burning(pair, pair.factor(period), burn_rate(counts[pair.long], target), burn_rate(counts[pair.short], target))
        for pair in PAIRS
        if pair.long <= period
    )


def exhausted_in(of_period: Counts, recent: Counts, target: float) -> timedelta | None:
    """After how long the budget is spent if requests and errors go on as in the last FORECAST; zero if it is spent.

    What leaves the period meanwhile is not given back: it is a time before which nothing happens. Without errors, or
    where the budget grows faster than it is spent, None.
    """
    if not of_period.total:
        return None
    left = of_period.total * (1 - target) - of_period.bad
    if left <= 0:
        return timedelta()
    # More requests allow for more errors.
    spent = recent.bad - recent.total * (1 - target)
    if spent <= 0:
        return None
    return FORECAST * (left / spent)
