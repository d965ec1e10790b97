"""A usage report: its rows, and what must be known to read them later."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import pandas as pd

from processors.query.questions import Questions
from processors.reports.dimensions import Dimension, dimensions
from processors.reports.usage import COUNTS, usage
from processors.time.window import Window


@dataclass(frozen=True)
class UsageReport:
    """What `usage` found, and what it was asked."""

    rows: pd.DataFrame
    dimensions: tuple[Dimension, ...]
    window: Window
    # As they were given: dimension -> value, those that were set.
    filtered_by: Mapping[str, str]
    generated_at: datetime
    # Of the Gatelens that made it.
    version: str

    @property
    def total(self) -> dict[str, int]:
        """The sum of each of COUNTS over all rows."""
        return {name: sum(int(count) for count in self.rows[name]) for name in COUNTS}

    @property
    def complete(self) -> bool:
        """Whether the period was over when the report was made."""
        return self.window.end <= self.generated_at


def usage_report(
    questions: Questions, window: Window, by: Sequence[str], filters: Mapping[str, str], *, now: datetime, version: str
) -> UsageReport:
    """Ask the store; raises InvalidReport and StoreError."""
    rows = usage(questions, window, by, filters)
    filtered_by = {name: value for name, value in filters.items() if value}
    return UsageReport(rows, dimensions(by), window, filtered_by, now, version)
