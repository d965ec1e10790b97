"""Which questions have so few groups that their limit leaves none out."""

import threading
from collections import OrderedDict
from datetime import timedelta

from processors.query.answer import Answer
from processors.query.filters import Filter
from processors.query.question import Question

_MOST_KEPT = 1_000
# Of the limit: room for new groups, since a question that finds too many is asked a second time.
_FEW = 1 / 2

_Key = tuple[tuple[str, ...], tuple[Filter, ...], timedelta | None]


class GroupCounts:
    """How many groups questions had when they were last asked; safe to use from many threads."""

    def __init__(self) -> None:
        self._change = threading.Lock()
        # With the length of the window: a longer one may have more.
        self._counts: OrderedDict[_Key, tuple[int, timedelta]] = OrderedDict()

    def are_few(self, question: Question) -> bool:
        """Whether the question had few when it was last asked, of whatever time.

        Never with a comparison: the traffic it compares with may have other groups.
        """
        if question.limit is None or question.has_before:
            return False
        with self._change:
            count, length = self._counts.get(_key(question), (question.limit, timedelta()))
        # A window may have a step more than the last one had.
        return count <= question.limit * _FEW and question.window.length <= length + (question.step or timedelta())

    def is_whole(self, question: Question, answer: Answer) -> bool:
        """Whether a limit leaves all groups of an answer that was made without it; they are counted for the next."""
        count = _count(question, answer)
        self._note(question, count)
        return question.limit is None or count <= question.limit

    def note_chosen(self, question: Question, answer: Answer) -> None:
        """Count the groups of an answer that the limit was applied to; with as many as it leaves, there may be more."""
        count = _count(question, answer)
        if question.limit is None or count < question.limit:
            self._note(question, count)
        else:
            self.forget(question)

    def forget(self, question: Question) -> None:
        with self._change:
            self._counts.pop(_key(question), None)

    def _note(self, question: Question, count: int) -> None:
        key = _key(question)
        with self._change:
            self._counts[key] = count, question.window.length
            self._counts.move_to_end(key)
            while len(self._counts) > _MOST_KEPT:
                self._counts.popitem(last=False)


def _count(question: Question, answer: Answer) -> int:
    return len(answer.frame[list(question.dimensions)].drop_duplicates())


def _key(question: Question) -> _Key:
    return question.dimensions, question.filters, question.step
