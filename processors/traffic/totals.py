"""The figures of a window, beside those of the window before it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import pandas as pd

from processors.traffic.filters import Filters
from processors.traffic.statement import statement
from processors.traffic.steps import elapsed_seconds
from processors.usage_source import usage_source
from processors.window import Window
from storage.store import Store

DEFAULT_APDEX_THRESHOLD = timedelta(milliseconds=500)


@dataclass(frozen=True)
class Totals:
    """What a window holds; latencies and Apdex are None where no duration is known."""

    requests: int = 0
    errors: int = 0
    client_errors: int = 0
    request_bytes: int = 0
    response_bytes: int = 0
    # Requests per second of the part of the window that has passed.
    rate: float = 0.0
    p50_ms: float | None = None
    p95_ms: float | None = None
    p99_ms: float | None = None
    apdex: float | None = None

    @property
    def error_rate(self) -> float | None:
        return self.errors / self.requests if self.requests else None

    @property
    def client_error_rate(self) -> float | None:
        return self.client_errors / self.requests if self.requests else None


def totals(
    store: Store,
    window: Window,
    filters: Filters,
    now: datetime,
    apdex_threshold: timedelta = DEFAULT_APDEX_THRESHOLD,
) -> tuple[Totals, Totals]:
    """The window's totals and those of the window before it."""
    sql = statement(
        "totals",
        current=usage_source(window, ()),
        previous=usage_source(window.before(), ()),
        where=filters.where,
    )
    satisfied_us = apdex_threshold // timedelta(microseconds=1)
    found = store.frame(sql, {**filters.parameters, "satisfied_us": satisfied_us})
    rows = {str(row["period"]): row for _, row in found.iterrows()}
    return (
        _totals(rows.get("current"), elapsed_seconds(window, now)),
        _totals(rows.get("previous"), window.length.total_seconds()),
    )


def _totals(row: "pd.Series[float] | None", seconds: float) -> Totals:
    if row is None:
        return Totals()
    return Totals(
        requests=int(row["requests"]),
        errors=int(row["errors"]),
        client_errors=int(row["client_errors"]),
        request_bytes=int(row["request_bytes"]),
        response_bytes=int(row["response_bytes"]),
        rate=float(row["requests"]) / seconds,
        p50_ms=_known(row["p50_ms"]),
        p95_ms=_known(row["p95_ms"]),
        p99_ms=_known(row["p99_ms"]),
        apdex=_known(row["apdex"]),
    )


def _known(value: float | None) -> float | None:
    return None if value is None or pd.isna(value) else float(value)
