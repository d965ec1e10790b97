"""Stretches of time in which an API failed far more than usual, so that a range's mean does not hide them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import numpy.typing as npt
import pandas as pd

_FEWEST_ERRORS = 5
_LEAST_ERROR_RATE = 0.05
# Times the median of the range's steps.
_ABOVE_USUAL = 3.0
# How many steps without many errors do not end a stretch.
_LONGEST_PAUSE = 1


@dataclass(frozen=True)
class Incident:
    """`first` and `last` are rows of the course; `is_open` where it lasts, `is_whole` where it is all there is."""

    start: datetime
    end: datetime
    requests: int
    errors: int
    first: int
    last: int
    is_open: bool
    is_whole: bool

    @property
    def error_rate(self) -> float:
        return self.errors / self.requests


def worst_incident(course: pd.DataFrame, step: timedelta, now: datetime) -> Incident | None:
    """The one that lasts, or else that with the most errors; of `time`, `requests`, `errors` by step."""
    found = list(_incidents(_known(course), step, now))
    return max(found, key=lambda one: (one.is_open, one.errors), default=None)


def rows_of(course: pd.DataFrame, incident: Incident) -> pd.DataFrame:
    """The steps of a course that an incident covers."""
    return _known(course).iloc[incident.first : incident.last + 1]


def _known(course: pd.DataFrame) -> pd.DataFrame:
    return course[course["requests"].to_numpy() > 0]


def _incidents(course: pd.DataFrame, step: timedelta, now: datetime) -> Iterator[Incident]:
    if course.empty:
        return
    # A page looks at many courses: sums of arrays cost a tenth of those of columns.
    errors, requests = course["errors"].to_numpy(), course["requests"].to_numpy()
    rates = errors / requests
    # Of an API that always fails the usual is the incident.
    limit = max(_LEAST_ERROR_RATE, min(_ABOVE_USUAL * float(np.median(rates)), 0.5))
    for first, last in _stretches(np.flatnonzero(rates >= limit)):
        failed = int(errors[first : last + 1].sum())
        if failed < _FEWEST_ERRORS:
            continue
        end = _time(course, last) + step
        # The step before the present one is the last that is whole.
        is_open = now - end <= step
        asked = int(requests[first : last + 1].sum())
        yield Incident(_time(course, first), min(end, now), asked, failed, first, last, is_open, is_open and first == 0)


def _stretches(places: "npt.NDArray[np.intp]") -> Iterator[tuple[int, int]]:
    """Runs of places, with pauses of at most `_LONGEST_PAUSE`."""
    start = before = None
    for place in places.tolist():
        if start is None or before is None:
            start = place
        elif place - before > _LONGEST_PAUSE + 1:
            yield start, before
            start = place
        before = place
    if start is not None and before is not None:
        yield start, before


def _time(course: pd.DataFrame, place: int) -> datetime:
    at: datetime = course["time"].iloc[place].to_pydatetime()
    return at
