"""How what an alert watches went before it fired, as a message can show it."""

import math
from dataclasses import dataclass
from datetime import UTC, datetime

from processors.alerts.rules.units import show
from processors.query.measures import Unit


@dataclass(frozen=True)
class Course:
    """A measure over time, with its thresholds."""

    # Of the measure, e.g. 'Error rate'.
    title: str
    unit: Unit | None
    times: tuple[datetime, ...]
    # NaN where there is none.
    values: tuple[float, ...]
    # By severity.
    thresholds: tuple[tuple[str, float], ...] = ()

    @property
    def in_words(self) -> str:
        """For who cannot see it, e.g. 'Error rate from 10:00 to 12:00 UTC: 0 % to 31 %, last 30 %; warning at 5 %'."""
        known = [value for value in self.values if not math.isnan(value)]
        first, last = (f"{moment.astimezone(UTC):%H:%M}" for moment in (self.times[0], self.times[-1]))
        summary = f"{self.title} from {first} to {last} UTC"
        if known:
            low, high, now = (show(self.unit, value) for value in (min(known), max(known), known[-1]))
            summary += f": {low} to {high}, last {now}"
        levels = [f"{severity} at {show(self.unit, threshold)}" for severity, threshold in self.thresholds]
        return "; ".join([summary, *levels])
