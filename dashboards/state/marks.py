"""What happened: periods and moments that every chart over time shows."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from processors.query.filters import Filter
from processors.time.window import Window


@dataclass(frozen=True)
class Mark:
    """An alert that fired, a deployment. `end` is None for a moment; `tone` is 'bad', 'warning' or 'info'."""

    start: datetime
    end: datetime | None
    label: str
    tone: str = "bad"


# What happened in a window to the traffic that filters leave.
FindMarks = Callable[[Window, Sequence[Filter]], Sequence[Mark]]


def no_marks(_window: Window, _filters: Sequence[Filter]) -> Sequence[Mark]:
    return ()
