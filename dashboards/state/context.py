"""What a panel is drawn for: a view at a time."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property

from dashboards.state.comparison import COMPARISONS, label_of, other_traffic, shift_of
from dashboards.state.marks import FindMarks, Mark, no_marks
from dashboards.state.times import Times
from dashboards.state.view import View
from processors.query.filters import Filter, in_place_of
from processors.query.question import Order, Question
from processors.time.steps import step_of
from processors.time.window import Window


@dataclass(frozen=True)
class PageContext:
    """A view, and the time of the refresh, which is the same for all panels."""

    view: View
    now: datetime
    # What the path narrows to besides, such as the API of its page.
    implied: tuple[Filter, ...] = ()
    # Alerts and annotations in a window, for charts over time; asked for at most once a refresh.
    find_marks: FindMarks = no_marks
    # The step of charts over time where it is not the one that follows from the range.
    own_step: timedelta | None = None

    @cached_property
    def window(self) -> Window:
        """Raises InvalidTimeExpression or InvalidRange."""
        return self.view.window(self.now)

    @cached_property
    def step(self) -> timedelta:
        """Of charts over time."""
        return self.own_step or step_of(self.window)

    @cached_property
    def times(self) -> Times:
        return Times(self.view.tzinfo, self.now)

    @cached_property
    def marks(self) -> Sequence[Mark]:
        """What happened in the range, to be drawn on every chart over time."""
        return self.find_marks(self.window, (*self.view.filters, *self.implied))

    @property
    def compared(self) -> str:
        """The key of what figures are compared with, the previous period where the reader has chosen nothing."""
        return self.view.compare or "previous"

    @property
    def compared_short(self) -> str:
        """E.g. 'vs previous period'; '' where nothing is compared."""
        if other_traffic(self.compared) is not None:
            return f"vs {label_of(self.compared)}"
        return COMPARISONS[self.compared].short if self.compared in COMPARISONS else ""

    @property
    def before_name(self) -> str:
        """What a line of the compared traffic is called: 'before', 'version v2'."""
        return "before" if other_traffic(self.compared) is None else label_of(self.compared)

    @cached_property
    def by_period(self) -> "PageContext":
        """The same compared with an earlier time, as health is judged by, whatever other traffic a reader chose."""
        return self if other_traffic(self.compared) is None else replace(self, view=self.view.but(compare=""))

    def question(
        self,
        *measures: str,
        by: tuple[str, ...] = (),
        over_time: bool = False,
        step: timedelta | None = None,
        compare: bool = False,
        filters: tuple[Filter, ...] = (),
        order: str = "",
        limit: int | None = None,
    ) -> Question:
        """About the range and filters of the view, and `filters` besides.

        `by` are dimensions, `order` a measure or dimension, with '-' before it descending. `over_time` asks for each
        step of the charts, `step` for each of its own; `compare` for what the reader compares with too.
        """
        cut = self.step if over_time else step
        narrowed = (*self.view.filters, *self.implied, *filters)
        return Question(
            measures,
            self.window,
            by,
            narrowed,
            step=cut,
            compare=self._shift(cut) if compare else None,
            against=self._against(narrowed) if compare else None,
            order=Order(order.removeprefix("-"), order.startswith("-")) if order else None,
            limit=limit,
        )

    def _shift(self, step: timedelta | None) -> timedelta | None:
        """How much earlier the compared period lies, in whole steps where there are steps."""
        shift = shift_of(self.compared, self.window)
        return shift if shift is None or step is None else -(-shift // step) * step

    @cached_property
    def against(self) -> tuple[Filter, ...] | None:
        """The filters of the other traffic that the reader compares with; None where it is a period."""
        return self._against((*self.view.filters, *self.implied))

    def _against(self, narrowed: tuple[Filter, ...]) -> tuple[Filter, ...] | None:
        """The filters of the traffic that is compared with; None where it is a period."""
        other = other_traffic(self.compared)
        return None if other is None else in_place_of(narrowed, other)

    def sort(self, table: str, default: str) -> str:
        """The column by which a table is sorted, with '-' before it descending."""
        return sorted_by(self.view, table) or default


def sorted_by(view: View, table: str) -> str:
    """What the URL says of a table's order; '' where it says nothing."""
    for one in view.sort.split(","):
        name, _, column = one.partition(":")
        if name == table:
            return column
    return ""
