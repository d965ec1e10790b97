"""How fast an error budget burns, over a long and a short window each.

Multi-window, multi-burn-rate alerts of the SRE workbook, https://sre.google/workbook/alerting-on-slos/.
"""

import math
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import cached_property
from typing import Annotated, Literal

import numpy as np
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator

from processors.alerts.rules.condition import Condition, Operator
from processors.alerts.rules.kinds.traffic import REQUESTS, TrafficRule, whole_minutes
from processors.alerts.rules.plan import Course, Plan, rows_of
from processors.alerts.rules.sample import Sample
from processors.query.answer import Answer
from processors.query.measures import MEASURES
from processors.time.durations import Duration
from processors.time.window import Window


def _share(value: object) -> object:
    """99.9 and '99.9%' are 0.999."""
    text = str(value).strip().removesuffix("%").strip()
    try:
        number = float(text)
    except ValueError:
        return value
    return number / 100 if number > 1 or str(value).strip().endswith("%") else number


class BurnWindow(BaseModel):
    """The budget burns `factor` times as fast as it may, over the long window and still over the short one."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    long: Duration
    short: Duration
    factor: float = Field(gt=0, allow_inf_nan=False)
    severity: str = Field(default="critical", min_length=1)

    @field_validator("long", "short")
    @classmethod
    def _are_whole_minutes(cls, duration: timedelta) -> timedelta:
        return whole_minutes(duration)


_WORKBOOK = tuple(
    BurnWindow.model_validate({"long": long, "short": short, "factor": factor, "severity": severity})
    for long, short, factor, severity in (
        ("1h", "5m", 14.4, "critical"),
        ("6h", "30m", 6, "critical"),
        ("1d", "2h", 3, "warning"),
        ("3d", "6h", 1, "warning"),
    )
)


class BurnRateRule(TrafficRule):
    """An alert for each group and severity whose error budget burns too fast."""

    kind: Literal["burn_rate"]
    # The share of requests that are to be good.
    objective: Annotated[float, BeforeValidator(_share), Field(gt=0, lt=1)]
    # The share of those that are not.
    measure: str = "error_rate"
    windows: tuple[BurnWindow, ...] = Field(default=_WORKBOOK, min_length=1)
    op: Operator = ">="
    threshold: float | None = Field(default=1, allow_inf_nan=False)

    @property
    def watched(self) -> str:
        return f"the burn rate of the error budget ({self.measure}, objective {self.objective:.6g})"

    @property
    def length(self) -> timedelta:
        return max(window.long for window in self.windows)

    @cached_property
    def conditions(self) -> tuple[Condition, ...]:
        """One for each severity; samples bring the factor along that they are compared with."""
        names = dict.fromkeys(window.severity for window in self.windows)
        return tuple(Condition(name, self.op, 1.0) for name in names)

    @property
    def _budget(self) -> float:
        # Binary fractions would make a burn rate of just 10 a little less.
        return round(1 - self.objective, 12)

    @field_validator("measure")
    @classmethod
    def _is_share(cls, name: str) -> str:
        if name not in MEASURES or not MEASURES[name].at_most_one:
            shares = ", ".join(found.name for found in MEASURES.values() if found.at_most_one)
            raise ValueError(f"{name!r} is no share of the requests; use one of {shares}")
        return name

    def plan(self, now: datetime, delay: timedelta) -> Plan:
        judged = self.window(now, delay)
        lengths = dict.fromkeys(length for window in self.windows for length in (window.long, window.short))
        windows = {length: Window(judged.end - length, judged.end) for length in lengths}
        questions = tuple(self.question(window, self.measure) for window in windows.values())
        return Plan(
            judged,
            questions,
            lambda answers: self._samples(dict(zip(windows, answers, strict=True))),
            may_hold=lambda courses: self._may_hold(dict(zip(windows, courses, strict=True))),
        )

    def _may_hold(self, courses: Mapping[timedelta, Mapping[str, Course]]) -> Course:
        shares = {length: found[self.measure] for length, found in courses.items()}
        rates = [np.minimum(shares[window.long], shares[window.short]) / self._budget for window in self.windows]
        conditions = [Condition(window.severity, self.op, window.factor) for window in self.windows]
        met: Course = np.logical_or.reduce(
            [condition.met_by(rate) for condition, rate in zip(conditions, rates, strict=True)]
        )
        return met

    def _samples(self, answers: Mapping[timedelta, Answer]) -> list[Sample]:
        burn: dict[timedelta, dict[tuple[str, ...], tuple[float, int]]] = {}
        for length, answer in answers.items():
            burn[length] = {
                tuple(self.group_of(row).values()): (float(row[self.measure]) / self._budget, int(row[REQUESTS]))
                for row in rows_of(answer)
                if not math.isnan(row[self.measure])
            }
        groups = dict.fromkeys(group for found in burn.values() for group in found)
        return [sample for group in groups for sample in self._of_group(group, burn)]

    def _of_group(
        self, group: tuple[str, ...], burn: Mapping[timedelta, Mapping[tuple[str, ...], tuple[float, int]]]
    ) -> Sequence[Sample]:
        """For each severity, the pair of windows that is nearest to its factor, or furthest beyond it."""
        worst: dict[str, Sample] = {}
        labels = dict(zip(self.group_labels, group, strict=True))
        for window in self.windows:
            if group not in burn[window.long] or group not in burn[window.short]:
                continue
            long, requests = burn[window.long][group]
            rate = min(long, burn[window.short][group][0])
            found = worst.get(window.severity)
            if found is None or rate / window.factor > found.value / (found.threshold or 1.0):
                worst[window.severity] = Sample(labels, rate, requests, window.severity, window.factor)
        return list(worst.values())
