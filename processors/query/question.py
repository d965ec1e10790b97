"""A question about traffic: typed, hashable, complete."""

from dataclasses import dataclass, replace
from datetime import timedelta

from processors.errors import InvalidQuestion
from processors.query.dimensions import dimension
from processors.query.filters import Filter
from processors.query.measures import measure
from processors.time.window import Window

DEFAULT_APDEX_THRESHOLD = timedelta(milliseconds=500)

# What ends the name of a measure of the window before.
BEFORE = "_before"
TIME = "time"
# The column of a question by several sets of dimensions: a bit for each that a row is not by, the last one's being 1.
GROUPING = "grouping"


@dataclass(frozen=True)
class Order:
    """By one of the question's measures or dimensions."""

    by: str
    descending: bool = True


@dataclass(frozen=True)
class Question:
    """What is asked; each request counts once. Raises InvalidQuestion for what is not known or does not go together."""

    # Names in MEASURES.
    measures: tuple[str, ...]
    window: Window
    # Names in DIMENSIONS, or `attribute:NAME`.
    dimensions: tuple[str, ...] = ()
    filters: tuple[Filter, ...] = ()
    # Rows by step too, in whole seconds, counted from the epoch.
    step: timedelta | None = None
    # Also the same window this much earlier, in columns `<measure>_before`.
    compare: timedelta | None = None
    # The same window under these filters in place of its own too, in the same columns; not together with `compare`.
    against: tuple[Filter, ...] | None = None
    # By default the first measure that is no histogram, descending; with a step it chooses the groups, and rows are by
    # time.
    order: Order | None = None
    # Of groups; with a step, the first ones over the whole window.
    limit: int | None = None
    apdex_threshold: timedelta = DEFAULT_APDEX_THRESHOLD
    # Rows by so many of the dimensions too, from the first on, 0 being all traffic; the limit is for each of them. Not
    # together with a step.
    also_by: tuple[int, ...] = ()
    # Rows by each of the dimensions alone, and none by all; the limit is for each. With neither step nor comparison.
    each_alone: bool = False

    def __post_init__(self) -> None:
        if not self.measures:
            raise InvalidQuestion("A question needs a measure, such as requests.")
        for name in (*self.measures, *self.dimensions):
            if (*self.measures, *self.dimensions).count(name) > 1:
                raise InvalidQuestion(f"{name!r} is named twice; name each measure and dimension once.")
        for name in self.measures:
            measure(name)
        for name in (*self.dimensions, *(chosen.dimension for chosen in (*self.filters, *(self.against or ())))):
            dimension(name)
        self._check_spans()
        if self.limit is not None and self.limit < 1:
            raise InvalidQuestion(f"A limit is at least 1, not {self.limit}.")
        if self.order is not None and self.order.by not in (*self._ordering, *self.dimensions):
            raise InvalidQuestion(
                f"Rows can only be ordered by what is asked for and is no histogram, not by {self.order.by!r}."
            )

    def _check_spans(self) -> None:
        for name, span in (("step", self.step), ("compare", self.compare)):
            if span is not None and (span < timedelta(seconds=1) or span % timedelta(seconds=1)):
                raise InvalidQuestion(f"`{name}` is whole seconds, at least one, not {span}.")
        if self.step is not None and self.compare is not None and self.compare % self.step:
            raise InvalidQuestion("`compare` is a multiple of the step, so that steps can stand beside each other.")
        if self.compare is not None and self.against is not None:
            raise InvalidQuestion("A question compares with an earlier time or with other traffic, not with both.")
        if self.each_alone and (self.step is not None or self.has_before or self.also_by or not self.dimensions):
            raise InvalidQuestion("A question by each of its dimensions alone has some, no step and no comparison.")
        if self.apdex_threshold < timedelta(milliseconds=1):
            raise InvalidQuestion("The threshold of Apdex is at least a millisecond.")

    @property
    def has_sets(self) -> bool:
        """Whether it has rows by several sets of its dimensions, with the column GROUPING."""
        return bool(self.also_by) or self.each_alone

    @property
    def has_before(self) -> bool:
        """Whether each measure has a column of what it is compared with."""
        return self.compare is not None or self.against is not None

    @property
    def filters_before(self) -> tuple[Filter, ...]:
        """Those of what it is compared with."""
        return self.filters if self.against is None else self.against

    @property
    def ordered(self) -> Order:
        """The order of groups."""
        if self.order is not None:
            return self.order
        return Order(self._ordering[0]) if self._ordering else Order(self.dimensions[0], descending=False)

    @property
    def _ordering(self) -> tuple[str, ...]:
        """The measures that rows can be ordered by."""
        return tuple(name for name in self.measures if not measure(name).is_histogram)

    def but(self, **changes: object) -> "Question":
        """The same with some of it changed."""
        return replace(self, **changes)  # type: ignore[arg-type]  # checked when it is made
