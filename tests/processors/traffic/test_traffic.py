"""What the pages ask, against the same worked out from single requests; a mesh request counts once."""

import math
from collections.abc import Iterator
from datetime import datetime, timedelta

import pandas as pd
import pytest

from processors.traffic.apis import apis
from processors.traffic.breakdowns import consumers, faults, routes
from processors.traffic.choices import choices, last_request
from processors.traffic.filters import NO_ROUTE, UNVERSIONED, Filters
from processors.traffic.gateways import gateways
from processors.traffic.heatmap import heatmap, lower_bound_ms
from processors.traffic.series import series, series_by_kind
from processors.traffic.totals import totals
from processors.window import HOUR, MINUTE, Window, ceil, floor
from storage.store import Store
from tests.processors.traffic.traffic_rows import START, fill, whole

# Half a bucket of the histogram to either side, https://opentelemetry.io/docs/specs/otel/metrics/data-model/
_WITHIN = 0.011

_SPAN = timedelta(hours=31)


@pytest.fixture(scope="module")
def requests(store: Store) -> Iterator[pd.DataFrame]:
    yield fill(store, "traffic", 6000, _SPAN)


def _now() -> datetime:
    return START + timedelta(days=2)


def _windows() -> list[Window]:
    later = START + timedelta(hours=3, minutes=11)
    return [
        whole(_SPAN),
        Window(START, START + timedelta(hours=23)),
        Window(later, later + timedelta(minutes=40)),
        Window(later, later + timedelta(hours=26)),
        Window(ceil(START, HOUR), floor(START + _SPAN, HOUR)),
    ]


def _of(requests: pd.DataFrame, window: Window, **exactly: str) -> pd.DataFrame:
    chosen = requests[(requests["time"] >= window.start) & (requests["time"] < window.end)]
    for name, value in exactly.items():
        chosen = chosen[chosen[name] == value]
    return chosen


def _percentile(durations_us: pd.Series, share: float) -> float:
    """The nearest rank, in milliseconds."""
    ordered = sorted(durations_us)
    return float(ordered[max(1, math.ceil(share * len(ordered))) - 1]) / 1000


def _errors(requests: pd.DataFrame) -> int:
    return int(((requests["status"] >= 500) | (requests["status"] < 200)).sum())


@pytest.mark.parametrize("window", _windows(), ids=str)
@pytest.mark.parametrize(
    ("filters", "exactly"),
    [
        (Filters("traffic"), {}),
        (Filters("traffic", "flex-1"), {"gateway": "flex-1"}),
        (Filters("traffic", api="orders"), {"api": "orders"}),
        (Filters("traffic", api=NO_ROUTE), {"api": ""}),
        (Filters("traffic", api="orders", api_version=UNVERSIONED), {"api": "orders", "api_version": ""}),
        (Filters("traffic", api="stock.shop"), {"api": "stock.shop"}),
    ],
)
def test_totals(
    store: Store, requests: pd.DataFrame, window: Window, filters: Filters, exactly: dict[str, str]
) -> None:
    expected = _of(requests, window, **exactly)
    found, before = totals(store, window, filters, _now())
    assert found.requests == len(expected) > 0
    assert found.errors == _errors(expected)
    assert found.client_errors == expected["status"].between(400, 499).sum()
    assert found.request_bytes == expected["request_bytes"].sum()
    assert found.response_bytes == expected["response_bytes"].sum()
    assert found.rate == pytest.approx(len(expected) / window.length.total_seconds())
    for share, value in ((0.5, found.p50_ms), (0.95, found.p95_ms), (0.99, found.p99_ms)):
        assert value == pytest.approx(_percentile(expected["duration_us"], share), rel=_WITHIN)
    satisfied = (expected["duration_us"] <= 500_000).sum()
    tolerating = ((expected["duration_us"] > 500_000) & (expected["duration_us"] <= 2_000_000)).sum()
    assert found.apdex == pytest.approx((satisfied + tolerating / 2) / len(expected), abs=0.01)
    assert before.requests == len(_of(requests, window.before(), **exactly))


def test_a_window_without_requests(store: Store, requests: pd.DataFrame) -> None:
    found, _ = totals(store, Window(START - HOUR, START), Filters("traffic"), _now())
    assert (found.requests, found.error_rate, found.p50_ms, found.apdex) == (0, None, None, None)


@pytest.mark.parametrize("window", _windows(), ids=str)
def test_series_adds_up(store: Store, requests: pd.DataFrame, window: Window) -> None:
    expected = _of(requests, window)
    found = series(store, window, Filters("traffic"), _now())
    assert found["requests"].sum() == len(expected)
    classes = ["status_2xx", "status_3xx", "status_4xx", "status_5xx", "status_other"]
    assert (found[classes].sum(axis=1) == found["requests"]).all()
    assert found["seconds"].sum() == window.length.total_seconds()
    kinds = series_by_kind(store, window, Filters("traffic"), _now())
    assert {kind: kinds[kind].sum() for kind in ("envoy", "flex", "mesh")} == dict(
        expected["gateway_kind"].value_counts().sort_index()
    )


def test_series_tells_whose_time_it_was(store: Store, requests: pd.DataFrame) -> None:
    window = whole(_SPAN)
    found = series(store, window, Filters("traffic"), _now(), step=timedelta(days=30))
    known = requests[requests["upstream_us"].notna()]
    assert len(found) == 1
    assert found["upstream_ms"][0] == pytest.approx(known["upstream_us"].mean() / 1000)
    assert found["gateway_ms"][0] == pytest.approx((known["duration_us"] - known["upstream_us"]).mean() / 1000)


def test_apis(store: Store, requests: pd.DataFrame) -> None:
    window = whole(_SPAN)
    found = apis(store, window, Filters("traffic"), _now()).set_index("api")
    assert dict(found["requests"]) == dict(requests["api"].value_counts())
    assert list(found["requests"]) == sorted(found["requests"], reverse=True)
    for api, group in requests.groupby("api"):
        row = found.loc[api]
        assert row["error_rate"] == pytest.approx(_errors(group) / len(group))
        assert row["p95_ms"] == pytest.approx(_percentile(group["duration_us"], 0.95), rel=_WITHIN)
        assert list(row["gateway_kinds"]) == sorted(set(group["gateway_kind"]))
        assert list(row["versions"]) == sorted(set(group["api_version"]))
    # A sparkline is a rate: its mean by the length of the window is the count.
    sparkline = found.loc["orders"]["sparkline"]
    assert max(sparkline) > 0
    assert len(sparkline) >= 30


def test_breakdowns_of_one_api(store: Store, requests: pd.DataFrame) -> None:
    window = Window(START + HOUR, START + 9 * HOUR)
    expected = _of(requests, window, api="orders")
    filters = Filters("traffic", api="orders")
    found = routes(store, window, filters)
    counted = {(row["route"], row["method"]): row["requests"] for _, row in found.iterrows()}
    assert counted == dict(expected.groupby(["route", "method"]).size())
    for (route, method), group in expected.groupby(["route", "method"]):
        row = found[(found["route"] == route) & (found["method"] == method)].iloc[0]
        assert row["p99_ms"] == pytest.approx(_percentile(group["duration_us"], 0.99), rel=_WITHIN)
    by_consumer = consumers(store, window, filters).set_index("consumer")
    assert dict(by_consumer["requests"]) == dict(expected["consumer"].value_counts())
    failed = faults(store, window, filters)
    assert {(row["fault"], row["status"]): row["requests"] for _, row in failed.iterrows()} == dict(
        expected[expected["fault"] != ""].groupby(["fault", "status"]).size()
    )


def test_heatmap_holds_every_request_in_its_cell(store: Store, requests: pd.DataFrame) -> None:
    window = Window(START, START + 3 * HOUR)
    expected = _of(requests, window)
    found = heatmap(store, window, Filters("traffic"), _now())
    assert found.to_numpy().sum() == len(expected)
    for cell in map(int, found.columns):
        low, high = lower_bound_ms(cell) * 1000, lower_bound_ms(cell + 1) * 1000
        inside = ((expected["duration_us"] > low) & (expected["duration_us"] <= high)).sum()
        assert found[cell].sum() == inside


def test_gateways_and_choices(store: Store, requests: pd.DataFrame) -> None:
    window = whole(_SPAN)
    found = gateways(store, window, Filters("traffic"), _now()).set_index("gateway")
    assert dict(found["requests"]) == dict(requests["gateway"].value_counts())
    offered = choices(store, window, Filters("traffic"))
    assert set(offered["api"]) == {"", "orders", "payments", "stock.shop"}
    newest = last_request(store)
    assert newest is not None
    assert newest >= floor(requests["time"].max(), MINUTE)
