"""How a window is cut into the points of a chart."""

from datetime import UTC, datetime, timedelta

import pandas as pd

from processors.time.window import MINUTE, Window, floor

FEWEST_POINTS = 120

# Each cut falls on a round time, and up to a day on the edges of coarser roll-ups.
_MINUTES = (1, 2, 3, 5, 10, 15, 20, 30, 60, 120, 180, 240, 360, 720, 1440, 2880, 10080, 20160, 43200)
_LADDER = tuple(timedelta(minutes=minutes) for minutes in _MINUTES)


def step_of(window: Window, fewest_points: int = FEWEST_POINTS) -> timedelta:
    """The longest step of the ladder that cuts the window into at least so many points; a minute where none does."""
    fitting = [step for step in _LADDER if window.length / step >= fewest_points]
    return max(fitting, default=MINUTE)


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
