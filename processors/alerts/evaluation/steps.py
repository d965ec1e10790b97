"""Answers about overlapping windows of whole steps, cut out of one answer that spans all windows of a day."""

from collections.abc import Sequence
from datetime import UTC, datetime

import pandas as pd

from processors.alerts.evaluation.evaluate import Asked
from processors.query.answer import Answer
from processors.query.measures import measure
from processors.query.question import TIME, Question
from processors.query.sums import Ratio
from processors.time.window import DAY, Window, floor
from storage.errors import GatelensError, QueryLimitExceeded

# Stands for the window in questions that differ in nothing else.
_ANY = Window(datetime(2000, 1, 1, tzinfo=UTC), datetime(2000, 1, 2, tzinfo=UTC))


class Steps:
    """Asks for the steps of all windows that begin on a day at once, and for everything else as it is."""

    def __init__(self, questions: Asked) -> None:
        self._questions = questions
        # By the question without its window, so that a new day takes the place of the last.
        self._latest: dict[Question, tuple[Question, Answer | GatelensError]] = {}

    def outcomes(self, questions: Sequence[Question]) -> list[Answer | GatelensError]:
        """The answers, in the order of the questions, with the error of each that fails in its place."""
        return [self._outcome(question) for question in questions]

    def _outcome(self, question: Question) -> Answer | GatelensError:
        found = self._of_day(question) if _is_divisible(question) else None
        if found is None or isinstance(found, QueryLimitExceeded):
            # What is too much for all windows of a day may be little enough for one.
            (outcome,) = self._questions.outcomes([question])
            return outcome
        return found if isinstance(found, GatelensError) else _part(question, found)

    def _of_day(self, question: Question) -> Answer | GatelensError:
        first = floor(question.window.start, DAY)
        wide = question.but(window=Window(first, first + DAY + question.window.length), order=None, limit=None)
        kind = wide.but(window=_ANY)
        known = self._latest.get(kind)
        if known is not None and known[0] == wide:
            return known[1]
        (answer,) = self._questions.outcomes([wide])
        self._latest[kind] = wide, answer
        return answer


def _is_divisible(question: Question) -> bool:
    """Whether each row is of one step alone, and groups are chosen by what adds up over the steps."""
    step = question.step
    if step is None or DAY % step or question.has_before or not question.dimensions:
        return False
    ends = (question.window.start.timestamp(), question.window.end.timestamp())
    if any(end % step.total_seconds() for end in ends):
        return False
    if question.limit is None:
        return True
    by = question.ordered.by
    sums = measure(by).sums if by in question.measures else None
    return isinstance(sums, Ratio) and not sums.over


def _part(question: Question, wide: Answer) -> Answer:
    times = wide.frame[TIME]
    edges = pd.Timestamp(question.window.start), pd.Timestamp(question.window.end)
    frame = wide.frame[(times >= edges[0]) & (times < edges[1])]
    if question.limit is not None:
        frame = _first_groups(question, question.limit, frame)
    return Answer(question, frame.reset_index(drop=True), wide.table, wide.reason, wide.sql)


def _first_groups(question: Question, limit: int, frame: pd.DataFrame) -> pd.DataFrame:
    """The rows of the groups that the question is limited to, ordered as the store orders them."""
    keys, ordered = list(question.dimensions), question.ordered
    totals = frame.groupby(keys, sort=False)[[ordered.by]].sum().reset_index()
    totals = totals.sort_values([ordered.by, *keys], ascending=[not ordered.descending, *[True] * len(keys)])
    return frame.merge(totals.head(limit)[keys], on=keys)
