"""A measure against a threshold."""

import math
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Literal

from processors.alerts.rules.kinds.traffic import REQUESTS, MeasureRule
from processors.alerts.rules.plan import Course, Plan, rows_of
from processors.alerts.rules.sample import Sample
from processors.query.answer import Answer
from processors.query.question import BEFORE
from processors.time.durations import Duration


class ThresholdRule(MeasureRule):
    """An alert for each group whose measure is beyond a threshold."""

    kind: Literal["threshold"] = "threshold"
    # Groups that had no request so long ago are not judged: what has just been deployed settles first.
    new_group_delay: Duration = timedelta()

    def plan(self, now: datetime, delay: timedelta) -> Plan:
        window = self.window(now, delay)
        question = self.question(window, self.measure, compare=self.new_group_delay or None)
        return Plan(window, (question,), self._samples, may_hold=self._may_hold)

    def _may_hold(self, courses: Sequence[Mapping[str, Course]]) -> Course:
        (found,) = courses
        return self.met_by(found[self.measure]) & (found[REQUESTS] >= self.min_requests)

    def _samples(self, answers: Sequence[Answer]) -> list[Sample]:
        return [
            Sample(self.group_of(row), float(row[self.measure]), int(row[REQUESTS]))
            for row in rows_of(answers[0])
            if not math.isnan(row[self.measure]) and (not self.new_group_delay or row[f"{REQUESTS}{BEFORE}"])
        ]
