"""The worst minute of each step of a chart, so that an incident shorter than a step is not averaged away."""

from collections.abc import Sequence
from datetime import timedelta

import pandas as pd

from dashboards.figures.time_chart import by_step
from dashboards.state.context import PageContext
from processors.query.planner import missing
from processors.query.question import Question
from processors.query.tables import MINUTES
from processors.time.window import MINUTE

# Seven days, and the minute that has begun.
_LONGEST = timedelta(days=7) + MINUTE
# Of fewer, one that failed would look like an outage.
_FEWEST_REQUESTS = 5


def minutes_asked(context: PageContext) -> Sequence[Question]:
    """The question by minute; none where a step is a minute itself, or no roll-up holds what is filtered by."""
    if context.step <= MINUTE or context.window.length > _LONGEST:
        return ()
    question = context.question("requests", "errors", step=MINUTE)
    return () if missing(question, MINUTES) else (question,)


def worst_minutes(context: PageContext, frame: pd.DataFrame) -> "pd.Series[float]":
    """The highest error rate of a minute, by the start of the step; NaN for a step without a minute that counts.

    `frame` is the answer to `minutes_asked`.
    """
    counted = frame[frame["requests"] >= _FEWEST_REQUESTS]
    rates = pd.DataFrame(
        {
            "time": pd.to_datetime(counted["time"], utc=True).dt.floor(context.step),
            "worst": counted["errors"] / counted["requests"],
        }
    )
    return by_step(context, rates.groupby("time", as_index=False).max(), "worst")
