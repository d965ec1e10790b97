"""What stands in the fields of HEC events: metrics, and what is told beside a log. As its clients write them."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from storage.store import Store
from tests.collector.rigs.ingest_rig import http_port
from tests.collector.rigs.receiver_rig import Rig
from tests.collector.rigs.storing import store_all_balanced
from tests.patience import PATIENCE

_TIME = 1795428930.5
_MOMENT = 1795428930500


@pytest.fixture
def environment(request: pytest.FixtureRequest) -> str:
    return f"hec-fields-{request.node.name}"


@pytest.fixture
def rig(tmp_path: Path, environment: str) -> Iterator[Rig]:
    tokens = [{"token": "any"}, {"token": "combined", "format": "combined"}]
    with http_port(tmp_path, environment=environment, hec={"tokens": tokens}) as started:
        yield started


def _post(rig: Rig, *events: dict[str, Any] | bytes, name: str = "any", path: str = "") -> httpx.Response:
    body = b"".join(event if isinstance(event, bytes) else json.dumps(event).encode() for event in events)
    return httpx.post(
        f"{rig.http}/services/collector{path}",
        content=body,
        headers={"Authorization": f"Splunk {name}"},
        trust_env=False,
        timeout=PATIENCE,
    )


def _rows(store: Store, environment: str, table: str, columns: str, order: str = "1") -> list[tuple[Any, ...]]:
    sql = f"SELECT {columns} FROM {table} WHERE environment = {{e:String}} ORDER BY {order}"
    return store.rows(sql, {"e": environment})


def test_metrics_of_fluent_bit(store: Store, rig: Rig, environment: str) -> None:
    """What its metrics are encoded to: events one after the other, without anything between them."""
    body = (
        b'{"host":"node-1","time":1795428930.500000123,"event":"metric","index":"m","source":"fb","sourcetype":"cm",'
        b'"fields":{"metric_name:cpu.seconds_total":2.340000e+12,"cpu":"0","mode":"idle"}}'
        b'{"host":"node-1","time":1795428930.500000123,"event":"metric","index":"m","source":"fb","sourcetype":"cm",'
        b'"fields":{"metric_name:load1":0.25}}'
    )
    assert _post(rig, body).json() == {"text": "Success", "code": 0}
    store_all_balanced(store, rig.spool)
    columns = "name, value, kind, instance, host, toUnixTimestamp64Milli(time), labels"
    envelope = {"index": "m", "source": "fb", "sourcetype": "cm"}
    assert _rows(store, environment, "metrics", columns) == [
        ("cpu.seconds_total", 2.34e12, "sum", "node-1", "node-1", _MOMENT, envelope | {"cpu": "0", "mode": "idle"}),
        ("load1", 0.25, "unknown", "node-1", "node-1", _MOMENT, envelope),
    ]
    assert _rows(store, environment, "logs", "body") == []


@pytest.mark.parametrize("token", ["any", "combined"])
@pytest.mark.parametrize("path", ["", "/event", "/event/1.0"])
def test_metrics_beside_logs(store: Store, rig: Rig, environment: str, token: str, path: str) -> None:
    """A token's format is that of lines; Splunk's documentation has metrics without an event, too."""
    line = '10.0.0.1 - - [23/Nov/2026:10:15:30 +0000] "GET /orders/1 HTTP/1.1" 200 10 "-" "-"'
    events: list[dict[str, Any]] = [
        {"event": line, "time": _TIME, "host": "a"},
        {"event": "metric", "time": _TIME, "host": "a", "fields": {"metric_name": "one", "_value": 1, "dc": "eu"}},
        {"time": _TIME, "host": "b", "fields": {"metric_name:two": 2, "metric_name:three": "3", "dc": "us"}},
        {"event": line, "time": _TIME, "host": "a"},
    ]
    assert _post(rig, *events, name=token, path=path).json() == {"text": "Success", "code": 0}
    store_all_balanced(store, rig.spool)
    assert _rows(store, environment, "metrics", "name, value, instance, labels['dc']") == [
        ("one", 1, "a", "eu"),
        ("three", 3, "b", "us"),
        ("two", 2, "b", "us"),
    ]
    assert _rows(store, environment, "requests", "count()") == [(2,)]


def test_values_that_are_no_numbers_are_dead_letters(store: Store, rig: Rig, environment: str) -> None:
    fields = {"metric_name:good": 1, "metric_name:text": "much", "metric_name:none": None, "metric_name:list": [1]}
    event = {"event": "metric", "time": _TIME, "host": "a", "fields": fields}
    without = {"event": "metric", "time": _TIME, "host": "a", "fields": {"metric_name": "lonely"}}
    assert _post(rig, event, without).json() == {"text": "Success", "code": 0}
    store_all_balanced(store, rig.spool)
    assert _rows(store, environment, "metrics", "name, value") == [("good", 1)]
    assert _rows(store, environment, "dead_letters", "reason") == [
        ("a metric without a value",),
        ("the value of a metric is not a number",),
    ]


def test_an_event_does_not_become_more_than_it_may(store: Store, rig: Rig, environment: str) -> None:
    """Many metrics are many rows; beside long dimensions, of which each has a copy, they are one dead letter."""
    many = {f"metric_name:m.{number}": number for number in range(20_000)}
    for fields in (many, many | {"dimension": "x" * 1000}):
        assert _post(rig, {"event": "metric", "time": _TIME, "fields": fields}).json()["code"] == 0
    store_all_balanced(store, rig.spool)
    assert _rows(store, environment, "metrics", "uniqExact(name), sum(value)") == [(20_000, 199_990_000)]
    reasons = [("too many metrics beside such long dimensions",)]
    assert _rows(store, environment, "dead_letters", "reason") == reasons


def test_an_event_without_anything_is_refused(rig: Rig) -> None:
    answer = _post(rig, {"event": "a"}, {"time": 1, "fields": {"region": "eu"}})
    assert (answer.status_code, answer.json()) == (
        400,
        {"text": "Event field is required", "code": 12, "invalid-event-number": 1},
    )


def test_hosts_that_nobody_knows(store: Store, rig: Rig, environment: str) -> None:
    """Fluent Bit says `localhost` and OpenTelemetry's Collector `unknown` where they are told none."""
    for host in ("localhost", "unknown"):
        event = {"event": "metric", "time": _TIME, "host": host, "fields": {"metric_name:up": 1}}
        assert _post(rig, event, {"event": "a log", "host": host}).json()["code"] == 0
    store_all_balanced(store, rig.spool)
    for table in ("metrics", "logs"):
        assert _rows(store, environment, table, "DISTINCT instance") == [("127.0.0.1",)]


def test_logs_of_opentelemetrys_collector(store: Store, rig: Rig, environment: str) -> None:
    fields = {
        "k8s.pod.name": "orders-7d9f8b6c5d-x2k4q", "k8s.namespace.name": "shop", "k8s.node.name": "node-a",
        "otel.log.severity.text": "Warn", "otel.log.severity.number": 13, "tags": ["a", "b"],
        "trace_id": "5b8efff798038103d269b633813fc60c", "span_id": "eee19b7ec3c1b174",
    }  # fmt: skip
    envelope = {"time": _TIME, "host": "node-a", "source": "orders", "sourcetype": "otel", "index": "main"}
    assert _post(rig, {**envelope, "event": "stock is low", "fields": fields}).json()["code"] == 0
    store_all_balanced(store, rig.spool)
    columns = "body, severity, gateway, instance, trace_id, span_id, toUnixTimestamp64Milli(time), attributes"
    [(*told, attributes)] = _rows(store, environment, "logs", columns)
    assert told == [
        "stock is low", "WARN", "orders.shop", "orders-7d9f8b6c5d-x2k4q", "5b8efff798038103d269b633813fc60c",
        "eee19b7ec3c1b174", _MOMENT,
    ]  # fmt: skip
    assert attributes == {
        "k8s.pod.name": "orders-7d9f8b6c5d-x2k4q", "k8s.namespace.name": "shop", "k8s.node.name": "node-a",
        "otel.log.severity.number": "13", "tags": '["a","b"]', "source": "orders", "sourcetype": "otel",
        "index": "main", "time": "1795428930.5",
    }  # fmt: skip


def test_fields_of_fluent_bit_beside_a_record(store: Store, rig: Rig, environment: str) -> None:
    """event_field, and event_index; what the record says itself counts, and both are kept."""
    event = {
        "time": _TIME, "host": "h-1", "index": "main", "sourcetype": "app",
        "fields": {"team": "checkout", "level": "error", "message": "of the fields",
                   "timestamp": "2020-01-01T00:00:00Z"},
        "event": {"message": "it works", "level": "info", "team": "orders"},
    }  # fmt: skip
    assert _post(rig, event).json()["code"] == 0
    store_all_balanced(store, rig.spool)
    [(body, severity, moment, attributes)] = _rows(
        store, environment, "logs", "body, severity, toUnixTimestamp64Milli(time), attributes"
    )
    assert (body, severity, moment) == ("it works", "INFO", _MOMENT)
    assert attributes == {
        "team": "orders", "fields.team": "checkout", "fields.level": "error", "fields.message": "of the fields",
        "fields.timestamp": "2020-01-01T00:00:00Z", "index": "main", "sourcetype": "app", "time": "1795428930.5",
    }  # fmt: skip


def test_fields_of_splunks_appender_for_log4j(store: Store, rig: Rig, environment: str) -> None:
    event = {
        "time": "1795428930.500", "host": "mule-1", "source": "orders", "sourcetype": "log4j", "index": "mule",
        "fields": {"team": "checkout", "k8s.pod.name": "orders-7d9f8b6c5d-x2k4q"},
        "event": {"severity": "ERROR", "logger": "com.shop.Orders", "thread": "main", "message": "failed"},
    }  # fmt: skip
    assert _post(rig, event).json()["code"] == 0
    store_all_balanced(store, rig.spool)
    [(body, instance, attributes)] = _rows(store, environment, "logs", "body, instance, attributes")
    assert (body, instance) == ("failed", "orders-7d9f8b6c5d-x2k4q")
    assert attributes == {
        "index": "mule", "source": "orders", "sourcetype": "log4j", "team": "checkout",
        "k8s.pod.name": "orders-7d9f8b6c5d-x2k4q", "logger.name": "com.shop.Orders", "thread.name": "main",
    }  # fmt: skip
