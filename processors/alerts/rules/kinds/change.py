"""A measure against the same measure of an earlier time."""

import math
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Literal

import numpy as np
from pydantic import BeforeValidator, Field

from processors.alerts.rules.kinds.traffic import REQUESTS, MeasureRule
from processors.alerts.rules.plan import Course, Plan, rows_of
from processors.alerts.rules.sample import Sample
from processors.query.answer import Answer
from processors.query.measures import Unit
from processors.query.question import BEFORE
from processors.time.durations import Duration, parse_duration

_NAMED = {"day": timedelta(days=1), "week": timedelta(weeks=1), "previous": timedelta()}


def _against(value: object) -> object:
    return _NAMED[str(value)] if str(value) in _NAMED else parse_duration(value)


class ChangeRule(MeasureRule):
    """An alert for each group whose measure has changed by more than a share of what it was."""

    kind: Literal["change"]
    # How long ago it is compared with: 'day' and 'week' for the same time then; 0 for the window just before.
    against: Annotated[Duration, BeforeValidator(_against), Field(validate_default=True)] = timedelta()

    @property
    def unit(self) -> Unit | None:
        return Unit.SHARE

    @property
    def watched(self) -> str:
        return f"the change of {self.measure}"

    @property
    def compares_values(self) -> bool:
        return False

    def plan(self, now: datetime, delay: timedelta) -> Plan:
        window = self.window(now, delay)
        question = self.question(window, self.measure, compare=self.against or self.length)
        return Plan(window, (question,), self._samples, may_hold=self._may_hold)

    def _may_hold(self, courses: Sequence[Mapping[str, Course]]) -> Course:
        (found,) = courses
        value, before = found[self.measure], found[f"{self.measure}{BEFORE}"]
        known = before != 0
        changes = np.divide(value, before, out=np.full(np.shape(value), np.nan), where=known) - 1
        met: Course = self.met_by(changes) & known
        return met

    def _samples(self, answers: Sequence[Answer]) -> list[Sample]:
        samples = []
        for row in rows_of(answers[0]):
            value, before = float(row[self.measure]), float(row[f"{self.measure}{BEFORE}"])
            # From nothing there is no change by a share; and of a group that is gone, only counts are known to be 0.
            if math.isnan(value) or math.isnan(before) or not before:
                continue
            requests = max(int(row[REQUESTS]), int(row[f"{REQUESTS}{BEFORE}"]))
            samples.append(Sample(self.group_of(row), value / before - 1, requests))
        return samples
