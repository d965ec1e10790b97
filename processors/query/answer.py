"""What a question is answered."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy.typing as npt
import pandas as pd

from processors.query.dimensions import dimension
from processors.query.measures import Measure, measure
from processors.query.question import BEFORE, GROUPING, TIME, Question


@dataclass(frozen=True)
class Answer:
    """The figures, and where they are from."""

    question: Question
    # `time` where there is a step (the start of the step, UTC), GROUPING where it is by several sets of dimensions,
    # dimensions, measures, each followed by its `_before` where it is compared. Durations are in ms, sizes in bytes,
    # rates per second, shares from 0 to 1; counts are whole, a histogram is a dict, and anything else is NaN where
    # nothing is known.
    frame: pd.DataFrame
    # Which tables answered, and why these.
    table: str
    reason: str
    # What was asked, with the values of its parameters in their places.
    sql: str
    # From when on there is what was asked, where the beginning of the window has been deleted.
    since: datetime | None = None


def columns_of(question: Question) -> list[str]:
    """The names of the columns of its answer."""
    measures = [
        column for name in question.measures for column in (name, *([f"{name}{BEFORE}"] if question.has_before else []))
    ]
    grouping = [GROUPING] if question.has_sets else []
    return [*([TIME] if question.step is not None else []), *grouping, *question.dimensions, *measures]


def shaped(question: Question, found: pd.DataFrame) -> pd.DataFrame:
    """What the store answered, with the names and types of an answer."""
    found = found.rename(columns={f"d{number}": name for number, name in enumerate(question.dimensions)})
    # Arrays that become one frame: to set the columns of a frame one by one costs several times as much.
    columns: dict[str, Any] = {}
    if question.step is not None:
        # The driver gives times in UTC without saying so.
        columns[TIME] = pd.DatetimeIndex(pd.to_datetime(found[TIME], utc=True)).as_unit("s")
    if question.has_sets:
        columns[GROUPING] = found[GROUPING].to_numpy()
    # The driver gives an answer without rows no types.
    for name in question.dimensions:
        columns[name] = found[name].astype("int64" if dimension(name).is_number else "str").array
    for name in question.measures:
        for column in (name, *([f"{name}{BEFORE}"] if question.has_before else [])):
            columns[column] = _typed(measure(name), found[column])
    return pd.DataFrame(columns)


def without_before(question: Question, frame: pd.DataFrame) -> pd.DataFrame:
    """The same with nothing known of what it is compared with, as some of that has been deleted."""
    found = frame.copy()
    for name in question.measures:
        nothing: Any = {} if measure(name).is_histogram else float("nan")
        found[f"{name}{BEFORE}"] = [nothing] * len(found)
    return found


def _typed(chosen: Measure, column: "pd.Series[Any]") -> "npt.NDArray[Any] | pd.Series[Any]":
    if chosen.is_histogram:
        counts = [{int(bucket): int(requests) for bucket, requests in histogram.items()} for histogram in column]
        return pd.Series(counts, dtype="object")
    return column.astype("int64" if chosen.is_whole else "float64").to_numpy()


def in_order(question: Question, frame: pd.DataFrame) -> pd.DataFrame:
    """The rows in the order that the question asks for, with a new index."""
    keys = list(question.dimensions)
    if question.step is not None:
        return frame.sort_values([TIME, *keys], ignore_index=True)
    if not keys:
        return frame.reset_index(drop=True)
    ordered = question.ordered
    by = [ordered.by, *(key for key in keys if key != ordered.by)]
    return frame.sort_values(by, ascending=[not ordered.descending, *[True] * (len(by) - 1)], ignore_index=True)
