"""How a window is cut into the points of a chart."""

from datetime import UTC, datetime, timedelta

import pandas as pd

from processors.window import Window, floor

_MINUTES = (1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 2880, 10080, 20160, 43200)
_STEPS = tuple(timedelta(minutes=minutes) for minutes in _MINUTES)
_MOST_POINTS = 180

# Beyond this, usage_source reads whole hours, so no step may be shorter.
_FINER_THAN_HOURS_UP_TO = timedelta(hours=24)
_HOUR = timedelta(hours=1)


def step_of(window: Window, most_points: int = _MOST_POINTS) -> timedelta:
    """The shortest step that cuts the window into at most so many points."""
    shortest = _STEPS[0] if window.length <= _FINER_THAN_HOURS_UP_TO else _HOUR
    for step in _STEPS:
        if step >= shortest and window.length / step <= most_points:
            return step
    return _STEPS[-1]


def buckets(window: Window, step: timedelta, now: datetime) -> pd.DataFrame:
    """Each step that the window touches and that has begun.

    `time` is its start, `seconds` how much of it lies in the window and in the past, `complete` whether it is over:
    a rate is a count by `seconds`, and what is not complete is drawn as such.
    """
    starts = pd.date_range(floor(window.start, step), min(window.end, now), freq=step, inclusive="left")
    ends = starts + step
    first, last = pd.Timestamp(window.start), pd.Timestamp(min(window.end, now))
    covered = [min(end, last) - max(start, first) for start, end in zip(starts, ends, strict=True)]
    return pd.DataFrame(
        {
            "time": starts.as_unit("s"),
            "seconds": [length.total_seconds() for length in covered],
            "complete": ends <= pd.Timestamp(now),
        }
    )


def elapsed_seconds(window: Window, now: datetime) -> float:
    """How much of the window has passed, at least a second."""
    return max(1.0, (min(window.end, now.astimezone(UTC)) - window.start).total_seconds())
