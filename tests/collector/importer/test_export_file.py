"""Files of an OpenTelemetry Collector's file exporter with `format: proto` and `compression: zstd`."""

import io
import json
import struct
from pathlib import Path
from typing import Any

import pytest
import zstandard
from google.protobuf.json_format import ParseDict  # type: ignore[import-untyped]
from opentelemetry.proto.logs.v1.logs_pb2 import LogsData
from opentelemetry.proto.metrics.v1.metrics_pb2 import MetricsData
from opentelemetry.proto.trace.v1.trace_pb2 import TracesData

from collector.importer.block import Labels
from collector.importer.importer import import_file
from collector.importer.partial_read import PartialRead
from collector.spool.config import SpoolConfig
from collector.spool.payload import Payload
from collector.spool.spool import Spool
from storage.errors import GatelensError
from storage.store import Store
from tests.collector.rigs.import_rig import MemorySink
from tests.collector.rigs.storing import store_all

_NOW = 1_795_428_930_123_000_000
_TRACE, _SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


def _export(signal: str, scopes: str, records: str, record: dict[str, Any]) -> dict[str, Any]:
    resource = {"attributes": [{"key": "service.name", "value": {"stringValue": "orders"}}]}
    return {signal: [{"resource": resource, scopes: [{records: [record]}]}]}


_TIMES = {"startTimeUnixNano": str(_NOW), "endTimeUnixNano": str(_NOW + 5_000_000)}
_GAUGE = {"dataPoints": [{"timeUnixNano": str(_NOW), "asDouble": 0.5}]}
_LOG = {"timeUnixNano": str(_NOW), "severityNumber": 9, "body": {"stringValue": "ready"}}
_EXPORTS: tuple[tuple[Any, dict[str, Any]], ...] = (
    (LogsData, _export("resourceLogs", "scopeLogs", "logRecords", _LOG | {"traceId": _TRACE, "spanId": _SPAN})),
    (LogsData, _export("resourceLogs", "scopeLogs", "logRecords", {"body": {"stringValue": "untimed"}})),
    (
        TracesData,
        _export("resourceSpans", "scopeSpans", "spans", {"traceId": _TRACE, "spanId": _SPAN, "name": "GET", **_TIMES}),
    ),
    (
        MetricsData,
        _export(
            "resourceMetrics",
            "scopeMetrics",
            "metrics",
            {"name": "sixteen.letters.", "gauge": _GAUGE},
        ),
    ),
    (LogsData, {}),
)


def _file(form: str, compression: str) -> bytes:
    found = b""
    for kind, export in _EXPORTS:
        message = json.dumps(export, indent=1).encode() if form == "json" else _protobuf(kind, export)
        if compression:
            message = zstandard.ZstdCompressor().compress(message)
        found += struct.pack(">I", len(message)) + message
    return found


def _protobuf(kind: Any, export: dict[str, Any]) -> bytes:
    """ParseDict takes ids for base64: hexadecimal digits are read as such, and put right."""
    data = ParseDict(json.loads(json.dumps(export)), kind())
    for resource in getattr(data, "resource_logs", []) or getattr(data, "resource_spans", []):
        for scope in getattr(resource, "scope_logs", []) or getattr(resource, "scope_spans", []):
            for record in getattr(scope, "log_records", []) or getattr(scope, "spans", []):
                if record.trace_id:
                    record.trace_id, record.span_id = bytes.fromhex(_TRACE), bytes.fromhex(_SPAN)
    return bytes(data.SerializeToString())


@pytest.mark.parametrize(("form", "compression"), [("json", "zstd"), ("proto", ""), ("proto", "zstd")])
def test_all_signals_are_stored(store: Store, tmp_path: Path, form: str, compression: str) -> None:
    file = tmp_path / f"export.{form}"
    file.write_bytes(_file(form, compression))
    environment = f"export-{form}-{compression}"
    sink = MemorySink()
    import_file(file, sink, Labels(environment=environment))
    spool = Spool(tmp_path / "spool", SpoolConfig())
    for block in sink.blocks.values():
        spool.append_segment(block.segment_id, [Payload(block.format, block.body, _NOW // 1000, environment)])
    # A payload of several requests is taken apart.
    store_all(store, spool)

    def rows(table: str, columns: str) -> list[tuple[Any, ...]]:
        return store.rows(
            f"SELECT {columns} FROM {table} WHERE environment = {{e:String}} ORDER BY 1", {"e": environment}
        )

    assert rows("logs", "body, gateway, trace_id, span_id") == [
        ("ready", "orders", _TRACE, _SPAN),
        ("untimed", "orders", "", ""),
    ]
    assert rows("spans", "name, trace_id, span_id, duration_us") == [("GET", _TRACE, _SPAN, 5000)]
    assert rows("metrics", "name, value") == [("sixteen.letters.", 0.5)]


@pytest.mark.parametrize("form", ["json", "proto"])
def test_what_is_cut_off_or_damaged_is_reported_and_the_rest_is_there(tmp_path: Path, form: str) -> None:
    whole = _file(form, "zstd")
    first = 4 + struct.unpack_from(">I", whole)[0]
    file = tmp_path / "export"
    for damaged, fault in (
        (whole[: first + 9], "the last export is cut off"),
        (whole[: first + 8] + b"\xff" * 40 + whole[first + 48 :], "not zstd"),
        (whole[:first] + b"\xff" * 40, "which the file exporter does not write"),
    ):
        file.write_bytes(damaged)
        sink = MemorySink()
        with pytest.raises(GatelensError, match=fault):
            import_file(file, sink)
        reader = PartialRead(io.BytesIO(damaged))
        assert b"ready" in reader.read(1 << 20)


def test_a_log_that_begins_with_zeros_is_none(tmp_path: Path) -> None:
    file = tmp_path / "access.log"
    line = b'10.0.0.1 - - [23/Nov/2026:10:15:30 +0000] "GET / HTTP/1.1" 200 10 "-" "-"\n'
    for zeros in range(1, 6):
        file.write_bytes(b"\0" * zeros + line)
        sink = MemorySink()
        assert import_file(file, sink).format == "combined"
