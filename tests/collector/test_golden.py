"""What each format becomes: tests/golden/<format>/<case>.in against the rows in <case>.json.

An .in file is a payload as it comes over the wire; for Protobuf formats it is JSON, encoded here.
To accept new rows, set GATELENS_UPDATE_GOLDEN=1, run this file, and read the difference before you commit it.
"""

import json
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.json_format import Parse  # type: ignore[import-untyped]
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from collector.payload import Payload
from collector.spool.frame import encode
from collector.transforms.formats import TransformConfig, formats, ingestible, statement
from storage.store import Store
from tests.collector import envoy_messages, prometheus_messages

_GOLDEN = Path(__file__).parents[1] / "golden"
_CASES = sorted(_GOLDEN.glob("*/*.in"))

_OTLP: dict[str, Any] = {
    "otlp_logs": ExportLogsServiceRequest,
    "otlp_metrics": ExportMetricsServiceRequest,
    "otlp_traces": ExportTraceServiceRequest,
}

# Every case arrives at this moment, from this peer.
_RECEIVED_AT = datetime(2026, 11, 23, 10, 16, tzinfo=UTC)
_PEER = "192.0.2.7"

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
        SELECT time, gateway_kind, gateway, instance, name, kind, unit, labels, value, count, bounds,
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


def _case(path: Path) -> str:
    return f"{path.parent.name}/{path.stem}"


def _body(path: Path) -> bytes:
    written = path.read_bytes()
    if message := _OTLP.get(path.parent.name):
        return bytes(Parse(written, message()).SerializeToString())
    if path.parent.name == "envoy_als":
        return envoy_messages.encode(json.loads(written))
    if path.parent.name == "prometheus_write":
        return prometheus_messages.write_request(json.loads(written))
    if path.parent.name == "prometheus_write_v2":
        return prometheus_messages.write_request_v2(json.loads(written))
    return written


def _said(row: Mapping[str, Any]) -> dict[str, Any]:
    """The columns that say something."""
    return {name: value for name, value in row.items() if value not in ("", None, {}, [])}


def _stored(store: Store, segment: str) -> list[dict[str, Any]]:
    found = []
    for table, query in _QUERIES.items():
        raw = store.raw(query, "JSONEachRow", {"segment": segment})
        found += [{"table": table} | _said(json.loads(line)) for line in raw.splitlines()]
    return found


@pytest.mark.parametrize("path", _CASES, ids=_case)
def test_rows_of_a_payload(store: Store, tmp_path: Path, path: Path) -> None:
    known, segment = formats()[path.parent.name], f"golden-{path.parent.name}-{path.stem}"
    received_at_us = int(_RECEIVED_AT.timestamp() * 1_000_000)
    frame = encode(Payload(known.name, _body(path), received_at_us, "golden", peer=_PEER))
    file = tmp_path / "segment.ready"
    file.write_bytes(frame)

    select = statement(known, segment, file, TransformConfig())
    store.load(select, known.shape.into, known.shape.columns, segment, known.schema)

    rows = _stored(store, segment)
    expected = path.with_suffix(".json")
    if os.environ.get("GATELENS_UPDATE_GOLDEN"):
        expected.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))
    assert rows == [json.loads(line) for line in expected.read_bytes().splitlines()]
    assert all(row.get("body") for row in rows if row["table"] == "dead_letters")
    counted = store.rows("SELECT sum(records) FROM books WHERE segment_id = {segment:String}", {"segment": segment})
    assert counted == [(len(rows),)]


def test_every_format_has_golden_samples() -> None:
    assert {path.parent.name for path in _CASES} >= set(ingestible())
