"""A measure outside of what is usual at this hour of the week."""

import math
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal

import pandas as pd
from pydantic import Field, PrivateAttr, field_validator, model_validator

from processors.alerts.rules.condition import Operator
from processors.alerts.rules.filters import Dimensions
from processors.alerts.rules.kinds.traffic import REQUESTS, TrafficRule
from processors.alerts.rules.plan import Plan
from processors.alerts.rules.sample import Sample
from processors.alerts.rules.units import show
from processors.baselines.band import IN_A_ROW, PAST, REACH
from processors.baselines.baselines import band_of
from processors.baselines.scale import SCALES
from processors.query.answer import Answer
from processors.query.measures import measure
from processors.query.question import TIME, Order
from processors.time.window import HOUR, Window, floor

# Of groups, those with the most requests.
_MOST_GROUPS = 200
# Beside the last one, as two hours in a row near the edge are as unusual as one beyond it.
_BEFORE = 1


class UnusualRule(TrafficRule):
    """An alert for each group whose last complete hour lies further from the usual than `threshold` deviations."""

    kind: Literal["unusual"]
    measure: str
    by: Dimensions = ("environment", "api")
    direction: Literal["above", "below", "both"] | None = None
    op: Operator = ">"
    threshold: float | None = Field(default=REACH, allow_inf_nan=False)
    min_requests: int = Field(default=100, ge=0)

    # An hour is judged once: by six weeks, which are not asked for at each round.
    _judged: tuple[Window, list[Sample]] | None = PrivateAttr(default=None)

    @property
    def watched(self) -> str:
        return f"the distance of {self.measure} from what is usual, in standard deviations,"

    @property
    def length(self) -> timedelta:
        return HOUR

    @field_validator("measure")
    @classmethod
    def _has_a_baseline(cls, name: str) -> str:
        if name not in SCALES:
            raise ValueError(f"{name!r} has no baseline; use one of {', '.join(SCALES)}")
        return name

    @model_validator(mode="before")
    @classmethod
    def _severities_alone(cls, given: Any) -> Any:
        """The default is for rules that say nothing."""
        if isinstance(given, Mapping) and given.get("severities") and "threshold" not in given:
            return {**given, "threshold": None}
        return given

    @model_validator(mode="after")
    def _can_be_below(self) -> "UnusualRule":
        if self.direction in ("below", "both") and not SCALES[self.measure].both_sides:
            raise ValueError(f"direction: less of {self.measure} is no reason to page; write above, or leave it out")
        return self

    def window(self, now: datetime, delay: timedelta) -> Window:
        """The last complete hour."""
        end = floor(super().window(now, delay).end, HOUR)
        return Window(end - HOUR, end)

    def plan(self, now: datetime, delay: timedelta) -> Plan:
        window = self.window(now, delay)
        judged = self._judged
        if judged is not None and judged[0] == window:
            return Plan(window, samples=lambda answers: judged[1])
        past = Window(window.start - (PAST + _BEFORE) * HOUR, window.end)
        question = self.question(past, self.measure, step=HOUR).but(order=Order(REQUESTS), limit=_MOST_GROUPS)

        def samples(answers: Sequence[Answer]) -> list[Sample]:
            found = self._samples(answers[0].frame, window)
            self._judged = window, found
            return found

        return Plan(window, (question,), samples)

    def _samples(self, frame: pd.DataFrame, window: Window) -> list[Sample]:
        groups = frame.groupby(list(self.by), sort=False) if self.by else [((), frame)]
        judged = Window(window.start - _BEFORE * HOUR, window.end)
        samples = []
        for key, seen in groups:
            band = band_of(seen.set_index(TIME), self.measure, judged)
            group = self.group_of(dict(zip(self.by, key if isinstance(key, tuple) else (key,), strict=True)))
            sample = self._sample(group, band, seen, window)
            if sample is not None:
                samples.append(sample)
        return samples

    def _sample(self, group: dict[str, str], band: pd.DataFrame, seen: pd.DataFrame, window: Window) -> Sample | None:
        """The distance of the last hour; None where nothing is known of it, or of what is usual."""
        last = band.iloc[-1]
        if math.isnan(last["score"]):
            return None
        distance = max(_distance(side * band["score"]) for side in self._sides())
        requests = float(seen.loc[seen[TIME] == pd.Timestamp(window.start), REQUESTS].sum())
        usual = last["expected"] if self.measure == REQUESTS else 0.0
        unit = measure(self.measure).unit
        facts = {
            "measured": show(unit, float(last["value"])),
            "usual": f"{show(unit, float(last['lower']))} to {show(unit, float(last['upper']))}",
        }
        return Sample(group, distance, int(max(requests, usual)), facts=facts)

    def _sides(self) -> tuple[int, ...]:
        direction = self.direction or ("both" if SCALES[self.measure].both_sides else "above")
        return {"above": (1,), "below": (-1,), "both": (1, -1)}[direction]


def _distance(scores: "pd.Series[float]") -> float:
    """How far the last hour is beyond the usual, or it and the one before it together."""
    last, lesser = float(scores.iloc[-1]), float(scores.min())
    return last if scores.isna().any() else max(last, lesser / IN_A_ROW)
