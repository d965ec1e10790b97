"""A usage report: its rows, and what must be known to read them later."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

import pandas as pd

from processors.reports.dimensions import Dimension, dimensions
from processors.reports.usage import COUNTS, usage
from processors.traffic.filters import Filters
from processors.window import Window
from storage.store import Store


@dataclass(frozen=True)
class UsageReport:
    """What `usage` found, and what it was asked."""

    rows: pd.DataFrame
    dimensions: tuple[Dimension, ...]
    window: Window
    filters: Filters
    generated_at: datetime
    # Of the Gatelens that made it.
    version: str

    @property
    def total(self) -> dict[str, int]:
        """The sum of each of COUNTS over all rows."""
        return {name: sum(int(count) for count in self.rows[name]) for name in COUNTS}

    @property
    def filtered_by(self) -> dict[str, str]:
        """The filters that are set."""
        return {name: value for name, value in asdict(self.filters).items() if value}

    @property
    def complete(self) -> bool:
        """Whether the period was over when the report was made."""
        return self.window.end <= self.generated_at


def usage_report(
    store: Store, window: Window, by: Sequence[str], filters: Filters, *, now: datetime, version: str
) -> UsageReport:
    """Ask the store; raises InvalidReport and StoreError."""
    rows = usage(store, window.start, window.end, by, filters)
    return UsageReport(rows, dimensions(by), window, filters, now, version)
