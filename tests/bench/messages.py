"""Messages as clients send them, each with a number of events, from a fixed seed; their times are set by sending."""

import json
import random
import struct
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue

from tests.bench.envoy_capture import captured_records
from tests.bench.timed_message import (
    PLACEHOLDER_NS,
    TimedMessage,
    fluent_event_time,
    iso_milliseconds,
    protobuf_fixed64,
    protobuf_milliseconds,
    protobuf_nanos,
    protobuf_seconds,
)
from tests.collector.rigs import envoy_messages
from tests.collector.rigs.prometheus_messages import sample_series, write_request

_APIS = 40
_SERIES = ("bench_cpu_seconds_total", "bench_memory_bytes", "bench_requests_total", "bench_connections_active")
_SECONDS, _NANOS = divmod(PLACEHOLDER_NS, 10**9)
_PLACEHOLDER_TEXT = f"{datetime.fromtimestamp(_SECONDS, UTC):%Y-%m-%dT%H:%M:%S}.{_NANOS // 10**6:03}Z"
_STATUSES = (200, 200, 200, 200, 200, 200, 200, 200, 201, 204, 301, 400, 404, 429, 500, 503)


def als_messages(count: int, entries: int, seed: int = 7) -> Iterator[TimedMessage]:
    """StreamAccessLogsMessages."""
    draw = random.Random(seed)
    for _ in range(count):
        message = {
            "identifier": {"node": {"id": "edge-7", "cluster": "edge"}, "log_name": "bench"},
            "http_logs": {"log_entry": [_als_entry(draw) for _ in range(entries)]},
        }
        yield TimedMessage(envoy_messages.encode(message), entries, protobuf_seconds, protobuf_nanos)


def otlp_messages(count: int, entries: int, seed: int = 7) -> Iterator[TimedMessage]:
    """ExportLogsServiceRequests with Istio's attributes."""
    draw = random.Random(seed)
    for _ in range(count):
        request = ExportLogsServiceRequest()
        resource = request.resource_logs.add()
        resource.resource.attributes.extend([_text("cluster_name", "edge"), _text("node_name", "edge-7")])
        records = resource.scope_logs.add().log_records
        for _ in range(entries):
            record = records.add(time_unix_nano=PLACEHOLDER_NS)
            record.attributes.extend(_text(name, value) for name, value in _access(draw).items())
        yield TimedMessage(request.SerializeToString(), entries, protobuf_fixed64)


def forward_entries(count: int, entries: int, seed: int = 7) -> Iterator[TimedMessage]:
    """Entries of Fluent Forward, as Fluent Bit sends what it has parsed of Envoy's JSON log."""
    draw = random.Random(seed)
    moment = msgspec.msgpack.Ext(0, struct.pack(">II", _SECONDS, _NANOS))
    for _ in range(count):
        made = msgspec.msgpack.encode(
            [[[moment, {}], {"start_time": _PLACEHOLDER_TEXT, **_access(draw)}] for _ in range(entries)]
        )
        yield TimedMessage(made, entries, fluent_event_time, iso_milliseconds)


def captured_otlp_messages(count: int, entries: int, seed: int = 7) -> Iterator[TimedMessage]:
    """ExportLogsServiceRequests of a collector that follows a real Envoy's log: lines, taken apart beside them."""
    draw = random.Random(seed)
    records = captured_records()
    for _ in range(count):
        request = ExportLogsServiceRequest()
        logs = request.resource_logs.add().scope_logs.add().log_records
        for said in _drawn(records, entries, draw):
            record = logs.add(time_unix_nano=PLACEHOLDER_NS)
            record.body.string_value = json.dumps({"start_time": _PLACEHOLDER_TEXT, **said}, separators=(",", ":"))
            record.attributes.extend(_text(name, str(value)) for name, value in said.items() if value is not None)
            record.attributes.append(_text("log.file.name", "access.log"))
        yield TimedMessage(request.SerializeToString(), entries, protobuf_fixed64, iso_milliseconds)


def captured_forward_entries(
    count: int, entries: int, seed: int = 7, *, has_metadata: bool = True
) -> Iterator[TimedMessage]:
    """Entries of Fluent Forward with what the real Envoy's log says; without metadata as Fluentd writes them."""
    draw = random.Random(seed)
    moment = msgspec.msgpack.Ext(0, struct.pack(">II", _SECONDS, _NANOS))
    records = captured_records()
    start: dict[str, Any] = {"start_time": _PLACEHOLDER_TEXT}
    for _ in range(count):
        made = [[[moment, {}] if has_metadata else moment, start | said] for said in _drawn(records, entries, draw)]
        yield TimedMessage(msgspec.msgpack.encode(made), entries, fluent_event_time, iso_milliseconds)


def write_requests(count: int, samples: int, seed: int = 7) -> Iterator[TimedMessage]:
    """Remote write 1.0 of a mesh's sidecars, not yet packed with snappy: a sample of each series."""
    draw = random.Random(seed)
    for _ in range(count):
        series = [
            sample_series(
                _SERIES[number % len(_SERIES)],
                [(draw.random() * 1e6, PLACEHOLDER_NS // 10**6)],
                job="kubernetes-pods",
                instance=f"10.1.{number // 256 % 256}.{number % 256}:15020",
                namespace="shop",
                pod=f"checkout-7d9f8b6c5-{draw.getrandbits(20):05x}",
                container="istio-proxy",
                cluster_name=f"outbound|8080||api-{number % 40:02}.shop.svc.cluster.local",
            )
            for number in range(samples)
        ]
        yield TimedMessage(write_request({"timeseries": series}), samples, protobuf_milliseconds)


def _drawn(records: Sequence[dict[str, Any]], entries: int, draw: random.Random) -> Iterator[dict[str, Any]]:
    """So many of the records, each as a request of its own."""
    for said in draw.choices(records, k=entries):
        own = {"request_id": f"{draw.getrandbits(128):032x}", "path": f"/orders/v1/items/{draw.randrange(100_000)}"}
        yield {name: value for name, value in {**said, **own}.items() if name != "start_time"}


def _als_entry(draw: random.Random) -> dict[str, object]:
    api, status = int(_APIS * draw.random() ** 2), _STATUSES[draw.getrandbits(4)]
    took_us = int(draw.lognormvariate(10, 0.8)) + 300
    return {
        "common_properties": {
            "downstream_remote_address": _address("203.0.113.9", 41000),
            "downstream_local_address": _address("10.0.0.9", 8443),
            "start_time": {"seconds": _SECONDS, "nanos": _NANOS},
            "time_to_last_rx_byte": {"seconds": 0, "nanos": 20_000},
            "time_to_first_upstream_tx_byte": {"seconds": 0, "nanos": 200_000},
            "time_to_last_upstream_rx_byte": {"seconds": 0, "nanos": (took_us - 50) * 1000},
            "time_to_last_downstream_tx_byte": {"seconds": 0, "nanos": took_us * 1000},
            "upstream_remote_address": _address(f"10.1.{api}.7", 8080),
            "upstream_cluster": f"api-{api:02}",
            "route_name": f"api-{api:02}",
        },
        "protocol_version": 2,
        "request": {
            "request_method": 1,
            "scheme": "https",
            "authority": "api.example.com",
            "path": f"/api-{api:02}/items/{draw.randrange(100_000)}",
            "user_agent": "okhttp/4.12.0",
            "forwarded_for": "203.0.113.9",
            "request_id": f"{draw.getrandbits(128):032x}",
            "request_headers_bytes": 200,
        },
        "response": {
            "response_code": {"value": status},
            "response_headers_bytes": 120,
            "response_body_bytes": draw.randrange(20_000),
            "response_code_details": "via_upstream",
        },
    }


def _address(host: str, port: int) -> dict[str, object]:
    return {"socket_address": {"address": host, "port_value": port}}


def _access(draw: random.Random) -> dict[str, str]:
    api, took = int(_APIS * draw.random() ** 2), int(draw.lognormvariate(3, 0.8)) + 1
    return {
        "route_name": f"api-{api:02}",
        "method": "GET",
        "path": f"/api-{api:02}/items/{draw.randrange(100_000)}",
        "protocol": "HTTP/1.1",
        "response_code": str(_STATUSES[draw.getrandbits(4)]),
        "response_flags": "-",
        "response_code_details": "via_upstream",
        "connection_termination_details": "-",
        "upstream_transport_failure_reason": "-",
        "bytes_received": str(draw.randrange(2000)),
        "bytes_sent": str(draw.randrange(20_000)),
        "duration": str(took + draw.randrange(3)),
        "upstream_service_time": str(took),
        "x_forwarded_for": "203.0.113.9",
        "user_agent": "okhttp/4.12.0",
        "request_id": f"{draw.getrandbits(128):032x}",
        "authority": "api.example.com",
        "upstream_host": f"10.1.{api}.7:8080",
        "upstream_cluster": f"api-{api:02}",
        "upstream_local_address": "10.0.0.9:41822",
        "downstream_local_address": "10.0.0.9:8443",
        "downstream_remote_address": "192.0.2.4:53122",
        "requested_server_name": "api.example.com",
    }


def _text(name: str, value: str) -> KeyValue:
    return KeyValue(key=name, value=AnyValue(string_value=value))
