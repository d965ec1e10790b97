"""Of every format, telemetry to damage and telemetry that must survive beside it.

A format that is in neither list has no test of damage, and test_damage_formats.py says so.
"""

import itertools
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from google.protobuf.json_format import MessageToJson  # type: ignore[import-untyped]
from hypothesis import strategies as st
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from collector.formats.config import TransformConfig
from collector.formats.formats import FORMATS
from collector.formats.transform import transform
from collector.spool.frame import encode
from collector.spool.payload import Payload
from storage.store import Store
from tests.collector.rigs import envoy_messages
from tests.collector.rigs.access_logs import otlp_logs
from tests.collector.rigs.prometheus_messages import write_request, write_request_v2

GOLDEN = Path(__file__).parents[2] / "golden"
NOW = int(datetime.now(UTC).timestamp())

ENVOY_RECORD: Mapping[str, Any] = {
    "start_time": "2026-11-23T10:15:30.001Z",
    "method": "GET",
    "path": "/survivor",
    "protocol": "HTTP/1.1",
    "response_code": 200,
    "response_flags": "-",
    "bytes_received": 7,
    "bytes_sent": 375,
    "duration": 12,
    "upstream_service_time": 11,
    "request_id": "id-1",
    "upstream_cluster": "orders_v1",
    "user_agent": "curl/8.5.0",
}
FLEX_MESSAGE: Mapping[str, Any] = {
    "apiName": "orders",
    "receivedTs": "2026-11-23T10:15:30.100Z",
    "repliedTs": "2026-11-23T10:15:30.142Z",
    "method": "GET",
    "requestPath": "/survivor",
    "reqId": "id-1",
    "statusCode": 200,
    "requestBytes": 7,
    "responseBytes": 375,
}


def flex_record(message: Mapping[str, Any]) -> bytes:
    """A record of Fluent Bit around a message of the Message Logging policy."""
    recorded = {"logger": "flex-gateway-envoy", "level": "info", "kind": "accessLog", "message": json.dumps(message)}
    return json.dumps(recorded).encode()


# Of each format of lines, the one that must survive whatever stands around it.
LINES: Mapping[str, bytes] = {
    "combined": b'10.0.0.9 - - [23/Nov/2026:10:15:30 +0000] "GET /survivor HTTP/1.1" 200 10 "-" "-" 0.007 0.006',
    "common": b'10.0.0.9 - - [23/Nov/2026:10:15:30 +0000] "GET /survivor HTTP/1.1" 200 10',
    "haproxy": b"10.0.0.9:1 [23/Nov/2026:10:15:30.000] in survivor/s 0/0/0/1/7 200 10 - - ---- 1/1/1/1/0 0/0"
    b' "GET /survivor HTTP/1.1"',
    "mule_analytics": b'{"api_id":1,"received_ts":"2026-11-23T10:15:30.114Z","status_code":200,"path":"/survivor"}',
    "mule_log": b"INFO  2026-11-23 10:15:30,123 [main] org.mule.Example: survivor",
    "envoy_json": json.dumps(ENVOY_RECORD).encode(),
    "envoy_text": b'[2026-11-23T10:15:30.001Z] "GET /survivor HTTP/1.1" 200 - 7 375 12 11 "203.0.113.9" "curl/8.5.0"'
    b' "id-1" "api.example.com" "10.244.1.9:9080"',
    "flex": flex_record(FLEX_MESSAGE),
    "json": b'{"message":"survivor","level":"info"}',
}


@dataclass(frozen=True)
class Message:
    """A whole payload of a format, how many rows it becomes, and in which table."""

    body: bytes
    rows: int
    table: str = "metrics"


def _metrics() -> ExportMetricsServiceRequest:
    request = ExportMetricsServiceRequest()
    metrics = request.resource_metrics.add().scope_metrics.add().metrics
    metrics.add(name="gauge").gauge.data_points.add(time_unix_nano=NOW * 10**9, as_int=1)
    metrics.add(name="histogram").histogram.data_points.add(count=1, bucket_counts=[1, 0], explicit_bounds=[5])
    exponential = metrics.add(name="exponential").exponential_histogram.data_points.add(count=2, scale=3)
    exponential.positive.bucket_counts.extend([1, 1])
    return request


def _traces() -> ExportTraceServiceRequest:
    request = ExportTraceServiceRequest()
    span = (
        request.resource_spans.add()
        .scope_spans.add()
        .spans.add(trace_id=b"t" * 16, span_id=b"s" * 8, name="GET /", start_time_unix_nano=NOW * 10**9)
    )
    span.attributes.add(key="list").value.array_value.values.add().string_value = "a"
    span.events.add(name="event").attributes.add(key="a").value.int_value = 1
    return request


def als(*entries: Mapping[str, Any]) -> bytes:
    """A StreamAccessLogsMessage of HTTP entries."""
    return envoy_messages.encode(
        {
            "identifier": {"node": {"id": "edge-7", "cluster": "edge"}, "log_name": "http"},
            "http_logs": {"log_entry": list(entries)},
        }
    )


def als_entry(
    common: Mapping[str, Any] | None = None, response_code: int = 200, request_id: str = ""
) -> dict[str, Any]:
    return {
        "common_properties": {"start_time": {"seconds": NOW}, **(common or {})},
        "request": {"request_method": 1, "path": "/survivor", "request_id": request_id},
        "response": {"response_code": {"value": response_code}},
    }


def _golden(name: str) -> bytes:
    return (GOLDEN / f"{name}.in").read_bytes()


# OTLP has its ids in hexadecimal where Protobuf's JSON has base64.
_TRACES_JSON = MessageToJson(_traces()).replace("dHR0dHR0dHR0dHR0dHR0dA==", "74" * 16).replace("c3Nzc3Nzc3M=", "73" * 8)

# Of each format whose payload is one message.
MESSAGES: Mapping[str, Message] = {
    "otlp_logs": Message(otlp_logs("a", "b"), 2, "logs"),
    "otlp_logs_json": Message(
        b'{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"stringValue":"a"}}]}]}]}', 1, "logs"
    ),
    "otlp_metrics": Message(_metrics().SerializeToString(), 3),
    "otlp_metrics_json": Message(MessageToJson(_metrics()).encode(), 3),
    "otlp_traces": Message(_traces().SerializeToString(), 1, "spans"),
    "otlp_traces_json": Message(_TRACES_JSON.encode(), 1, "spans"),
    "envoy_als": Message(als(als_entry(), als_entry()), 2, "requests"),
    "prometheus_write": Message(write_request(json.loads(_golden("prometheus_write/native_histograms"))), 9),
    "prometheus_write_v2": Message(write_request_v2(json.loads(_golden("prometheus_write_v2/go_client"))), 3),
    "prometheus_text": Message(
        b'# TARGET {zone="a"}\n# TYPE a_total counter\na_total{b="c"} 1\na_total 2 1795428930000\n', 2
    ),
    # One record of a line is many rows.
    "fluent_metrics": Message(b'{"cpu_p":0.75,"user_p":0.5,"system_p":0.25}\n', 3),
    "hec_metrics": Message(
        b'{"time":%d,"event":"metric","fields":{"metric_name:a":0.75,"metric_name:b":2,"c":"d"}}\n' % NOW, 2
    ),
    "openmetrics_text": Message(_golden("openmetrics_text/client"), 15),
}


@st.composite
def damaged(draw: st.DrawFn, whole: bytes) -> bytes:
    """A payload cut off, with bytes changed, or with a part of it doubled."""
    body = bytearray(whole)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, max(0, len(body) - 1)))
        match draw(st.sampled_from(("cut", "flip", "insert", "double"))):
            case "cut":
                del body[at:]
            case "flip":
                body[at : at + 1] = draw(st.binary(min_size=1, max_size=1))
            case "insert":
                body[at:at] = draw(st.binary(max_size=12))
            case "double":
                body[at:at] = body[at : at + draw(st.integers(1, 40))]
    return bytes(body)


Damage = Callable[[bytes], bytes]

_PIECES = st.sampled_from(
    [b"", b'"', b"\\", b"\xff", b"\0", b"[", b"]", b"{", b"}", b" ", b"-1", b"=", b"null", b"\xc3", b":", b","]
)
DAMAGES: st.SearchStrategy[Damage] = st.one_of(
    st.just(lambda line: line),
    st.floats(0, 1).map(lambda share: lambda line: line[: int(share * len(line))]),
    st.floats(0, 1).map(lambda share: lambda line: line[int(share * len(line)) :]),
    st.tuples(st.floats(0, 1), _PIECES, st.integers(0, 9)).map(
        lambda drawn: lambda line: _replaced(line, drawn[0], drawn[1], drawn[2])
    ),
    st.tuples(st.floats(0, 1), st.integers(1, 255)).map(lambda drawn: lambda line: _flipped(line, drawn[0], drawn[1])),
)


def _replaced(line: bytes, share: float, piece: bytes, length: int) -> bytes:
    at = int(share * len(line))
    return line[:at] + piece + line[at + length :]


def _flipped(line: bytes, share: float, bits: int) -> bytes:
    at = min(int(share * len(line)), len(line) - 1)
    return line[:at] + bytes([line[at] ^ bits]) + line[at + 1 :]


_NUMBERS = itertools.count()


def load(store: Store, directory: Path, name: str, *bodies: bytes) -> str:
    """Make rows of payloads that can all be read; returns the segment that they are of."""
    known, segment = FORMATS[name], f"damage-{name}-{next(_NUMBERS)}"
    path = directory / f"{segment}.ready"
    path.write_bytes(b"".join(encode(Payload(name, body, time.time_ns() // 1000, "damage")) for body in bodies))
    of = transform(known, segment, path, TransformConfig())
    store.load(of.statement, of.table, of.columns, segment, of.schema)
    path.unlink()
    return segment


def rows(store: Store, table: str, columns: str, segment: str) -> Sequence[tuple[Any, ...]]:
    return store.rows(f"SELECT {columns} FROM {table} WHERE segment_id = {{s:String}}", {"s": segment})


def records(store: Store, segment: str) -> int:
    """How many records the ledger has; raises where the tables do not hold as many."""
    [(recorded,)] = rows(store, "books", "sum(records)", segment)
    held = sum(
        rows(store, table, "count()", segment)[0][0]
        for table in ("requests", "logs", "metrics", "spans", "dead_letters")
    )
    assert recorded == held
    return int(recorded)


def dead_letters(store: Store, segment: str) -> list[bytes]:
    return [bytes.fromhex(text) for (text,) in rows(store, "dead_letters", "hex(body)", segment)]
