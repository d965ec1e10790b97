"""Forms of the pages: what was entered becomes an address to go to, or a sentence that says what is wrong with it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from dashboards.page import TakeAction, TakeForm
from dashboards.site import filter_choice, time_picker
from dashboards.site.undo import FORM as FORM_UNDO
from dashboards.site.undo import Undos
from dashboards.state.context import PageContext
from dashboards.state.range_text import two_edges
from dashboards.state.times import written
from dashboards.state.view import View
from processors.errors import InvalidQuestion
from processors.query.filters import Filter, Operator
from processors.query.question import Question
from processors.query.questions import Questions
from storage.errors import GatelensError
from storage.faults import with_cure

Values = Mapping[str, list[str]]

_OFFERED = 40


@dataclass(frozen=True)
class Forms:
    """All forms by the name in their `data-form`; pages add their own by `more`."""

    questions: Questions
    clock: Callable[[], datetime]
    more: Mapping[str, TakeForm]
    actions: Mapping[str, TakeAction]
    _undos: Undos = field(default_factory=Undos, init=False)

    def take(
        self, name: str, view: View, values: Sequence[tuple[str, str]], writer: Callable[[], str]
    ) -> dict[str, Any]:
        """{'go': address}, {'fault': sentence}, or for 'filter-values' {'offered': [[value, requests], …]}.

        Changes are made in the name of `writer`, which raises WriteNotAllowed, and are confirmed by 'message'.
        """
        entered: dict[str, list[str]] = {}
        for key, value in values:
            entered.setdefault(key, []).append(value.strip())
        try:
            if name == filter_choice.VALUES:
                return {"offered": self._offered(view, _first(entered, "dimension"))}
            if name == FORM_UNDO:
                self._undos.take_back(_first(entered, "token"), writer())
                return {"go": view.href(), "message": "Undone."}
            if name in self.actions:
                done = self.actions[name](view, entered, writer())
                return {
                    "go": done.view.href(),
                    "message": done.message,
                    **({"made": done.made} if done.made else {}),
                    **({"undo": self._undos.keep(done.undo)} if done.undo else {}),
                }
            takers = {
                time_picker.FORM: self._range,
                filter_choice.FORM: self._filter,
                filter_choice.COMPARISON: self._comparison,
                **self.more,
            }
            if name not in takers:
                return {"fault": "This form is not known; reload the page."}
            return {"go": takers[name](view, entered).href()}
        except GatelensError as error:
            return {"fault": str(with_cure(error))}

    def _range(self, view: View, entered: Values) -> View:
        start, end = two_edges(_first(entered, "from"), _first(entered, "to"))
        now = self.clock()
        changed = view.but(start=written(start, view.tzinfo, now), end=written(end, view.tzinfo, now))
        changed.window(now)
        return changed

    def _filter(self, view: View, entered: Values) -> View:
        dimension = _first(entered, "dimension")
        if not dimension:
            raise InvalidQuestion("Choose a dimension to filter by.")
        operator = Operator(_first(entered, "operator") or Operator.IN)
        given = [line.strip() for text in entered.get("values", []) for line in text.splitlines() if line.strip()]
        if operator in (Operator.ABSENT, Operator.PRESENT):
            given = []
        if operator is Operator.RANGE and len(given) == 1:
            given = [part.strip() for part in given[0].split("..", 1)]
        changed = view.with_filter(Filter(dimension, operator, tuple(given)))
        # Says now what the panels would say of each.
        Question(("requests",), changed.window(self.clock()), filters=changed.filters)
        return changed

    def _comparison(self, view: View, entered: Values) -> View:
        dimension, values = _first(entered, "dimension"), tuple(entered.get("values", []))
        if not dimension or not values:
            raise InvalidQuestion("Choose a dimension and at least one value.")
        return view.but(compare=Filter(dimension, Operator.IN, values).text())

    def _offered(self, view: View, dimension: str) -> list[tuple[str, int]]:
        if not dimension:
            return []
        others = view.but(filters=tuple(one for one in view.filters if one.dimension != dimension))
        question = PageContext(others, self.clock()).question("requests", by=(dimension,), limit=_OFFERED)
        frame = self.questions.ask(question).frame
        pairs = zip(frame[dimension], frame["requests"], strict=True)
        return [(str(value), int(requests)) for value, requests in pairs if str(value)]


def _first(entered: Values, field: str) -> str:
    return next(iter(entered.get(field, [])), "")
