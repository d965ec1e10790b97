"""Answers about many overlapping windows of the past, out of minutes that are asked for a day at a time."""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd

from processors.alerts.evaluation.evaluate import Asked
from processors.alerts.evaluation.minute_rows import DAY_MINUTES, MinuteRows, Numbers
from processors.alerts.evaluation.sliding import slide
from processors.alerts.evaluation.steps import Steps
from processors.query.answer import Answer, columns_of
from processors.query.measures import measure, sum_of
from processors.query.question import BEFORE, TIME, Question
from processors.time.window import MINUTE, Window
from storage.errors import GatelensError

_REQUESTS = "requests"
# Bytes of measures by minute and group that are kept.
_MOST_BYTES = 256 * 2**20


class Minutes:
    """Answers by itself what sums of minutes give, and asks for everything else by `Steps`; for one thread."""

    def __init__(self, questions: Asked) -> None:
        self._others = Steps(questions)
        self._rows = MinuteRows(questions)
        # By kind of question, measure, length of the window and day.
        self._slid: OrderedDict[tuple[Question, str, int, int], Numbers] = OrderedDict()
        self._size = 0

    def outcomes(self, questions: Sequence[Question]) -> list[Answer | GatelensError]:
        """The answers, in the order of the questions, with the error of each that fails in its place."""
        others = [question for question in questions if not _is_summed(question)]
        asked = dict(zip(others, self._others.outcomes(others) if others else [], strict=True))
        return [asked[question] if question in asked else self._summed(question) for question in questions]

    def course(self, question: Question, minutes: int) -> Mapping[str, Numbers] | None:
        """Each column of the answer, or of its last step, to a question that is moved on by a minute so many times.

        A row for each minute, a column for each group, the same one in every question that asks of the same groups;
        0 and NaN for groups that an answer would leave out. None where it does not come of minutes. Raises what
        asking does.
        """
        if not _is_summed(question):
            return None
        kind, first = _kind(question), _minute(question.window.end)
        length = (question.step or question.window.length) // MINUTE
        found = {
            name: self._between(kind, of, length, first - back, first - back + minutes)
            for name, of, back in _columns(question)
        }
        # Days that were asked for later may have brought more groups.
        groups = len(self._rows.groups(kind).numbers)
        return {name: _wide(values, groups) for name, values in found.items()}

    def _summed(self, question: Question) -> Answer | GatelensError:
        step = question.step or question.window.length
        ends = [question.window.start + step * (number + 1) for number in range(question.window.length // step)]
        kind = _kind(question)
        try:
            frames = [self._frame(question, kind, end, step) for end in ends]
        except GatelensError as error:
            return error
        frame = pd.concat(frames, ignore_index=True) if len(frames) > 1 else frames[0]
        return Answer(question, frame, "minutes", "sums of minutes", "")

    def _frame(self, question: Question, kind: Question, end: datetime, length: timedelta) -> pd.DataFrame:
        """The rows of the window, or of one step of it."""
        at, minutes = _minute(end), length // MINUTE
        values = {
            name: self._between(kind, of, minutes, at - back, at - back + 1) for name, of, back in _columns(question)
        }
        counted = [self._between(kind, _REQUESTS, minutes, at - back, at - back + 1) for back in _backs(question)]
        groups = list(self._rows.groups(kind).numbers)
        is_one_row = not question.dimensions and question.step is None
        seen = np.array([is_one_row]) if is_one_row else sum(_wide(one, len(groups))[0] for one in counted) > 0
        keys = [group for group, is_seen in zip(groups, seen, strict=True) if is_seen]
        columns: dict[str, Any] = {}
        if question.step is not None:
            columns[TIME] = pd.Series([end - length] * len(keys), dtype="datetime64[s, UTC]")
        for number, name in enumerate(question.dimensions):
            columns[name] = [key[number] for key in keys]
        for name, of, _ in _columns(question):
            found = _wide(values[name], len(groups))[0][seen]
            columns[name] = found.astype(np.int64) if measure(of).is_whole else found
        return pd.DataFrame(columns, columns=columns_of(question))

    def _between(self, kind: Question, name: str, length: int, first: int, last: int) -> Numbers:
        """A measure of the windows that end from a minute since the epoch until another, which is left out."""
        parts = []
        for day in range(first // DAY_MINUTES, (last - 1) // DAY_MINUTES + 1):
            start = day * DAY_MINUTES
            parts.append(self._day(kind, name, length, start)[max(first - start, 0) : last - start])
        groups = len(self._rows.groups(kind).numbers)
        return np.concatenate([_wide(part, groups) for part in parts])

    def _day(self, kind: Question, name: str, length: int, start: int) -> Numbers:
        key = kind, name, length, start
        if key in self._slid:
            self._slid.move_to_end(key)
            return self._slid[key]
        sums = measure(name).sums
        if sums is None:
            raise ValueError(f"{name} is no sum of minutes.")
        read = {
            column: self._rows.rows(kind, column, start - length, start + DAY_MINUTES - 1) for column in sums.columns
        }
        groups = len(self._rows.groups(kind).numbers)
        threshold_us = kind.apdex_threshold // timedelta(microseconds=1)
        found = self._slid[key] = slide(sums, read.__getitem__, start, length, groups, threshold_us)
        self._size += found.nbytes
        while self._size > _MOST_BYTES and len(self._slid) > 1:
            _, oldest = self._slid.popitem(last=False)
            self._size -= oldest.nbytes
        return found


def _wide(values: Numbers, groups: int) -> Numbers:
    """With empty columns for groups that were found later."""
    missing = groups - values.shape[1]
    return np.pad(values, ((0, 0), (0, missing))) if missing else values


def _columns(question: Question) -> list[tuple[str, str, int]]:
    """Each column of measures that an answer has: its name, its measure, and how many minutes before."""
    suffixes = ("", BEFORE) if question.compare is not None else ("",)
    return [
        (f"{name}{suffix}", name, back)
        for name in question.measures
        for suffix, back in zip(suffixes, _backs(question), strict=True)
    ]


def _backs(question: Question) -> tuple[int, ...]:
    return (0,) if question.compare is None else (0, question.compare // MINUTE)


def _is_summed(question: Question) -> bool:
    """Whether an answer is made of whole minutes, and its measures of sums."""
    spans = (question.window.length, question.step or MINUTE, question.compare or MINUTE)
    ends = (question.window.end.timestamp() % 60, question.window.length % (question.step or MINUTE))
    return (
        question.limit is None
        and not any(span % MINUTE for span in spans)
        and not any(ends)
        # Steps are counted from the epoch.
        and (question.step is None or not question.window.start.timestamp() % question.step.total_seconds())
        and all(measure(name).sums is not None for name in question.measures)
    )


def _kind(question: Question) -> Question:
    """What questions have in common that the same minutes answer."""
    columns = {_REQUESTS: None}
    for name in question.measures:
        sums = measure(name).sums
        columns |= dict.fromkeys(sums.columns if sums is not None else ())
    start = datetime(2000, 1, 1, tzinfo=UTC)
    return question.but(
        measures=tuple(map(sum_of, columns)),
        window=Window(start, start + DAY_MINUTES * MINUTE),
        compare=None,
        order=None,
        step=MINUTE,
    )


def _minute(moment: datetime) -> int:
    """Minutes since the epoch."""
    return int(moment.timestamp()) // 60
