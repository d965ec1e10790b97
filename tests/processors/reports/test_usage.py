from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd
import pytest

from processors.errors import InvalidReport
from processors.reports import usage as usage_module
from processors.reports.dimensions import DIMENSIONS
from processors.reports.usage import COUNTS, LATENCIES, usage
from processors.traffic.filters import NO_ROUTE, Filters
from processors.traffic.totals import totals
from processors.window import Window
from storage.store import Store

START = datetime(2026, 5, 10, tzinfo=UTC)
# Short enough for minutes, long enough for hours, and long with ragged edges.
WINDOWS = (
    Window(START, START + timedelta(hours=24)),
    Window(START, START + timedelta(days=3)),
    Window(START + timedelta(hours=1, minutes=7), START + timedelta(hours=26, minutes=59)),
)


def _keyed(frame: pd.DataFrame, *names: str) -> dict[Any, int]:
    keys = frame[list(names)].itertuples(index=False, name=None)
    return {key if len(names) > 1 else key[0]: int(count) for key, count in zip(keys, frame["requests"], strict=True)}


@pytest.mark.usefixtures("traffic")
@pytest.mark.parametrize("window", WINDOWS, ids=("minutes", "hours", "ragged"))
@pytest.mark.parametrize("dimension", [dimension.name for dimension in DIMENSIONS])
def test_rows_add_up_to_the_overview(store: Store, environment: str, window: Window, dimension: str) -> None:
    filters = Filters(environment=environment)
    overview, _ = totals(store, window, filters, window.end)
    assert overview.requests >= 12

    found = usage(store, window.start, window.end, [dimension], filters)

    assert list(found.columns) == [dimension, *COUNTS, *LATENCIES]
    summed = {name: int(found[name].sum()) for name in COUNTS}
    assert summed.pop("successes") == summed["requests"] - summed["errors"] - summed["client_errors"]
    assert summed == {name: getattr(overview, name) for name in summed}


@pytest.mark.usefixtures("traffic")
@pytest.mark.parametrize("by", ["api", "api,consumer"])
def test_mesh_requests_count_once(store: Store, environment: str, by: str) -> None:
    found = usage(store, START, START + timedelta(days=2), by.split(","), Filters(environment=environment))

    assert found.groupby("api")["requests"].sum().to_dict() == {"orders": 9, "stock": 5}
    stock = found[found["api"] == "stock"]
    assert (int(stock["successes"].sum()), int(stock["errors"].sum())) == (4, 1)


@pytest.mark.usefixtures("traffic")
def test_groups_by_several_in_their_order(store: Store, environment: str) -> None:
    filters = Filters(environment=environment, api="orders")
    found = usage(store, START, START + timedelta(days=2), ["consumer", "status_class"], filters)

    assert _keyed(found, "consumer", "status_class") == {
        ("", "other"): 1,
        ("mobile-app", "2xx"): 5,
        ("partner", "4xx"): 2,
        ("partner", "5xx"): 1,
    }
    assert found["request_bytes"].tolist() == [100, 500, 200, 100]
    # 20 ms, within the width of a bucket of the histogram.
    assert found["p95_ms"].tolist() == pytest.approx([20.0] * 4, rel=0.011)


@pytest.mark.usefixtures("traffic")
def test_times_are_the_beginnings_of_utc_hours_days_and_months(store: Store, environment: str) -> None:
    filters = Filters(environment=environment)
    end = START + timedelta(days=2)
    days = usage(store, START, end, ["day"], filters)
    hours = usage(store, START, end, ["hour", "consumer"], filters)
    months = usage(store, START, end, ["month"], filters)

    assert _keyed(days, "day") == {
        pd.Timestamp("2026-05-10", tz="UTC"): 12,
        pd.Timestamp("2026-05-11", tz="UTC"): 2,
    }
    assert (pd.Timestamp("2026-05-11T02:00", tz="UTC"), "partner") in _keyed(hours, "hour", "consumer")
    assert _keyed(months, "month") == {pd.Timestamp("2026-05-01", tz="UTC"): 14}


@pytest.mark.usefixtures("traffic")
def test_filters(store: Store, environment: str, insert: Callable[..., None]) -> None:
    insert(api="", api_version="", times=3)
    end = START + timedelta(days=2)

    by_gateway = usage(store, START, end, ["gateway"], Filters(environment=environment, gateway="stock.shop"))
    unrouted = usage(store, START, end, ["api"], Filters(environment=environment, api=NO_ROUTE))

    assert _keyed(by_gateway, "gateway") == {"stock.shop": 4}
    assert _keyed(unrouted, "api") == {"": 3}


def test_nothing_used_is_a_frame_with_columns(store: Store, environment: str) -> None:
    found = usage(store, START, START + timedelta(days=1), ["api", "day"], Filters(environment=environment))

    assert found.empty
    assert list(found.columns) == ["api", "day", *COUNTS, *LATENCIES]


@pytest.mark.parametrize("by", [["colour"], ["api", "time; DROP TABLE requests"], [""], []])
def test_unknown_dimensions_are_told_what_is_known(store: Store, by: list[str]) -> None:
    with pytest.raises(InvalidReport, match=r"environment, gateway_kind, .* status_class, hour, day, month"):
        usage(store, START, START + timedelta(days=1), by, Filters())


def test_a_dimension_named_twice_is_refused(store: Store) -> None:
    with pytest.raises(InvalidReport, match="twice"):
        usage(store, START, START + timedelta(days=1), ["api", "api"], Filters())


@pytest.mark.usefixtures("traffic")
def test_too_many_rows_are_refused_not_cut(store: Store, environment: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(usage_module, "MOST_ROWS", 1)
    with pytest.raises(InvalidReport, match="more than 1 rows"):
        usage(store, START, START + timedelta(days=2), ["api"], Filters(environment=environment))
