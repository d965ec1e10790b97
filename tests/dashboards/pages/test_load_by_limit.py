"""CPU and memory of an API's gateways: what is in the legend has a line, and what has none is named below."""

import json
from datetime import UTC, datetime
from typing import Any

import pandas as pd
from plotly.utils import PlotlyJSONEncoder

from dashboards.pages.apis.resources import load_by_limit
from dashboards.state.context import PageContext
from dashboards.state.view import parse_view

_NAN = float("nan")
_START = datetime(2026, 11, 23, 9, tzinfo=UTC)
_CONTEXT = PageContext(
    parse_view("/apis/orders", "?from=2026-11-23T09:00Z&to=2026-11-23T10:00Z"),
    datetime(2026, 11, 23, 10, 16, 31, tzinfo=UTC),
)


def _used(cpu: float, memory: float) -> pd.DataFrame:
    return pd.DataFrame({"time": [_START], "cpu_share_max": [cpu], "memory_share_max": [memory]})


def _drawn(**found: pd.DataFrame) -> Any:
    return json.loads(json.dumps(load_by_limit(_CONTEXT, found), cls=PlotlyJSONEncoder))


def test_a_gateway_without_a_limit_is_named_and_not_drawn() -> None:
    chart, note = _drawn(both=_used(0.5, 0.25), neither=_used(_NAN, _NAN), memory=_used(_NAN, 0.75))
    traces = [(trace["name"], trace["yaxis"], trace["showlegend"]) for trace in chart["props"]["data"]]
    assert traces == [("both", "y", True), ("both", "y2", False), ("memory", "y2", True)]
    assert (
        note["props"]["children"] == "Without a known limit: neither. Cores and bytes are on the page of each gateway"
    )


def test_all_gateways_have_limits() -> None:
    assert _drawn(both=_used(0.5, 0.25))["type"] == "Chart"


def test_no_gateway_has_a_limit() -> None:
    assert "known for one, other" in json.dumps(_drawn(one=_used(_NAN, _NAN), other=_used(_NAN, _NAN)))


def test_nothing_is_known() -> None:
    assert "No CPU or memory" in json.dumps(_drawn())
