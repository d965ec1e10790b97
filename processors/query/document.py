"""A question as people and programs send it: JSON, with times and filters as texts."""

from datetime import datetime, timedelta
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from processors.errors import InvalidQuestion
from processors.query.filters import Filter, Operator, parse_filter
from processors.query.question import Order, Question
from processors.time.durations import Duration
from processors.time.expression import parse_window
from processors.time.steps import step_of

MOST_GROUPS = 100_000
# As many as Prometheus answers.
_MOST_STEPS = 11_000
DEFAULT_GROUPS = 1_000


class FilterDocument(BaseModel):
    """A filter, part by part."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    dimension: str
    operator: Operator = Operator.IN
    values: tuple[str, ...] = ()


class OrderDocument(BaseModel):
    """What groups are ordered by."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    by: str = Field(description="One of the question's measures or dimensions.")
    descending: bool = True


class QuestionDocument(BaseModel):
    """The body of POST /api/v1/questions."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    measures: tuple[str, ...] = Field(min_length=1, max_length=100, description="Names of GET /api/v1/measures.")
    dimensions: tuple[str, ...] = Field(
        default=(), max_length=20, description="Names of GET /api/v1/dimensions, or `attribute:NAME`."
    )
    start: str = Field(default="now-1h", alias="from", description="Such as now-24h, 2026-05-01 or epoch milliseconds.")
    end: str = Field(default="now", alias="to", description="Likewise; not included.")
    filters: tuple[FilterDocument | str, ...] = Field(
        default=(), max_length=100, description="Texts such as `status!=404`, or objects; all have to hold."
    )
    step: Duration | Literal["auto"] | None = Field(
        default=None, description="Rows by step too, such as 5m; `auto` makes 120 or more of the window."
    )
    compare: Duration | None = Field(default=None, description="The same so much earlier too, such as 7d.")
    against: tuple[FilterDocument | str, ...] | None = Field(
        default=None,
        max_length=100,
        description="The same under these filters in place of its own too; not with compare.",
    )
    order: OrderDocument | None = Field(default=None, description="By the first measure, descending, where not given.")
    limit: Annotated[int, Field(ge=1, le=MOST_GROUPS, description="So many groups.")] = DEFAULT_GROUPS
    apdex_threshold_ms: Annotated[int, Field(ge=1, le=3_600_000)] = 500

    def question(self, now: datetime) -> Question:
        """The question; its edges are whole minutes. Raises InvalidQuestion and InvalidTimeExpression."""
        window = parse_window(self.start, self.end, now)
        step = step_of(window) if self.step == "auto" else self.step
        if isinstance(step, timedelta) and step and window.length / step > _MOST_STEPS:
            raise InvalidQuestion(f"These are more than {_MOST_STEPS:,} steps; make the step longer.")
        return Question(
            measures=self.measures,
            window=window,
            dimensions=self.dimensions,
            filters=tuple(_filter(given) for given in self.filters),
            step=step if isinstance(step, timedelta) else None,
            compare=self.compare,
            against=tuple(_filter(given) for given in self.against) if self.against is not None else None,
            order=Order(self.order.by, self.order.descending) if self.order is not None else None,
            limit=self.limit if self.dimensions else None,
            apdex_threshold=timedelta(milliseconds=self.apdex_threshold_ms),
        )


def _filter(given: FilterDocument | str) -> Filter:
    return parse_filter(given) if isinstance(given, str) else Filter(given.dimension, given.operator, given.values)
