"""Requests, outcomes, bytes and latency in a period, by dimensions; each request counts once."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

import pandas as pd

from processors.errors import InvalidReport
from processors.query.absent import NO_ROUTE
from processors.query.filters import Filter, Operator
from processors.query.question import TIME, Question
from processors.query.questions import Questions
from processors.reports.dimensions import dimensions
from processors.time.window import HOUR, Window
from storage.store import Store

# Exact, and fit to be summed: requests = successes (2xx, 3xx) + client_errors (4xx) + errors (5xx, others).
COUNTS = ("requests", "successes", "client_errors", "errors", "request_bytes", "response_bytes")
# Of the requests whose duration is known, within 1.1 % of exact; not fit to be summed, and missing where none is known.
LATENCIES = ("p50_ms", "p95_ms")
# What a report can be narrowed to.
FILTERS = ("environment", "gateway", "api", "consumer")

# What a sheet can hold besides its header and total.
MOST_ROWS = 1_000_000

# A report must not take the memory that the collector in the same process needs.
_MOST_MEMORY = 1_500_000_000
_DEADLINE = timedelta(minutes=10)
_LATENCIES_ASKED = ("p50", "p95")


def report_questions(store: Store, clock: Callable[[], datetime]) -> Questions:
    """Questions with the limits of reports."""
    # More rows than a report may have, so that the error can name their number.
    return Questions(store, clock, max_memory=_MOST_MEMORY, max_rows=2 * MOST_ROWS, side_by_side=1)


def usage(questions: Questions, window: Window, by: Sequence[str], filters: Mapping[str, str]) -> pd.DataFrame:
    """A row for each combination of the dimensions that was used in the window.

    `filters` are the values of FILTERS that count, '' for all. The columns are the dimensions, COUNTS and LATENCIES;
    `hour`, `day` and `month` are the moments at which they begin, in UTC. Raises StoreError, and InvalidReport for
    unknown dimensions or too many rows.
    """
    answer = questions.ask(usage_question(window, by, filters), _DEADLINE)
    if answer.since is not None:
        raise InvalidReport(
            f"Requests of this period before {answer.since:%Y-%m-%d %H:%M} UTC have been deleted, and no rollup holds"
            " all that is asked: the report would be short of them. Begin the period later, or group by less."
        )
    found = answer.frame
    if len(found) > MOST_ROWS:
        raise InvalidReport(
            f"The report would have more than {MOST_ROWS:,} rows; shorten its period, or group by less."
        )
    return usage_rows(found, by)


def usage_question(window: Window, by: Sequence[str], filters: Mapping[str, str]) -> Question:
    """What a report asks; raises InvalidReport for unknown dimensions."""
    chosen = dimensions(by)
    return Question(
        (*COUNTS, *_LATENCIES_ASKED),
        window,
        tuple(dimension.asked for dimension in chosen if dimension.asked != TIME),
        tuple(_filter(name, value) for name, value in filters.items() if value),
        step=HOUR if any(dimension.asked == TIME for dimension in chosen) else None,
    )


def usage_rows(found: pd.DataFrame, by: Sequence[str]) -> pd.DataFrame:
    """The rows of a report from the answer to its question, sorted by its dimensions."""
    chosen = dimensions(by)
    names = {dimension.asked: dimension.name for dimension in chosen} | dict(
        zip(_LATENCIES_ASKED, LATENCIES, strict=True)
    )
    columns = [*(dimension.name for dimension in chosen), *COUNTS, *LATENCIES]
    rows = found.rename(columns=names)[columns].round(dict.fromkeys(LATENCIES, 3))
    times = {
        dimension.name: pd.to_datetime(rows[dimension.name], utc=True) for dimension in chosen if dimension.is_time
    }
    return rows.assign(**times).sort_values([dimension.name for dimension in chosen], ignore_index=True)


def _filter(name: str, value: str) -> Filter:
    return Filter(name, Operator.ABSENT) if value == NO_ROUTE else Filter(name, values=(value,))
