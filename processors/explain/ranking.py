"""How much of a change a value carries, and how surprising that is.

After Bhagwan et al., "Adtributor: Revenue Debugging in Advertising Systems", NSDI 2014
(https://www.usenix.org/conference/nsdi14/technical-sessions/presentation/bhagwan), with two changes. For ratios the
paper's contributions have to be normalised; here they are differences that add up by themselves. And shares of a
baseline that has few events are pulled towards the shares of traffic, so that a baseline without any is no division by
zero and chance is no surprise.
"""

import math
from dataclasses import dataclass

# How many events of the baseline weigh as much as what traffic alone predicts.
_PRIOR_EVENTS = 10.0
_STANDARD_ERRORS = 4.0


@dataclass(frozen=True)
class Sums:
    """Numerator and denominator of a measure, before (scaled to the window's length) and after."""

    before: float
    before_of: float
    after: float
    after_of: float

    def __add__(self, other: "Sums") -> "Sums":
        return Sums(
            self.before + other.before,
            self.before_of + other.before_of,
            self.after + other.after,
            self.after_of + other.after_of,
        )

    def __sub__(self, other: "Sums") -> "Sums":
        return Sums(
            self.before - other.before,
            self.before_of - other.before_of,
            self.after - other.after,
            self.after_of - other.after_of,
        )

    @property
    def ratio_before(self) -> float:
        return self.before / self.before_of if self.before_of else 0.0

    @property
    def ratio_after(self) -> float:
        return self.after / self.after_of if self.after_of else 0.0


@dataclass(frozen=True)
class Judgement:
    """Judges parts of a whole change by their sums; `is_ratio` is whether the measure is one."""

    whole: Sums
    is_ratio: bool
    # For how many events one that was counted stands, where sums are of a sample.
    weight: int = 1

    @property
    def change(self) -> float:
        """By how much the measure changed."""
        if self.is_ratio:
            return self.whole.ratio_after - self.whole.ratio_before
        return self.whole.after - self.whole.before

    def contribution(self, part: Sums) -> float:
        """The part's share of the change, negative where it went against it; those of a dimension add up to 1.

        Of a ratio R = N/D it is the change of the part's excess over the baseline's ratio R0, (n1 - R0*d1)/D1 -
        (n0 - R0*d0)/D0: a part that always was as the whole carries nothing, however much its traffic grows.
        """
        whole = self.whole
        if self.change == 0:
            return 0.0
        if not self.is_ratio:
            return (part.after - part.before) / self.change
        base = whole.ratio_before
        after = (part.after - base * part.after_of) / whole.after_of if whole.after_of else 0.0
        before = (part.before - base * part.before_of) / whole.before_of if whole.before_of else 0.0
        return (after - before) / self.change

    def shares(self, part: Sums) -> tuple[float, float]:
        """The part's share of the numerator after, as the baseline lets expect it and as it is.

        Of a ratio the expectation is the part's own ratio before, at its traffic after, so that growth is no surprise.
        """
        whole = self.whole
        prior = _PRIOR_EVENTS * self._event
        traffic = part.after_of / whole.after_of if whole.after_of else 0.0
        observed = (part.after + prior * traffic) / (whole.after + prior)
        if not self.is_ratio:
            return (part.before + prior * traffic) / (whole.before + prior), observed
        base = whole.ratio_before
        if not base:
            return traffic, observed
        rest = whole - part
        mine, theirs = (
            (side.before + prior) / (side.before_of + prior / base) * side.after_of for side in (part, rest)
        )
        return mine / (mine + theirs) if mine + theirs else traffic, observed

    def surprise(self, part: Sums) -> float:
        """How far that share moved: its term of the Jensen-Shannon divergence, 0 to ln(2)/2 (nats)."""
        expected, observed = self.shares(part)
        return 0.5 * (_term(expected, observed) + _term(observed, expected))

    def is_chance(self, part: Sums) -> bool:
        """Whether the share may have moved by chance: by less than 4 standard errors of shares of so few events."""
        expected, observed = self.shares(part)
        before, after = (_PRIOR_EVENTS + events / self._event for events in (self.whole.before, self.whole.after))
        pooled = (expected * before + observed * after) / (before + after)
        error = math.sqrt(pooled * (1 - pooled) * (1 / before + 1 / after))
        return abs(observed - expected) <= _STANDARD_ERRORS * error

    @property
    def _event(self) -> float:
        """What one event adds to the numerator: 1 to a count, the mean duration to a sum of durations."""
        return self.weight * max(1.0, self.whole.ratio_before or self.whole.ratio_after)


def _term(share: float, other: float) -> float:
    return share * math.log(2 * share / (share + other)) if share > 0 else 0.0
