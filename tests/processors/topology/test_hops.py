"""One call through a gateway and a mesh: its time, hop by hop."""

from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest

from processors.time.window import Window
from processors.topology.hops import hops
from storage.store import Store

_START = datetime(2026, 11, 12, 8, 0, tzinfo=UTC)
_WINDOW = Window(_START, _START + timedelta(hours=1))
_COLUMNS = (
    "time", "environment", "gateway_kind", "gateway", "reporter", "api", "status", "duration_us", "upstream_us",
    "request_id", "trace_id",
)  # fmt: skip


def _hop(
    at_ms: float,
    gateway: str,
    reporter: str,
    duration: int | None,
    upstream: int | None,
    request: str = "call-1",
    trace: str = "trace-1",
) -> tuple[object, ...]:
    return (
        _START + timedelta(milliseconds=at_ms), "hops", "mesh", gateway, reporter, "checkout.shop", 200,
        duration and duration * 1000, upstream and upstream * 1000, request, trace,
    )  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def filled(store: Store) -> None:
    store.insert(
        "requests",
        _COLUMNS,
        [
            # Flex, then the sidecars of both ends; then checkout asks stock twice, once under another request id.
            _hop(0, "flex-eu", "gateway", 200, 190),
            _hop(4, "ingress.istio", "source", 185, 180),
            _hop(6, "checkout.shop", "destination", 178, 175),
            _hop(20, "checkout.shop", "source", 50, 48),
            _hop(90, "checkout.shop", "source", 70, 68, "call-2"),
            _hop(5, "elsewhere", "gateway", 10, 9, "call-3", "trace-3"),
            _hop(0, "lonely", "gateway", None, None, "call-4", ""),
            # Of one trace, an hour apart.
            _hop(0, "flex-eu", "gateway", 20, 19, "call-5", "trace-5"),
            _hop(0.9 * 3_600_000, "flex-eu", "gateway", 20, 19, "call-6", "trace-5"),
        ],
    )
    store.insert(
        "spans",
        ("time", "environment", "service", "name", "kind", "trace_id", "span_id", "duration_us"),
        [(_START + timedelta(milliseconds=92), "hops", "stock", "GET /stock", "server", "trace-1", "s-1", 60_000)],
    )


def test_a_call_is_split_hop_by_hop(store: Store) -> None:
    found = hops(store, "call-1", _WINDOW)
    assert list(zip(found["gateway"], found["depth"], found["parent"], found["source"], strict=True)) == [
        ("flex-eu", 0, -1, "request"),
        ("ingress.istio", 1, 0, "request"),
        ("checkout.shop", 2, 1, "request"),
        ("checkout.shop", 3, 2, "request"),
        ("checkout.shop", 3, 2, "request"),
        ("", 4, 4, "span"),
    ]
    assert list(found["gateway_ms"][:5]) == [10, 5, 3, 2, 2]
    # To the next hop; of checkout, what it takes itself beside the two calls.
    assert found["between_ms"][:3].tolist() == pytest.approx([5, 2, 175 - 120])
    assert pd.isna(found["between_ms"][3])
    assert found["between_ms"][4] == pytest.approx(8)


def test_by_trace_or_by_any_of_its_requests(store: Store) -> None:
    whole = hops(store, "call-1", _WINDOW)
    for other in ("trace-1", "call-2"):
        pd.testing.assert_frame_equal(hops(store, other, _WINDOW), whole)


def test_what_is_far_from_a_request_is_no_part_of_its_call(store: Store) -> None:
    assert hops(store, "call-5", _WINDOW)["request_id"].tolist() == ["call-5"]
    assert hops(store, "trace-5", _WINDOW)["request_id"].tolist() == ["call-5", "call-6"]


def test_without_durations_and_without_anything(store: Store) -> None:
    lonely = hops(store, "call-4", _WINDOW)
    assert lonely[["gateway", "depth"]].to_numpy().tolist() == [["lonely", 0]]
    assert lonely[["duration_ms", "gateway_ms", "between_ms"]].isna().all(axis=None)
    assert hops(store, "no such request", _WINDOW).empty
