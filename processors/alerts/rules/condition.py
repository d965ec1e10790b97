"""When an alert begins and when it may end: an operator, a threshold, and how far a value has to come back."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from operator import ge, gt, le, lt
from typing import Any, Literal

import numpy as np

Operator = Literal[">", ">=", "<", "<="]

_HOLDS: Mapping[str, Callable[[Any, float], Any]] = {">": gt, ">=": ge, "<": lt, "<=": le}


@dataclass(frozen=True)
class Condition:
    """What a value has to meet for an alert of one severity."""

    severity: str
    op: Operator
    threshold: float
    # Beyond which a value ends what fires; the threshold itself where there is no other.
    recovery: float | None = None

    def holds(self, value: float) -> bool:
        """Whether a value meets the condition."""
        return bool(_HOLDS[self.op](value, self.threshold))

    def met_by(self, values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """Which of many values meet the condition."""
        met: np.ndarray[Any, Any] = _HOLDS[self.op](values, self.threshold)
        return met

    def is_recovered(self, value: float) -> bool:
        """Whether a value ends an alert that fires."""
        return not _HOLDS[self.op](value, self.threshold if self.recovery is None else self.recovery)

    def is_on_good_side(self, recovery: float) -> bool:
        """Whether a recovery threshold is on the good side of the threshold, or on it."""
        return recovery <= self.threshold if self.op in (">", ">=") else recovery >= self.threshold
