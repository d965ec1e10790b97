"""Who calls whom: of gateways, and of a mesh whose sidecars each tell their end."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd
import pytest

from processors.query.filters import Filter
from processors.query.question import Question
from processors.query.questions import Questions
from processors.query.tables import HANDLED
from processors.resources.instance_filter import InstanceFilter
from processors.time.window import Window
from processors.topology.edges import edges
from storage.store import Store
from tests.processors.rollups.rollup_rows import make_rollups

Row = tuple[object, ...]

_ENVIRONMENT = "edges"
_START = datetime(2026, 11, 12, 8, 50, tzinfo=UTC)
_WINDOW = Window(_START, _START + timedelta(minutes=130))
_COLUMNS = (
    "time", "environment", "gateway_kind", "gateway", "instance", "reporter", "api", "upstream", "status",
    "duration_us", "upstream_us",
)  # fmt: skip


def _requests(count: int, kind: str, gateway: str, reporter: str, api: str, upstream: str, ms: int) -> list[Row]:
    """Spread over the window, so that whole hours and what is left of it have some each; every fifth fails."""
    told = (_ENVIRONMENT, kind, gateway, f"{gateway}-1", reporter, api, upstream)
    return [
        (_START + number * (_WINDOW.length / count), *told, 503 if number % 5 == 0 else 200, ms * 1000, None)
        for number in range(count)
    ]


@pytest.fixture(scope="module")
def handled(store: Store) -> Iterator[Questions]:
    asked = Questions(store, lambda: _WINDOW.end, tables=HANDLED)
    yield asked
    asked.close()


@pytest.fixture(scope="module")
def found(store: Store, handled: Questions) -> Iterator[pd.DataFrame]:
    rows = [
        *_requests(50, "flex", "flex-eu", "gateway", "orders", "orders-v1", 20),
        # The ingress asks checkout, and that asks stock: told by both ends. Others ask checkout without a sidecar.
        *_requests(40, "mesh", "ingress.istio", "source", "checkout.shop", "outbound|80||checkout", 30),
        *_requests(45, "mesh", "checkout-v2.shop", "destination", "checkout.shop", "inbound|80||", 25),
        *_requests(80, "mesh", "checkout-v2.shop", "source", "stock.shop", "outbound|80||stock", 10),
        *_requests(80, "mesh", "stock.shop", "destination", "stock.shop", "inbound|80||", 8),
    ]
    store.insert("requests", _COLUMNS, rows)
    store.insert("metrics", ("time", "environment", "instance", "name", "kind", "labels", "value"), _istio())
    yield edges(store, handled, _WINDOW, InstanceFilter(_ENVIRONMENT)).set_index(["source", "target"])


def _istio() -> list[Row]:
    """Three of four requests over mutual TLS; a counter falls as its sidecar restarts."""
    rows: list[Row] = []
    for policy, values in (("mutual_tls", (10, 30, 5, 35)), ("none", (0, 10, 10, 20))):
        labels = {
            "reporter": "destination", "connection_security_policy": policy, "source_workload": "checkout-v2",
            "source_workload_namespace": "shop", "destination_service_name": "stock",
            "destination_service_namespace": "shop",
        }  # fmt: skip
        rows += [
            (_START + timedelta(minutes=number), _ENVIRONMENT, "stock-1", "istio_requests_total", "sum", labels, value)
            for number, value in enumerate(values)
        ]
    return rows


def _edge(found: pd.DataFrame, source: str, target: str) -> dict[str, Any]:
    (edge,) = found.loc[[(source, target)]].to_dict("records")
    return {str(name): value for name, value in edge.items()}


def test_a_gateway_has_clients_apis_and_upstreams(found: pd.DataFrame) -> None:
    for source, target in (("clients", "flex-eu"), ("flex-eu", "orders"), ("orders", "orders-v1")):
        edge = _edge(found, source, target)
        assert (edge["requests"], edge["errors"], edge["error_rate"], edge["mean_ms"]) == (50, 10, 0.2, 20)
        assert edge["rate"] == pytest.approx(50 / (130 * 60))


def test_a_mesh_is_services_that_ask_each_other(found: pd.DataFrame) -> None:
    assert _edge(found, "ingress.istio", "checkout.shop")["requests"] == 40
    # The workload checkout-v2.shop is the service that it serves.
    assert _edge(found, "checkout.shop", "stock.shop")["requests"] == 80
    assert _edge(found, "checkout.shop", "stock.shop")["mean_ms"] == 10
    # What no sidecar sent.
    assert _edge(found, "clients", "checkout.shop")["requests"] == 5
    assert pd.isna(_edge(found, "clients", "checkout.shop")["mean_ms"])
    assert len(found) == 6


def test_mutual_tls_is_counted_by_istio(found: pd.DataFrame) -> None:
    # 20 + 5 + 30 of 55 + 20.
    assert _edge(found, "checkout.shop", "stock.shop")["mtls_share"] == pytest.approx(55 / 75)
    assert pd.isna(_edge(found, "flex-eu", "orders")["mtls_share"])


def test_edges_of_one_gateway(store: Store, handled: Questions, found: pd.DataFrame) -> None:
    assert len(found)
    alone = edges(store, handled, _WINDOW, InstanceFilter(_ENVIRONMENT, "flex-eu"))
    assert set(zip(alone["source"], alone["target"], strict=True)) == {("clients", "flex-eu"), ("flex-eu", "orders")}


def test_a_roll_up_makes_the_same(store: Store, handled: Questions, found: pd.DataFrame) -> None:
    """Whole hours of the window, from the table that is filled in the background."""
    make_rollups(store, _WINDOW, _WINDOW.end + timedelta(hours=2))
    later = Questions(store, lambda: _WINDOW.end + timedelta(hours=2), tables=HANDLED)
    question = Question(("requests",), _WINDOW, ("gateway",), (Filter("environment", values=(_ENVIRONMENT,)),))
    assert later.ask(question).table.startswith("edge_10m")
    again = edges(store, later, _WINDOW, InstanceFilter(_ENVIRONMENT)).set_index(["source", "target"])
    later.close()
    pd.testing.assert_frame_equal(again.sort_index(), found.sort_index(), check_dtype=False)


def test_nothing_is_an_empty_frame(store: Store, handled: Questions) -> None:
    assert edges(store, handled, _WINDOW, InstanceFilter("no such environment")).empty
