"""What is asked for an explanation, and what is answered."""

from dataclasses import dataclass

from processors.explain.measures import ExplainedMeasure
from processors.explain.ranking import Sums
from processors.query.filters import Filter
from processors.time.window import Window


@dataclass(frozen=True)
class ChangeQuestion:
    """Why a measure is other in `window` than it was in `baseline`, or than it is in the traffic of `against`."""

    measure: ExplainedMeasure
    window: Window
    baseline: Window
    filters: tuple[Filter, ...] = ()
    # The filters of the other traffic; None for the same traffic in another window.
    against: tuple[Filter, ...] | None = None

    @property
    def baseline_filters(self) -> tuple[Filter, ...]:
        return self.filters if self.against is None else self.against

    @property
    def differing_dimensions(self) -> frozenset[str]:
        """The dimensions that distinguish the two, and therefore explain nothing."""
        differing = set(self.filters) ^ set(self.baseline_filters)
        return frozenset(one.dimension for one in differing)


@dataclass(frozen=True)
class Cause:
    """A value, or a pair of values, that carries a part of the change.

    `contribution` is its share of the whole change, `surprise` as in ranking.py; `same_as` are other values that have
    just these requests. A symptom is how failures show, e.g. their status; an echo carries its part only with
    requests of the causes before it.
    """

    dimensions: tuple[str, ...]
    values: tuple[str, ...]
    sums: Sums
    contribution: float
    surprise: float
    is_symptom: bool = False
    is_echo: bool = False
    same_as: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Explanation:
    """The whole change, and what carries it, the most surprising first: causes, then echoes, then symptoms."""

    question: ChangeQuestion
    whole: Sums
    causes: tuple[Cause, ...]
    # Of p95: the percentile of the baseline in milliseconds; its sums count the requests that are slower.
    threshold_ms: float | None = None
    # It is from every so many-th request, and what is rare from all; 1 for every request.
    sampled: int = 1

    def level(self, sums: Sums, *, after: bool) -> float | None:
        """The measure of a part, before or after; of p95 the share that is slower, of the mean milliseconds."""
        measure = self.question.measure
        if not measure.is_ratio:
            return sums.after if after else sums.before
        if not (sums.after_of if after else sums.before_of):
            return None
        ratio = sums.ratio_after if after else sums.ratio_before
        return ratio / 1000 if measure.name == "mean" else ratio
