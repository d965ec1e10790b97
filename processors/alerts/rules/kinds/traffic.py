"""What rules about traffic have in common: a measure of chosen requests for each group."""

from collections.abc import Mapping
from datetime import timedelta

from pydantic import Field, ValidationInfo, field_validator, model_validator

from processors.alerts.rules.filters import Dimensions, Filters, equal, label_name, label_value, pinned
from processors.alerts.rules.rule import Rule
from processors.query.filters import Filter
from processors.query.measures import MEASURES, Unit, measure
from processors.query.question import Question
from processors.time.durations import Duration, show_duration
from processors.time.window import MINUTE, Window

# What rule files called them before there was one list of measures.
_FORMER = {"request_rate": "rate", "p50_ms": "p50", "p95_ms": "p95", "p99_ms": "p99", "gateway_ms": "gateway_mean"}
REQUESTS = "requests"
# The measures that are compared with thresholds.
NUMBERS = tuple(name for name, found in MEASURES.items() if found.unit is not Unit.HISTOGRAM)


class TrafficRule(Rule):
    """A rule over the question layer."""

    filters: Filters = ()
    by: Dimensions = ()
    min_requests: int = Field(default=1, ge=0)
    apdex_threshold_ms: int = Field(default=500, ge=1)

    @property
    def fixed_labels(self) -> Mapping[str, str]:
        return pinned(self.filters)

    @property
    def group_labels(self) -> tuple[str, ...]:
        return tuple(map(label_name, self.by))

    def question(
        self, window: Window, *measures: str, step: timedelta | None = None, compare: timedelta | None = None
    ) -> Question:
        """The question for its groups over a window; requests are always counted too."""
        return Question(
            measures=tuple(dict.fromkeys((*measures, REQUESTS))),
            window=window,
            dimensions=self.by,
            filters=self.filters,
            step=step,
            compare=compare,
            apdex_threshold=timedelta(milliseconds=self.apdex_threshold_ms),
        )

    def requests_of(self, labels: Mapping[str, str]) -> tuple[Filter, ...]:
        """The requests that an alert of the rule is about."""
        return (*self.filters, *(equal(name, labels.get(label_name(name), "")) for name in self.by))

    def group_of(self, row: Mapping[str, object]) -> dict[str, str]:
        """The labels of a row of an answer."""
        return {label_name(name): label_value(name, str(row[name])) for name in self.by}


class MeasureRule(TrafficRule):
    """A rule about one measure over a window of whole minutes."""

    measure: str
    window_: Duration = Field(alias="window")

    @property
    def unit(self) -> Unit | None:
        return measure(self.measure).unit

    @property
    def watched(self) -> str:
        return self.measure

    @property
    def length(self) -> timedelta:
        return self.window_

    @field_validator("measure")
    @classmethod
    def _is_known(cls, name: str) -> str:
        name = _FORMER.get(name, name)
        if name not in NUMBERS:
            raise ValueError(f"{name!r} is no measure; use one of {', '.join(NUMBERS)}")
        return name

    @field_validator("window_")
    @classmethod
    def _is_whole_minutes(cls, window: timedelta, _info: ValidationInfo) -> timedelta:
        return whole_minutes(window)

    @model_validator(mode="after")
    def _can_be_reached(self) -> "MeasureRule":
        if self.compares_values and measure(self.measure).at_most_one:
            for condition in self.conditions:
                for value in filter(None, (condition.threshold, condition.recovery)):
                    if not 0 <= value <= 1:
                        raise ValueError(
                            f"{value:g} cannot be reached, as {self.measure} is from 0 to 1; write 5 % as 0.05"
                        )
        return self

    @property
    def compares_values(self) -> bool:
        """Whether thresholds are values of the measure."""
        return True


def whole_minutes(duration: timedelta) -> timedelta:
    """A duration by which Gatelens can count; raises ValueError with the cure."""
    if not duration or duration % MINUTE:
        shown = show_duration(duration)
        raise ValueError(f"{shown} is not whole minutes, by which Gatelens counts; write one such as 5m")
    return duration
