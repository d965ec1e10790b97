"""Lines of requests per second: no data is a gap, and zero is zero."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd

from dashboards.figures.traffic import rate_by
from dashboards.state.context import PageContext
from dashboards.state.view import parse_view

_NOW = datetime(2026, 11, 23, 10, 16, 31, tzinfo=UTC)
_CONTEXT = PageContext(parse_view("/", "?from=2026-11-23T09:00Z&to=2026-11-23T10:00Z"), _NOW)


def _frame(rates: dict[int, float]) -> pd.DataFrame:
    start = datetime(2026, 11, 23, 9, tzinfo=UTC)
    return pd.DataFrame([{"time": start + timedelta(minutes=at), "rate": rate} for at, rate in rates.items()])


def test_a_step_that_only_others_have_is_zero() -> None:
    chart: Any = rate_by(_CONTEXT, "rates", {"a": _frame({0: 2, 1: 3, 4: 1}), "b": _frame({1: 5})})
    drawn = {trace["name"]: trace["y"][:6] for trace in chart.data}
    assert drawn == {"a": [2, 3, None, None, 1, None], "b": [0, 5, None, None, 0, None]}
