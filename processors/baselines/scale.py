"""On which scale a measure varies alike at all its levels, and how much of that is chance."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Scale:
    """Of a measure: how values become numbers that can be added up, and back.

    `chance` is the variance, on the scale, that a number of requests makes by itself; `least` is the smallest standard
    deviation that is believed, as a quiet past is no promise.
    """

    there: Callable[[Numbers], Numbers]
    back: Callable[[Numbers], Numbers]
    chance: Callable[[Numbers], Numbers]
    least: float
    # Whether values below the band are a reason to look, as those above are.
    both_sides: bool
    # Whether it counts the requests themselves; of others an hour without requests has no value.
    is_count: bool


def _sine_of_root(numbers: Numbers) -> Numbers:
    return np.asarray(np.sin(np.clip(numbers, 0, np.pi / 2)) ** 2)


SCALES: Mapping[str, Scale] = {
    # A count of n varies by its root, which is 1/root(n) of it.
    "requests": Scale(
        there=np.log1p,
        back=lambda numbers: np.maximum(np.expm1(numbers), 0),
        chance=lambda requests: 1 / (requests + 1),
        least=0.04,
        both_sides=True,
        is_count=True,
    ),
    # The arcsine of the root of a share has the same variance, 1/4n, whatever the share.
    "error_rate": Scale(
        there=lambda shares: np.arcsin(np.sqrt(np.clip(shares, 0, 1))),
        back=_sine_of_root,
        chance=lambda requests: 0.25 / (requests + 1),
        least=0.008,
        both_sides=False,
        is_count=False,
    ),
    # A percentile of log-normal durations with a spread of 0.6: p(1 - p) / (n f(x)²), on the scale of logarithms.
    "p95": Scale(
        there=lambda durations: np.log(np.maximum(durations, 1e-3)),
        back=np.exp,
        chance=lambda requests: 1.6 / (requests + 1),
        least=0.05,
        both_sides=False,
        is_count=False,
    ),
}
