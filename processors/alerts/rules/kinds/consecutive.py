"""A measure that is beyond a threshold in each of several periods in a row.

As Anypoint's API alerts have it: more than N in K consecutive periods of M minutes,
https://docs.mulesoft.com/api-manager/latest/using-api-alerts.
"""

import math
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Literal

import numpy as np
from pydantic import Field

from processors.alerts.rules.kinds.traffic import REQUESTS, MeasureRule
from processors.alerts.rules.plan import Course, Plan, rows_of
from processors.alerts.rules.sample import Sample
from processors.query.answer import Answer
from processors.query.measures import measure
from processors.query.question import TIME
from processors.time.window import MINUTE, Window, floor


class ConsecutiveRule(MeasureRule):
    """An alert for each group whose measure is beyond the threshold in each of `periods` windows in a row."""

    kind: Literal["consecutive"]
    periods: int = Field(ge=1, le=100)

    @property
    def watched(self) -> str:
        return f"{self.measure} in each of {self.periods} periods"

    def window(self, now: datetime, delay: timedelta) -> Window:
        """The last complete periods, which begin at whole multiples of their length since the epoch."""
        end = floor(super().window(now, delay).end, self.window_)
        return Window(end - self.periods * self.window_, end)

    def plan(self, now: datetime, delay: timedelta) -> Plan:
        window = self.window(now, delay)
        question = self.question(window, self.measure, step=self.window_)
        late = super().window(now, delay).end - window.end
        return Plan(window, (question,), self._samples, late=late, may_hold=self._may_hold)

    def _may_hold(self, courses: Sequence[Mapping[str, Course]]) -> Course:
        """Where the last period meets the condition, it does so until the next one has ended."""
        (found,) = courses
        met = self.met_by(found[self.measure]) & (found[REQUESTS] >= self.min_requests)
        minutes = self.window_ // MINUTE
        lasting: Course = np.repeat(met[::minutes], minutes, axis=0)[: len(met)]
        return lasting

    def _samples(self, answers: Sequence[Answer]) -> list[Sample]:
        found: dict[tuple[str, ...], dict[object, tuple[float, int]]] = {}
        for row in rows_of(answers[0]):
            group = tuple(self.group_of(row).values())
            found.setdefault(group, {})[row[TIME]] = float(row[self.measure]), int(row[REQUESTS])
        # Of all periods, the one that is furthest from meeting the condition.
        nearest = min if self.op in (">", ">=") else max
        samples = []
        for group, periods in found.items():
            values = [value for value, _ in periods.values() if not math.isnan(value)]
            missing = self.periods - len(values)
            if missing and measure(self.measure).is_whole:
                values += [0.0] * missing
            elif missing:
                continue
            requests = min((count for _, count in periods.values()), default=0) if len(periods) == self.periods else 0
            labels = dict(zip(self.group_labels, group, strict=True))
            samples.append(Sample(labels, nearest(values), requests))
        return samples
