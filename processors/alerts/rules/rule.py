"""What all rules have in common: when alerts begin and end, what they are called, who is notified."""

import re
from abc import abstractmethod
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from functools import cached_property

import numpy as np
from pydantic import (
    AliasChoices,
    BaseModel,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)

from processors.alerts.rules.condition import Condition, Operator
from processors.alerts.rules.plan import Course, Plan
from processors.alerts.rules.sample import Sample
from processors.alerts.rules.templates import render, template_faults
from processors.alerts.rules.units import show
from processors.query.measures import Unit
from processors.time.durations import Duration, show_duration
from processors.time.window import MINUTE, Window, floor

_LABEL_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_RESERVED = ("alertname", "severity")


class Level(BaseModel):
    """One of several severities of a rule: when it begins, and from where it may end."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    threshold: float = Field(allow_inf_nan=False)
    recovery: float | None = Field(default=None, allow_inf_nan=False)


class Rule(BaseModel):
    """One rule, as users write it; its kind says what it watches."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    name: str = Field(min_length=1, validation_alias=AliasChoices("name", "alert"))
    kind: str
    # Whether it is evaluated at all.
    enabled: bool = True
    op: Operator = ">"
    threshold: float | None = Field(default=None, allow_inf_nan=False)
    recovery: float | None = Field(default=None, allow_inf_nan=False)
    severity: str = Field(default="warning", min_length=1)
    severities: dict[str, Level] = {}
    for_: Duration = Field(default=timedelta(), alias="for")
    keep_firing_for: Duration = timedelta()
    min_requests: int = Field(default=0, ge=0)
    limit: int = Field(default=1_000, ge=0)
    # How long telemetry may take to arrive; the rule file's where it says nothing.
    delay: Duration | None = None
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}
    # '' where the routing tree decides.
    receiver: str = ""

    @abstractmethod
    def plan(self, now: datetime, delay: timedelta) -> Plan:
        """What there is to ask for at a moment; `delay` is the rule file's."""

    @property
    def reads_present(self) -> bool:
        """Whether it looks at how things are now, so that it cannot be evaluated for an earlier moment."""
        return False

    @property
    def unit(self) -> Unit | None:
        """Of its values and thresholds; None for a plain number."""
        return None

    @property
    def watched(self) -> str:
        """What its value is, in a word or two, e.g. 'error_rate'."""
        return self.kind

    @property
    def length(self) -> timedelta:
        """Of the window that is judged."""
        return MINUTE

    @property
    def fixed_labels(self) -> Mapping[str, str]:
        """Labels that all of its alerts have by what it watches."""
        return {}

    @property
    def group_labels(self) -> tuple[str, ...] | None:
        """The names of the labels that keep its alerts apart; None if only the data shows them."""
        return ()

    @cached_property
    def conditions(self) -> tuple[Condition, ...]:
        """One for each severity, each with alerts of its own."""
        levels = self.severities or {self.severity: Level(threshold=self.threshold or 0.0, recovery=self.recovery)}
        return tuple(Condition(name, self.op, level.threshold, level.recovery) for name, level in levels.items())

    def met_by(self, values: Course) -> Course:
        """Which of many values meet the condition of any severity."""
        met: Course = np.logical_or.reduce([condition.met_by(values) for condition in self.conditions])
        return met

    def judged(self, sample: Sample) -> list[Condition]:
        """The conditions that a sample is held against, with the thresholds that it brings along."""
        return [
            condition if sample.threshold is None else Condition(condition.severity, condition.op, sample.threshold)
            for condition in self.conditions
            if sample.severity in ("", condition.severity)
        ]

    def window(self, now: datetime, delay: timedelta) -> Window:
        """The last complete minutes: a minute is complete when telemetry had `delay` to arrive."""
        end = floor(now - (delay if self.delay is None else self.delay), MINUTE)
        return Window(end - self.length, end)

    def labels_of(self, group: Mapping[str, str], condition: Condition) -> dict[str, str]:
        """All labels of the alert of a group; an empty one is left out, as in Prometheus."""
        labels = {
            **self.labels,
            **self.fixed_labels,
            **group,
            "alertname": self.name,
            "severity": condition.severity,
        }
        return {name: value for name, value in labels.items() if value}

    def annotations_of(self, labels: Mapping[str, str], value: float, condition: Condition) -> dict[str, str]:
        """The annotations of an alert with their placeholders filled in, and what every alert says."""
        plain = {
            "value": f"{value:.6g}",
            "value_with_unit": show(self.unit, value),
            "threshold": f"{condition.threshold:.6g}",
            "threshold_with_unit": show(self.unit, condition.threshold),
            "window": show_duration(self.length),
        }
        given = {name: render(template, plain, labels) for name, template in self.annotations.items()}
        return {
            "summary": f"{self.watched} is {plain['value_with_unit']} over {plain['window']}",
            "value": plain["value_with_unit"],
            "threshold": f"{condition.op} {plain['threshold_with_unit']}",
            **given,
        }

    @field_validator("op", mode="before")
    @classmethod
    def _is_quoted(cls, op: object) -> object:
        if op in ("", None):
            # A plain > starts a block of text in YAML.
            raise ValueError("is empty; write it in quotes, as in op: '>'")
        return op

    @model_validator(mode="after")
    def _has_thresholds_that_end(self) -> "Rule":
        if (self.threshold is None) is (not self.severities):
            raise ValueError("needs a threshold, or severities that have one each; write one of the two")
        for condition in self.conditions:
            recovery = condition.recovery
            if recovery is not None and not condition.is_on_good_side(recovery):
                raise ValueError(
                    f"the recovery {recovery:g} of {condition.severity} is beyond its threshold"
                    f" {condition.threshold:g}; write a value that lies on the other side"
                )
        return self

    @model_validator(mode="after")
    def _has_usable_texts(self) -> "Rule":
        faults = [*_label_faults(self), *_annotation_faults(self)]
        if faults:
            raise ValueError("; ".join(faults))
        return self

    @field_validator("labels")
    @classmethod
    def _are_names(cls, labels: dict[str, str], _info: ValidationInfo) -> dict[str, str]:
        faults = [
            f"{name!r} is no label name; use letters, digits and _, and no digit first"
            for name in labels
            if not _LABEL_NAME.fullmatch(name)
        ]
        if faults:
            raise ValueError("; ".join(faults))
        return labels


def _own_labels(rule: Rule) -> set[str]:
    return {*_RESERVED, *rule.fixed_labels, *(rule.group_labels or ())}


def _label_faults(rule: Rule) -> Iterable[str]:
    taken = _own_labels(rule)
    return (f"labels: {name!r} is set by the rule itself; choose another name" for name in rule.labels if name in taken)


def _annotation_faults(rule: Rule) -> Iterable[str]:
    names = None if rule.group_labels is None else {*_own_labels(rule), *rule.labels}
    return (
        f"annotations: {name}: {fault}"
        for name, text in rule.annotations.items()
        for fault in template_faults(text, names)
    )
