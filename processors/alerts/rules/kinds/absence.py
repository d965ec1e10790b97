"""Traffic that is not there, of groups that used to have some."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Literal

from pydantic import Field, field_validator

from processors.alerts.rules.condition import Operator
from processors.alerts.rules.kinds.traffic import REQUESTS, TrafficRule, whole_minutes
from processors.alerts.rules.plan import Course, Plan, rows_of
from processors.alerts.rules.sample import Sample
from processors.query.answer import Answer
from processors.query.measures import Unit
from processors.time.durations import Duration
from processors.time.window import Window


class AbsenceRule(TrafficRule):
    """An alert for each group that had `min_requests` within `seen_within`, and has fewer than `threshold` now."""

    kind: Literal["absence"]
    window_: Duration = Field(alias="window")
    seen_within: Duration = timedelta(days=1)
    op: Operator = "<"
    threshold: float | None = Field(default=1, allow_inf_nan=False)

    @property
    def unit(self) -> Unit | None:
        return Unit.COUNT

    @property
    def watched(self) -> str:
        return REQUESTS

    @property
    def length(self) -> timedelta:
        return self.window_

    @field_validator("window_", "seen_within")
    @classmethod
    def _are_whole_minutes(cls, duration: timedelta) -> timedelta:
        return whole_minutes(duration)

    def plan(self, now: datetime, delay: timedelta) -> Plan:
        window = self.window(now, delay)
        before = Window(window.start - self.seen_within, window.start)
        questions = self.question(window), self.question(before)
        return Plan(window, questions, self._samples, may_hold=self._may_hold)

    def _may_hold(self, courses: Sequence[Mapping[str, Course]]) -> Course:
        now, before = courses
        return self.met_by(now[REQUESTS]) & (before[REQUESTS] >= self.min_requests)

    def _samples(self, answers: Sequence[Answer]) -> list[Sample]:
        found = {tuple(self.group_of(row).values()): int(row[REQUESTS]) for row in rows_of(answers[0])}
        samples = []
        for row in rows_of(answers[1]):
            group = self.group_of(row)
            samples.append(Sample(group, float(found.get(tuple(group.values()), 0)), int(row[REQUESTS])))
        return samples
