"""Values that have requests in common: pairs that say more than their values, and values that only echo others."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from processors.explain.explanation import Cause
from processors.explain.ranking import Judgement, Sums

# A pair says more than its values where it carries nearly as much as each, with clearly fewer requests.
_OF_EACH_CONTRIBUTION = 0.85
_OF_EACH_TRAFFIC = 0.8
# What is left of an echo's contribution without the requests of the causes before it.
_LEFT_OF_AN_ECHO = 0.25

_NOTHING = Sums(0, 0, 0, 0)


@dataclass(frozen=True)
class Overlaps:
    """Single causes, and the sums of the requests that have just some of them: bit i of a key is the i-th."""

    singles: Sequence[Cause]
    sums: Mapping[int, Sums]
    judged: Judgement

    def pairs(self) -> list[Cause]:
        """The pairs of values of two dimensions that say more than each value does on its own."""
        found = []
        for first, second in combinations(self.singles, 2):
            if first.dimensions == second.dimensions:
                continue
            mask = self._mask(first) | self._mask(second)
            sums = self._total(key for key in self.sums if key & mask == mask)
            pair = Cause(
                (*first.dimensions, *second.dimensions),
                (*first.values, *second.values),
                sums,
                self.judged.contribution(sums),
                self.judged.surprise(sums),
            )
            if all(_says_more(pair, single) for single in (first, second)):
                found.append(pair)
        return found

    def echoes_marked(self, ranked: Sequence[Cause]) -> list[Cause]:
        """The causes in order, then those that hardly add requests to the ones before."""
        masks: list[int] = []
        causes, echoes = [], []
        for cause in ranked:
            mask = self._mask(cause)
            left = self._total(
                key for key in self.sums if key & mask == mask and not any(key & other == other for other in masks)
            )
            if masks and self.judged.contribution(left) < _LEFT_OF_AN_ECHO * cause.contribution:
                echoes.append(replace(cause, is_echo=True))
            else:
                causes.append(cause)
                masks.append(mask)
        return [*causes, *echoes]

    def _mask(self, cause: Cause) -> int:
        pairs = set(zip(cause.dimensions, cause.values, strict=True))
        return sum(
            1 << bit for bit, single in enumerate(self.singles) if (single.dimensions[0], single.values[0]) in pairs
        )

    def _total(self, keys: Iterable[int]) -> Sums:
        return sum((self.sums[key] for key in keys), _NOTHING)


def _says_more(pair: Cause, single: Cause) -> bool:
    carries = pair.contribution >= _OF_EACH_CONTRIBUTION * single.contribution
    return carries and pair.sums.after_of <= _OF_EACH_TRAFFIC * single.sums.after_of
