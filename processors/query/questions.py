"""Asks the store: within limits, and equal questions once."""

import threading
import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache, partial

from processors.query.answer import Answer, columns_of, shaped, without_before
from processors.query.batches import Batch, Chain, batches
from processors.query.filters import Filter
from processors.query.groups import GroupCounts
from processors.query.planner import Plan, plan
from processors.query.question import Question
from processors.query.readable import readable
from processors.query.statement import Statement, statement
from processors.query.tables import TABLES, Table
from processors.query.views import without_views
from processors.rollups.coverage import Coverage, RollupCoverage
from processors.time.window import Window
from storage.errors import GatelensError, QueryFailed, QueryLimitExceeded, StoreError
from storage.memory_budget import DEFAULT_BUDGET
from storage.settings import Settings, clause, literal
from storage.store import Store

DEFAULT_DEADLINE = timedelta(seconds=30)

# An answer this young is given again.
_KEPT = timedelta(seconds=1)
# ClickHouse looks at its limit of time between blocks.
_TO_STOP = timedelta(seconds=5)


@dataclass
class _Asked:
    at: datetime
    # What ClickHouse knows the statement by.
    name: str
    answer: "Future[Answer]"
    waiting: int = 1


def limits(deadline: timedelta, max_memory: int) -> Settings:
    """What a statement may take; `max_memory` in bytes."""
    return {"max_execution_time": max(1, int(deadline.total_seconds())), "max_memory_usage": max_memory}


def store_within_limits(store: Store, handles: int, max_memory: int) -> Store:
    """The store through handles of its own, for what people ask that is no question; `max_memory` in bytes."""
    seconds = (DEFAULT_DEADLINE + _TO_STOP).total_seconds()
    return store.apart(handles, seconds, limits=limits(DEFAULT_DEADLINE, max_memory))


class Questions:
    """Answers questions about traffic; safe to use from many threads, made once for a store."""

    def __init__(
        self,
        store: Store,
        clock: Callable[[], datetime],
        coverage: Coverage | None = None,
        *,
        tables: Sequence[Table] = TABLES,
        max_memory: int = DEFAULT_BUDGET.query,
        max_rows: int = 1_000_000,
        side_by_side: int = 4,
    ) -> None:
        """`max_memory`, in bytes, and `max_rows` are for each question; `coverage` says what roll-ups hold."""
        self._store = store
        # Never waits for a question.
        self._control = store.apart(1)
        self._clock = clock
        self._tables = tables
        self._coverage = coverage or RollupCoverage(store, clock)
        self._max_memory = max_memory
        self._max_rows = max_rows
        self._threads = ThreadPoolExecutor(side_by_side, thread_name_prefix="questions")
        self._groups = GroupCounts()
        self._asked: dict[Question, _Asked] = {}
        self._change = threading.Lock()

    def ask(self, question: Question, deadline: timedelta | None = None) -> Answer:
        """The answer; one that is at most a second old is given again.

        Raises InvalidQuestion, and StoreError where the store does not answer within the deadline and its limits.
        """
        limit = deadline or DEFAULT_DEADLINE
        asked, is_new = self._enter(question)
        if is_new:
            try:
                asked.answer.set_result(self._answer(question, limit, asked.name))
            except BaseException as error:
                with self._change:
                    if self._asked.get(question) is asked:
                        del self._asked[question]
                asked.answer.set_exception(error)
        try:
            answer = asked.answer.result(limit.total_seconds())
        except TimeoutError:
            raise QueryLimitExceeded(f"The question has no answer after {limit.total_seconds():.0f} seconds.") from None
        # Whoever gets it may change its frame.
        return replace(answer, frame=answer.frame.copy())

    def ask_all(self, questions: Sequence[Question], deadline: timedelta | None = None) -> list[Answer]:
        """The answers, in the order of the questions. Raises as `ask` does, for the first that fails.

        Equal ones are asked once, those that one pass over a table answers together, and the others side by side.
        """
        outcomes = self.outcomes(questions, deadline)
        for outcome in outcomes:
            if isinstance(outcome, GatelensError):
                raise outcome
        return [outcome for outcome in outcomes if isinstance(outcome, Answer)]

    def outcomes(
        self, questions: Sequence[Question], deadline: timedelta | None = None
    ) -> "list[Answer | GatelensError]":
        """The same, with the error of each that fails in its place."""
        try:
            covered = self._coverage()
        except StoreError as error:
            return [error for _ in questions]
        asked = [
            (batch, self._threads.submit(self.ask, batch.question, deadline))
            for batch in batches(questions, cache(lambda question: plan(question, covered, self._tables)))
        ]
        found: dict[Question, Answer | GatelensError] = {}
        for batch, future in asked:
            found.update(self._divided(batch, future.result, deadline))
        return [found[question] for question in questions]

    def _divided(
        self, batch: Batch | Chain, answer: Callable[[], Answer], deadline: timedelta | None
    ) -> dict[Question, Answer | GatelensError]:
        try:
            return dict(batch.divide(answer()))
        except (QueryFailed, QueryLimitExceeded) as error:
            if not isinstance(batch, Chain):
                return dict.fromkeys(batch.members, error)
            # The question by most dimensions may be what takes too much, and the others do not.
            found: dict[Question, Answer | GatelensError] = {}
            for link in batch.links:
                found |= self._divided(link, partial(self.ask, link.question, deadline), deadline)
            return found
        except GatelensError as error:
            return dict.fromkeys(batch.members, error)

    def kept_since(self, window: Window, filters: tuple[Filter, ...] = ()) -> datetime | None:
        """From when on the single requests of a window are there, where earlier ones were deleted; None where all are.

        Raises StoreError.
        """
        single = Question(("requests",), window, ("path",), filters)
        return plan(single, self._coverage(), self._tables).since

    def cancel(self, question: Question) -> None:
        """One who asked this does not wait for it any more; where nobody else does, `ask` fails with StoreError."""
        with self._change:
            asked = self._asked.get(question)
            if asked is None or asked.answer.done():
                return
            asked.waiting -= 1
            if asked.waiting:
                return
            # Who asks from now on is not to get the failure.
            del self._asked[question]
        self._control.command(f"KILL QUERY WHERE Settings['log_comment'] = {literal(asked.name)} ASYNC")

    def close(self) -> None:
        """Begin nothing more."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _enter(self, question: Question) -> tuple[_Asked, bool]:
        """The same question that was asked just now, or this one, which is new."""
        now = self._clock()
        with self._change:
            old = [known for known, asked in self._asked.items() if asked.answer.done() and abs(now - asked.at) > _KEPT]
            for known in old:
                del self._asked[known]
            if question in self._asked:
                self._asked[question].waiting += 1
                return self._asked[question], False
            self._asked[question] = asked = _Asked(now, uuid.uuid4().hex, Future())
            return asked, True

    def _answer(self, question: Question, deadline: timedelta, name: str) -> Answer:
        covered = self._coverage()
        now = self._clock()
        chosen = plan(question, covered, self._tables)
        first = _first_groups(question)
        if first is None:
            return self._stated(question, chosen, statement(question, chosen, None, now), deadline, name)
        # To choose among groups plans and reads as much again.
        if self._groups.are_few(question):
            try:
                answer = self._stated(question, chosen, statement(question, chosen, None, now), deadline, name)
                if self._groups.is_whole(question, answer):
                    return answer
            except QueryLimitExceeded:
                # Of the groups that there are by now, those that are asked for may be little enough.
                self._groups.forget(question)
        groups = (first, plan(first, covered, self._tables))
        answer = self._stated(question, chosen, statement(question, chosen, groups, now), deadline, name)
        self._groups.note_chosen(question, answer)
        return answer

    def _stated(self, question: Question, chosen: Plan, asked: Statement, deadline: timedelta, name: str) -> Answer:
        settings = clause({**self._limits(deadline), "log_comment": name})
        sql = f"{without_views(self._store, asked.sql)}\nSETTINGS {settings}"
        seconds = (deadline + _TO_STOP).total_seconds()
        found = self._store.frame(sql, asked.parameters, seconds, columns_of(question))
        frame = shaped(question, found)
        return Answer(
            question,
            without_before(question, frame) if chosen.lacks_before else frame,
            " + ".join(chosen.tables),
            chosen.reason,
            readable(asked.sql, asked.parameters),
            chosen.since,
        )

    def _limits(self, deadline: timedelta) -> Settings:
        return {**limits(deadline, self._max_memory), "max_result_rows": self._max_rows}


def _first_groups(question: Question) -> Question | None:
    """The question for the groups that a limit leaves, where there is a step too."""
    if question.step is None or question.limit is None or not question.dimensions:
        return None
    by = question.ordered.by
    measures = (by,) if by in question.measures else question.measures[:1]
    return question.but(step=None, compare=None, against=None, measures=measures)
