"""From real clients, over real sockets, through the spool into rows: once each, and the ledger balances."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import grpc
import httpx
import pytest
from opentelemetry._logs import LogRecord, SeverityNumber
from opentelemetry.exporter.otlp.proto.grpc._log_exporter import OTLPLogExporter as GrpcExporter
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter as HttpExporter
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import LogRecordExporter, SimpleLogRecordProcessor
from opentelemetry.sdk.resources import Resource

from storage.store import Store
from tests.collector.rigs import envoy_messages
from tests.collector.rigs.access_logs import counts, json_lines
from tests.collector.rigs.receiver_rig import Rig, receivers
from tests.collector.rigs.spooling import leave_room
from tests.collector.rigs.storing import logs_of, store_all_balanced
from tests.patience import PATIENCE


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    with receivers(tmp_path) as started:
        yield started


def _emit(exporter: LogRecordExporter, environment: str) -> None:
    resource = Resource({"service.name": "orders-api", "deployment.environment.name": environment})
    provider = LoggerProvider(resource=resource, shutdown_on_exit=False)
    provider.add_log_record_processor(SimpleLogRecordProcessor(exporter))
    logger = provider.get_logger("test")
    for number in range(5):
        logger.emit(
            LogRecord(
                timestamp=time.time_ns(),
                severity_text="WARN",
                severity_number=SeverityNumber.WARN,
                body=f"message {number}",
                attributes={"number": number},
            )
        )
    provider.shutdown()


@pytest.mark.parametrize("kind", ["grpc", "grpc packed", "http", "http packed"])
def test_opentelemetrys_own_exporters(store: Store, rig: Rig, kind: str) -> None:
    environment = f"exporter-{kind}"
    if kind.startswith("grpc"):
        packing = grpc.Compression.Gzip if "packed" in kind else grpc.Compression.NoCompression
        exporter: LogRecordExporter = GrpcExporter(endpoint=rig.grpc, insecure=True, compression=packing)
    else:
        packed = Compression.Gzip if "packed" in kind else Compression.NoCompression
        exporter = HttpExporter(endpoint=f"{rig.http}/v1/logs", compression=packed)
    _emit(exporter, environment)
    store_all_balanced(store, rig.spool)
    assert logs_of(store, environment, "body, gateway, severity") == [
        (f"message {number}", "orders-api", "WARN") for number in range(5)
    ]


def test_the_same_idempotency_key_is_stored_once(store: Store, rig: Rig) -> None:
    environment = "idempotent"
    body = json_lines("key", range(6)) + b"no line\n"
    for _ in range(3):
        answer = httpx.post(
            f"{rig.http}/ingest/envoy_json?environment={environment}",
            content=body,
            headers={"Idempotency-Key": "idempotent-1"},
            trust_env=False,
            timeout=PATIENCE,
        )
        assert answer.status_code == 200
    httpx.post(
        f"{rig.http}/ingest/envoy_json?environment={environment}",
        content=body,
        headers={"Idempotency-Key": "idempotent-2"},
        trust_env=False,
        timeout=PATIENCE,
    )
    store_all_balanced(store, rig.spool)
    assert counts(store, environment) == {"requests": 12, "logs": 0, "dead_letters": 2, "api_1m": 12, "api_1h": 12}


def test_envoys_access_log_service(store: Store, rig: Rig) -> None:
    def message(first: int, named: bool) -> bytes:
        node = {"id": "edge-1", "cluster": "edge", "metadata": {"fields": {"environment": "als-stream"}}}
        entries = [
            {
                "common_properties": {"start_time": {"seconds": int(time.time())}, "upstream_cluster": "orders_v1"},
                "request": {"request_method": 1, "path": f"/orders/{number}"},
                "response": {"response_code": {"value": 200}},
            }
            for number in range(first, first + 10)
        ]
        identifier = {"identifier": {"node": node, "log_name": "http"}} if named else {}
        return envoy_messages.encode(identifier | {"http_logs": {"log_entry": entries}})

    with grpc.insecure_channel(rig.grpc) as channel:
        call = channel.stream_unary(
            "/envoy.service.accesslog.v3.AccessLogService/StreamAccessLogs",
            request_serializer=None,
            response_deserializer=None,
        )
        call(iter([message(0, True), message(10, False), message(20, False)]), timeout=PATIENCE)
    store_all_balanced(store, rig.spool)
    rows = store.rows("SELECT count(), uniqExact(path), any(gateway) FROM requests WHERE environment = 'als-stream'")
    assert rows == [(30, 30, "edge")]


def test_text_that_is_not_what_it_says_becomes_dead_letters(store: Store, rig: Rig) -> None:
    for body in (b"\xff\xfe\xfd no text at all\n", b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"\xef\xbb\xbf{}\n"):
        answer = httpx.post(
            f"{rig.http}/ingest/envoy_text?environment=no-text", content=body, trust_env=False, timeout=PATIENCE
        )
        assert answer.status_code == 200
    store_all_balanced(store, rig.spool)
    assert counts(store, "no-text")["dead_letters"] == 4


def test_an_exporter_whose_data_is_refused_tries_again(store: Store, tmp_path: Path) -> None:
    with receivers(tmp_path) as full:
        taken = leave_room(full.spool, 10)
        exporter = GrpcExporter(endpoint=full.grpc, insecure=True, timeout=PATIENCE)
        provider = LoggerProvider(resource=Resource({"deployment.environment.name": "again"}), shutdown_on_exit=False)
        provider.add_log_record_processor(SimpleLogRecordProcessor(exporter))
        more_room = threading.Timer(0.3, full.spool._room.release, [10_000])
        more_room.start()
        provider.get_logger("test").emit(LogRecord(timestamp=time.time_ns(), body="at last"))
        provider.shutdown()
        more_room.join()
        full.spool._room.release(taken - 10_000)
        store_all_balanced(store, full.spool)
    assert store.rows("SELECT body FROM logs WHERE environment = 'again'") == [("at last",)]
