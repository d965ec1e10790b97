"""One rule: a measure over a window, compared with a threshold, for each group of requests."""

import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from operator import ge, gt, le, lt
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
)

from processors.alerts.durations import Duration, show_duration
from processors.alerts.measures import MEASURES, Measure
from processors.alerts.templates import render, template_faults
from processors.traffic.filters import NO_ROUTE, UNVERSIONED
from processors.window import MINUTE

Dimension = Literal["environment", "gateway_kind", "gateway", "api", "api_version"]

# How a dimension's empty value is written in filters and shown in labels.
ABSENT: Mapping[str, str] = {"api": NO_ROUTE, "api_version": UNVERSIONED}

_HOLDS: Mapping[str, Callable[[float, float], bool]] = {">": gt, ">=": ge, "<": lt, "<=": le}
_LABEL_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_RESERVED = ("alertname", "severity")


def _one_or_more(value: object) -> object:
    if value in ("", []):
        raise ValueError(
            f"an empty value selects nothing; leave the key out for all, or write {NO_ROUTE!r} for an api and"
            f" {UNVERSIONED!r} for an api_version that requests lack"
        )
    return [value] if isinstance(value, str) else value


Values = Annotated[tuple[str, ...], BeforeValidator(_one_or_more)]


class Filters(BaseModel):
    """Which requests a rule is about: for each dimension the values that it takes, none for all."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    environment: Values = ()
    gateway_kind: Values = ()
    gateway: Values = ()
    api: Values = ()
    api_version: Values = ()

    @property
    def chosen(self) -> dict[str, tuple[str, ...]]:
        """The dimensions that are filtered by, with their values."""
        return {name: values for name, values in dict(self).items() if values}

    @property
    def pinned(self) -> dict[str, str]:
        """The dimensions that have one value, which alerts carry as labels."""
        return {name: values[0] for name, values in self.chosen.items() if len(values) == 1}


class Rule(BaseModel):
    """One rule, as users write it."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    name: str = Field(min_length=1)
    measure: str
    window: Duration
    op: Literal[">", ">=", "<", "<="]
    threshold: float = Field(allow_inf_nan=False)
    for_: Duration = Field(default=timedelta(), alias="for")
    keep_firing_for: Duration = timedelta()
    filters: Filters = Filters()
    by: tuple[Dimension, ...] = ()
    min_requests: int = Field(default=1, ge=0)
    limit: int = Field(default=1_000, ge=0)
    apdex_threshold_ms: int = Field(default=500, ge=1)
    severity: str = Field(default="warning", min_length=1)
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}
    receiver: str

    @property
    def measured(self) -> Measure:
        return MEASURES[self.measure]

    def holds(self, value: float) -> bool:
        """Whether a value meets the condition."""
        return _HOLDS[self.op](value, self.threshold)

    def is_met_by(self, value: float, requests: int) -> bool:
        """Whether a group of requests with this value meets the rule."""
        return requests >= self.min_requests and self.holds(value)

    def labels_of(self, group: Mapping[str, str]) -> dict[str, str]:
        """All labels of the alert of a group of requests; an empty one is left out, as in Prometheus."""
        named = {name: value or ABSENT.get(name, "") for name, value in group.items()}
        labels = {
            **self.labels,
            **self.filters.pinned,
            **named,
            "alertname": self.name,
            "severity": self.severity,
        }
        return {name: value for name, value in labels.items() if value}

    def annotations_of(self, labels: Mapping[str, str], value: float) -> dict[str, str]:
        """The annotations of an alert with their placeholders filled in."""
        plain = {
            "value": f"{value:.6g}",
            "value_with_unit": self.measured.show(value),
            "threshold": f"{self.threshold:.6g}",
            "threshold_with_unit": self.measured.show(self.threshold),
            "window": show_duration(self.window),
        }
        return {name: render(template, plain, labels) for name, template in self.annotations.items()}

    @field_validator("measure")
    @classmethod
    def _is_known(cls, measure: str) -> str:
        if measure not in MEASURES:
            raise ValueError(f"{measure!r} is no measure; use one of {', '.join(MEASURES)}")
        return measure

    @field_validator("window")
    @classmethod
    def _is_whole_minutes(cls, window: timedelta) -> timedelta:
        if not window or window % MINUTE:
            shown = show_duration(window)
            raise ValueError(f"{shown} is not whole minutes, by which Gatelens counts; write one such as 5m")
        return window

    @field_validator("op", mode="before")
    @classmethod
    def _is_quoted(cls, op: object) -> object:
        if op in ("", None):
            # A plain > starts a block of text in YAML.
            raise ValueError("is empty; write it in quotes, as in op: '>'")
        return op

    @field_validator("threshold")
    @classmethod
    def _can_be_reached(cls, threshold: float, info: ValidationInfo) -> float:
        measure = MEASURES.get(info.data.get("measure", ""))
        if measure is not None and measure.at_most_one and not 0 <= threshold <= 1:
            raise ValueError(f"{threshold:g} cannot be reached, as {measure.name} is from 0 to 1; write 5 % as 0.05")
        return threshold

    @field_validator("by")
    @classmethod
    def _once_each(cls, by: tuple[Dimension, ...]) -> tuple[Dimension, ...]:
        return tuple(dict.fromkeys(by))

    @field_validator("labels")
    @classmethod
    def _are_free_names(cls, labels: dict[str, str], info: ValidationInfo) -> dict[str, str]:
        taken = {*_RESERVED, *_dimensions(info)}
        faults = [f"{name!r} is set by the rule itself; choose another name" for name in labels if name in taken] + [
            f"{name!r} is no label name; use letters, digits and _, and no digit first"
            for name in labels
            if not _LABEL_NAME.fullmatch(name)
        ]
        return _checked(labels, faults)

    @field_validator("annotations")
    @classmethod
    def _have_known_placeholders(cls, annotations: dict[str, str], info: ValidationInfo) -> dict[str, str]:
        complete = {"by", "filters", "labels"} <= info.data.keys()
        names = {*_RESERVED, *_dimensions(info), *info.data["labels"]} if complete else None
        faults = [f"{name}: {fault}" for name, text in annotations.items() for fault in template_faults(text, names)]
        return _checked(annotations, faults)


def _dimensions(info: ValidationInfo) -> set[str]:
    """The dimensions that the alerts of a rule carry as labels, as far as the rule is valid."""
    filters: Any = info.data.get("filters")
    return {*info.data.get("by", ()), *(filters.pinned if filters is not None else ())}


def _checked(value: dict[str, str], faults: list[str]) -> dict[str, str]:
    if faults:
        raise ValueError("; ".join(faults))
    return value
