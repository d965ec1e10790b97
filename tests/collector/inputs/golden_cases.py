"""The golden cases: what a gateway sent, byte for byte, and the rows that it must become.

tests/golden/<format>/<case>.in is a payload as it comes over the wire; for Protobuf formats it is JSON, encoded here.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from google.protobuf.json_format import Parse  # type: ignore[import-untyped]
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from storage.store import Store
from tests.collector.rigs import envoy_messages, prometheus_messages

_GOLDEN = Path(__file__).parents[2] / "golden"

_OTLP: dict[str, Any] = {
    "otlp_logs": ExportLogsServiceRequest,
    "otlp_metrics": ExportMetricsServiceRequest,
    "otlp_traces": ExportTraceServiceRequest,
}

# Every case arrives at this moment, from this peer.
RECEIVED_AT = datetime(2026, 11, 23, 10, 16, tzinfo=UTC)
PEER = "192.0.2.7"

# In the order in which a reader compares a row with its record; what is always the same is left out.
_QUERIES = {
    "requests": """
        SELECT time, gateway_kind, gateway, instance, reporter, api, api_version, route, method, path, status,
            grpc_status, response_flags, fault, policy, policy_outcome, consumer, client_address, user_agent,
            upstream, upstream_address, duration_us, upstream_us, request_bytes, response_bytes, protocol,
            request_id, trace_id, span_id, attributes, environment
        FROM requests WHERE segment_id = {segment:String} ORDER BY time, request_id, path, method""",
    "logs": """
        SELECT time, gateway_kind, gateway, instance, severity, body, trace_id, span_id, attributes,
            environment
        FROM logs WHERE segment_id = {segment:String} ORDER BY time, body""",
    "metrics": """
        SELECT time, gateway_kind, gateway, instance, host, name, kind, unit, labels, value, count, bounds,
            bucket_counts, environment
        FROM metrics WHERE segment_id = {segment:String} ORDER BY name, labels, time""",
    "spans": """
        SELECT time, gateway_kind, gateway, instance, trace_id, span_id, parent_span_id, service, name, kind, status,
            duration_us, attributes, environment
        FROM spans WHERE segment_id = {segment:String} ORDER BY time, span_id""",
    "dead_letters": """
        SELECT received_at, reason, peer, if(isValidUTF8(body), body, concat('hex ', hex(body))) AS body,
            environment
        FROM dead_letters WHERE segment_id = {segment:String} ORDER BY body""",
}


@dataclass(frozen=True)
class Case:
    """A payload, and where its rows are written down."""

    path: Path

    @property
    def format(self) -> str:
        return self.path.parent.name

    @property
    def name(self) -> str:
        return f"{self.format}/{self.path.stem}"

    @property
    def expected(self) -> Path:
        return self.path.with_suffix(".json")

    def rows(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.expected.read_bytes().splitlines()]

    def body(self) -> bytes:
        """The payload as a receiver hands it over."""
        written = self.path.read_bytes()
        if message := _OTLP.get(self.format):
            return bytes(Parse(written, message()).SerializeToString())
        if self.format == "envoy_als":
            return envoy_messages.encode(json.loads(written))
        if self.format == "prometheus_write":
            return prometheus_messages.write_request(json.loads(written))
        if self.format == "prometheus_write_v2":
            return prometheus_messages.write_request_v2(json.loads(written))
        return written


CASES = tuple(map(Case, sorted(_GOLDEN.glob("*/*.in"))))


def rows_of(store: Store, segment: str) -> list[dict[str, Any]]:
    """What a segment has become, each row with its table and the columns that say something."""
    found = []
    for table, query in _QUERIES.items():
        raw = store.raw(query, "JSONEachRow", {"segment": segment})
        found += [{"table": table} | _said(json.loads(line)) for line in raw.splitlines()]
    return found


def _said(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if value not in ("", None, {}, [])}
