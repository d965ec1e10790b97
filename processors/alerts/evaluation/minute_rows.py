"""Minutes of the past: of each group, the sums of columns and the buckets of histograms, a day at a time."""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd

from processors.alerts.evaluation.evaluate import Asked
from processors.query.measures import measure, sum_of
from processors.query.question import TIME, Question
from processors.time.window import MINUTE, Window
from storage.errors import GatelensError, QueryLimitExceeded

Numbers = np.ndarray[Any, Any]

DAY_MINUTES = 1440
_DAY = timedelta(days=1)
# A day with more than a question may answer is asked for in parts, of at least so long.
_SHORTEST = timedelta(hours=1)
# What is kept of all days.
_MOST_BYTES = 256 * 2**20


@dataclass(frozen=True)
class Rows:
    """Requests, or what adds up like them, of a group in a minute; of a histogram, in a bucket."""

    # Minutes since the epoch, ascending.
    times: Numbers
    # The groups' numbers.
    groups: Numbers
    weights: Numbers
    buckets: Numbers | None = None

    def between(self, first: int, last: int) -> "Rows":
        """Those of the minutes from `first` until `last`, which is left out."""
        part = slice(np.searchsorted(self.times, first), np.searchsorted(self.times, last))
        return self.only(part)

    def only(self, chosen: Any) -> "Rows":
        buckets = None if self.buckets is None else self.buckets[chosen]
        return Rows(self.times[chosen], self.groups[chosen], self.weights[chosen], buckets)

    @property
    def size(self) -> int:
        """In bytes."""
        held = (self.times, self.groups, self.weights, self.buckets)
        return sum(part.nbytes for part in held if part is not None)


def together(parts: Sequence[Rows]) -> Rows:
    """Rows of stretches that follow each other."""
    buckets = [part.buckets for part in parts if part.buckets is not None]
    return Rows(
        np.concatenate([part.times for part in parts]),
        np.concatenate([part.groups for part in parts]),
        np.concatenate([part.weights for part in parts]),
        np.concatenate(buckets) if buckets else None,
    )


@dataclass
class Groups:
    """The groups that a kind of question has found so far, by number."""

    numbers: dict[tuple[Any, ...], int] = field(default_factory=dict)

    def number(self, group: tuple[Any, ...]) -> int:
        return self.numbers.setdefault(group, len(self.numbers))


class MinuteRows:
    """Asks for days of minutes and keeps the latest ones; for one thread."""

    def __init__(self, questions: Asked) -> None:
        self._questions = questions
        self._groups: dict[Question, Groups] = {}
        self._days: OrderedDict[Question, Mapping[str, Rows]] = OrderedDict()
        self._size = 0

    def groups(self, kind: Question) -> Groups:
        """Those of a kind: a question by minute for columns, whatever its window."""
        if kind not in self._groups:
            self._groups[kind] = Groups()
            if not kind.dimensions:
                self._groups[kind].number(())
        return self._groups[kind]

    def rows(self, kind: Question, column: str, first: int, last: int) -> Rows:
        """Of the minutes since the epoch from `first` until `last`. Raises what asking does."""
        days = range(first // DAY_MINUTES, -(-last // DAY_MINUTES))
        return together([self._day(kind, day)[column].between(first, last) for day in days])

    def _day(self, kind: Question, day: int) -> Mapping[str, Rows]:
        start = datetime.fromtimestamp(day * DAY_MINUTES * 60, kind.window.start.tzinfo)
        question = kind.but(window=Window(start, start + _DAY))
        if question in self._days:
            self._days.move_to_end(question)
            return self._days[question]
        frame = self._frame(question)
        found = self._days[question] = _by_column(frame, kind, self.groups(kind))
        self._size += sum(rows.size for rows in found.values())
        while self._size > _MOST_BYTES and len(self._days) > 1:
            _, oldest = self._days.popitem(last=False)
            self._size -= sum(rows.size for rows in oldest.values())
        return found

    def _frame(self, question: Question) -> pd.DataFrame:
        (answer,) = self._questions.outcomes([question])
        if not isinstance(answer, GatelensError):
            return answer.frame
        half = question.window.length / 2
        if not isinstance(answer, QueryLimitExceeded) or half < _SHORTEST:
            raise answer
        middle = question.window.start + half
        parts = (Window(question.window.start, middle), Window(middle, question.window.end))
        return pd.concat([self._frame(question.but(window=part)) for part in parts], ignore_index=True)


def _by_column(frame: pd.DataFrame, kind: Question, groups: Groups) -> dict[str, Rows]:
    """The rows of each column of the kind; `frame` is by time, as answers with a step are."""
    keys = zip(*(frame[name].tolist() for name in kind.dimensions), strict=True) if kind.dimensions else ()
    numbers = (
        np.fromiter((groups.number(key) for key in keys), np.int32, len(frame))
        if kind.dimensions
        else np.zeros(len(frame), np.int32)
    )
    times = (frame[TIME].astype("int64").to_numpy() // int(MINUTE.total_seconds())).astype(np.int32)
    found = {}
    for name in kind.measures:
        column = name.removeprefix(sum_of(""))
        found[column] = (
            _exploded(times, numbers, frame[name].tolist())
            if measure(name).is_histogram
            else Rows(times, numbers, frame[name].to_numpy(dtype=float))
        )
    return found


def _exploded(times: Numbers, groups: Numbers, histograms: Sequence[Mapping[int, int]]) -> Rows:
    """A row for each bucket."""
    lengths = [len(histogram) for histogram in histograms]
    size = sum(lengths)
    buckets = np.fromiter((bucket for histogram in histograms for bucket in histogram), np.int64, size)
    weights = np.fromiter((count for histogram in histograms for count in histogram.values()), float, size)
    return Rows(np.repeat(times, lengths), np.repeat(groups, lengths), weights, buckets)
