"""How latency is spread, over time: the cells of a heatmap out of histograms."""

from datetime import datetime, timedelta

import pandas as pd

from processors.query.answer import Answer
from processors.query.question import TIME
from processors.time.steps import buckets

# The measure that it is made of.
HISTOGRAM = "latency_histogram"
# Cells to a doubling of the latency.
CELLS_PER_DOUBLING = 4

# The cell of durations that were reported as 0, and of at most a microsecond.
ZERO_CELL = -1

_BUCKETS_PER_DOUBLING = 32


def heatmap(answer: Answer, now: datetime) -> pd.DataFrame:
    """Requests: a row a step (indexed by its start), a column a cell, lowest latency first, none left out.

    The answer is to a question for HISTOGRAM with a step and no dimensions. Cell i holds the latencies in
    (2^(i/4), 2^((i+1)/4)] microseconds. Unknown ones are left out; where all are, the frame is empty.
    """
    question = answer.question
    if question.step is None:
        raise ValueError("A heatmap is of a question with a step.")
    counts = [
        (time, cell_of(bucket), requests)
        for time, histogram in zip(answer.frame[TIME], answer.frame[HISTOGRAM], strict=True)
        for bucket, requests in histogram.items()
    ]
    if not counts:
        return pd.DataFrame()
    table = pd.DataFrame(counts, columns=[TIME, "cell", "requests"]).pivot_table(
        index=TIME, columns="cell", values="requests", aggfunc="sum"
    )
    cells = range(int(min(table.columns)), int(max(table.columns)) + 1)
    times = buckets(question.window, question.step, now)[TIME]
    return table.reindex(index=pd.Index(times, name=TIME), columns=cells).fillna(0).astype("int64")


def cell_of(bucket: int) -> int:
    """The cell that a bucket of a latency histogram lies in."""
    return bucket * CELLS_PER_DOUBLING // _BUCKETS_PER_DOUBLING


def lower_bound_ms(cell: float) -> float:
    """Where a cell begins."""
    return float(2 ** (cell / CELLS_PER_DOUBLING) * (timedelta(microseconds=1) / timedelta(milliseconds=1)))
