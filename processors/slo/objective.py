"""What an API has promised: a share of good requests over a period."""

import re
from datetime import timedelta
from enum import StrEnum
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from processors.errors import InvalidQuestion
from processors.query.filters import Filter, Operator, parse_filter
from processors.time.durations import Duration, show_duration

_NAME = re.compile(r"\w[\w .\-/@]*")
_SHORTEST, _LONGEST = timedelta(days=1), timedelta(days=90)
# No request takes longer than a day.
_MOST_MS = 86_400_000


class Kind(StrEnum):
    """What makes a request good."""

    # It is no error: its status is neither 5xx nor missing.
    AVAILABILITY = "availability"
    # It took no longer than the threshold.
    LATENCY = "latency"


class Objective(BaseModel):
    """One objective; `filters` say of which requests, as `gatelens ask` takes them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(min_length=1, max_length=100, description="Each has its own.")
    kind: Kind = Field(default=Kind.AVAILABILITY, description="availability or latency.")
    target: float = Field(gt=0, lt=1, description="The share of requests that has to be good, such as 0.999.")
    threshold_ms: int | None = Field(
        default=None, ge=1, le=_MOST_MS, description="Of latency: within so long a request is good; at most a day."
    )
    period: Duration = Field(default=timedelta(days=30), description="Over how long, up to now.")
    filters: tuple[str, ...] = Field(default=(), description="Such as api=orders; all have to hold.")
    description: str = Field(default="", max_length=1000, description="For people.")

    @field_validator("name")
    @classmethod
    def _is_a_name(cls, name: str) -> str:
        if not _NAME.fullmatch(name):
            raise ValueError("a name has letters, digits, blanks and any of _ - . / @")
        return name

    @field_validator("filters")
    @classmethod
    def _are_filters(cls, texts: tuple[str, ...]) -> tuple[str, ...]:
        for text in texts:
            try:
                parse_filter(text)
            except InvalidQuestion as error:
                raise ValueError(str(error)) from None
        return texts

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if (self.kind is Kind.LATENCY) != (self.threshold_ms is not None):
            raise ValueError("an objective of latency needs threshold_ms, and one of availability has none")
        if not _SHORTEST <= self.period <= _LONGEST or self.period % timedelta(hours=1):
            raise ValueError("a period is whole hours, from 1d to 90d")
        return self

    @property
    def definition(self) -> dict[str, Any]:
        """As people write it, with every key."""
        return {
            "name": self.name,
            "description": self.description,
            "kind": self.kind.value,
            "target": self.target,
            "threshold_ms": self.threshold_ms,
            "period": show_duration(self.period),
            "filters": list(self.filters),
        }

    @property
    def threshold(self) -> timedelta | None:
        """Within it a request is good."""
        return None if self.threshold_ms is None else timedelta(milliseconds=self.threshold_ms)

    @property
    def conditions(self) -> tuple[Filter, ...]:
        """The filters, as a question takes them."""
        return tuple(map(parse_filter, self.filters))

    @property
    def api(self) -> str:
        """The API that it is about; '' where it is about none or several."""
        named = [
            found.values for found in self.conditions if found.dimension == "api" and found.operator is Operator.IN
        ]
        return named[0][0] if len(named) == 1 and len(named[0]) == 1 else ""
