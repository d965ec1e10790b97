"""Values in messages that are not what they should be: stored exactly, unknown, or a dead letter; never another."""

import json
import math
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from collector.encoding.protobuf import length_delimited, varint
from storage.store import Store
from tests.collector.damage.damage_rig import (
    MESSAGES,
    NOW,
    als,
    als_entry,
    dead_letters,
    load,
    records,
    rows,
)


def test_odd_numbers_in_the_access_log_service(store: Store, tmp_path: Path) -> None:
    huge = 2**63 - 1
    entries = {
        "code-70000": als_entry(response_code=2**16 + 200),
        "code-max": als_entry(response_code=2**32 - 1),
        "code-65535": als_entry(response_code=65_535),
        "negative": als_entry({"duration": {"seconds": -1}}),
        "negative-last": als_entry({"time_to_last_downstream_tx_byte": {"seconds": -1}}),
        "negative-nanos": als_entry({"time_to_last_downstream_tx_byte": {"seconds": 0, "nanos": -5000}}),
        "huge": als_entry({"duration": {"seconds": huge}}),
        "huge-last": als_entry({"time_to_last_downstream_tx_byte": {"seconds": huge}}),
        "least": als_entry({"duration": {"seconds": -huge}, "time_to_last_upstream_rx_byte": {"seconds": -huge}}),
        "upstream": als_entry(
            {"time_to_first_upstream_tx_byte": {"seconds": -huge}, "time_to_last_upstream_rx_byte": {"seconds": huge}}
        ),
        "start": als_entry({"start_time": {"seconds": huge}}),
        "start-least": als_entry({"start_time": {"seconds": -huge}}),
        "whole": als_entry({"duration": {"seconds": 1, "nanos": 5000}}),
    }
    for name, entry in entries.items():
        entry["request"]["request_id"] = name
    segment = load(store, tmp_path, "envoy_als", als(*entries.values()))
    assert records(store, segment) == len(entries)
    found = {
        row[0]: row[1:] for row in rows(store, "requests", "request_id, status, duration_us, upstream_us", segment)
    }
    dead = b"\n".join(dead_letters(store, segment))
    for name, (status, duration, upstream) in found.items():
        assert status == (65_535 if name == "code-65535" else 200), name
        assert duration == (1_000_005 if name == "whole" else None), name
        assert upstream is None, name
    assert found.keys() == {"code-65535", "upstream", "start", "start-least", "whole"}
    assert all(f'"request_id":"{name}"'.encode() in dead for name in entries.keys() - found.keys())


def test_unknown_fields_and_numbers_of_enumerations(store: Store, tmp_path: Path) -> None:
    """A sender of a later version: what it adds is passed over, at every depth."""
    unknown = (
        length_delimited(3000, b"later") + varint(3001 << 3) + varint(7) + varint(3002 << 3 | 1) + b"\0" * 8
        + varint(3003 << 3 | 5) + b"\0" * 4
    )  # fmt: skip
    for name in ("otlp_logs", "otlp_metrics", "otlp_traces", "envoy_als", "prometheus_write", "prometheus_write_v2"):
        message = MESSAGES[name]
        segment = load(store, tmp_path, name, unknown + message.body + unknown)
        assert rows(store, message.table, "count()", segment) == [(message.rows,)], name
        assert records(store, segment) == message.rows
    entry = als_entry(request_id="later")
    entry |= {"protocol_version": 9}
    entry["request"]["request_method"] = 99
    segment = load(store, tmp_path, "envoy_als", als(entry))
    assert rows(store, "requests", "method, protocol, path", segment) == [("", "", "/survivor")]

    traces = ExportTraceServiceRequest.FromString(MESSAGES["otlp_traces"].body)
    span = traces.resource_spans[0].scope_spans[0].spans[0]
    span.kind, span.status.code = 99, 99
    segment = load(store, tmp_path, "otlp_traces", traces.SerializeToString())
    assert rows(store, "spans", "kind, status", segment) == [("", "")]

    logs = ExportLogsServiceRequest.FromString(MESSAGES["otlp_logs"].body)
    logs.resource_logs[0].scope_logs[0].log_records[0].severity_number = 2**31 - 1
    segment = load(store, tmp_path, "otlp_logs", logs.SerializeToString())
    assert rows(store, "logs", "DISTINCT severity", segment) == [("",)]

    metrics = ExportMetricsServiceRequest.FromString(MESSAGES["otlp_metrics"].body)
    metrics.resource_metrics[0].scope_metrics[0].metrics[1].histogram.aggregation_temporality = 99
    segment = load(store, tmp_path, "otlp_metrics", metrics.SerializeToString())
    assert rows(store, "metrics", "count()", segment) == [(3,)]


_REALS = (0.0, -0.0, -1.0, 1e308, -1e308, 5e-324, math.inf, -math.inf, math.nan)


def test_numbers_of_metrics_are_stored_as_they_are(store: Store, tmp_path: Path) -> None:
    request = ExportMetricsServiceRequest()
    metrics = request.resource_metrics.add().scope_metrics.add().metrics
    for number, value in enumerate(_REALS):
        metrics.add(name=f"real-{number}").gauge.data_points.add(as_double=value)
    for number, whole in enumerate((2**63 - 1, -(2**63))):
        metrics.add(name=f"whole-{number}").gauge.data_points.add(as_int=whole)
    metrics.add(name="count").histogram.data_points.add(count=2**64 - 1, bucket_counts=[2**64 - 1])
    metrics.add(name="time").gauge.data_points.add(as_int=1, time_unix_nano=2**64 - 1)
    segment = load(store, tmp_path, "otlp_metrics", request.SerializeToString())
    found = dict(rows(store, "metrics", "name, value", segment))
    for number, value in enumerate(_REALS):
        assert struct.pack("<d", found[f"real-{number}"]) == struct.pack("<d", value)
    assert (found["whole-0"], found["whole-1"]) == (float(2**63 - 1), float(-(2**63)))
    assert rows(store, "metrics", "count, bucket_counts, isNaN(value)", segment).count((2**64 - 1, [2**64 - 1], 1)) == 1
    [(believed,)] = rows(store, "metrics", "countIf(name = 'time' AND abs(time - ingested_at) < 1)", segment)
    assert believed == 1


def test_times_of_spans_that_cannot_be(store: Store, tmp_path: Path) -> None:
    request = ExportTraceServiceRequest()
    spans = request.resource_spans.add().scope_spans.add().spans
    start = NOW * 10**9
    for number, (began, ended) in enumerate(
        [(start, start - 1), (start, 2**64 - 1), (2**64 - 1, 1), (1, 0), (start, 0)]
    ):
        spans.add(
            trace_id=b"t" * 16, span_id=b"s" * 8, name=str(number), start_time_unix_nano=began, end_time_unix_nano=ended
        ).events.add(name="late", time_unix_nano=2**64 - 1)
    segment = load(store, tmp_path, "otlp_traces", request.SerializeToString())
    assert records(store, segment) == 5
    found = dict(rows(store, "spans", "name, duration_us", segment))
    assert found == {"0": 0, "1": (2**64 - 1 - start) // 1000, "2": 0, "3": 0, "4": 0}


@pytest.mark.parametrize("name", ["otlp_logs_json", "otlp_metrics_json", "otlp_traces_json"])
def test_json_of_otlp_with_text_for_numbers_and_null_for_anything(store: Store, tmp_path: Path, name: str) -> None:
    """Null is what is not told: the row is that of the message without the field."""
    message = MESSAGES[name]
    whole = json.loads(message.body)
    nulled, without = [], []
    for path in _paths(whole):
        nulled.append(_changed(whole, path, lambda holder, key: holder.__setitem__(key, None)))
        without.append(_changed(whole, path, lambda holder, key: holder.__delitem__(key)))
    texts = _as_text(whole)
    told = "* EXCEPT (segment_id, ingested_at, time)"
    compared = []
    for bodies in (nulled, without, [whole], [texts]):
        segment = load(store, tmp_path, name, *(json.dumps(body).encode() for body in bodies))
        records(store, segment)
        table = sorted(map(str, rows(store, message.table, told, segment)))
        dead = sorted(map(str, rows(store, "dead_letters", "reason, body", segment)))
        compared.append((table, dead))
    assert compared[0] == compared[1]
    assert compared[2] == compared[3]
    assert len(compared[2][0]) == message.rows


def _paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Where each field of an object is."""
    if isinstance(value, dict):
        return [place for key, inner in value.items() for place in ((*path, key), *_paths(inner, (*path, key)))]
    if isinstance(value, list):
        return [place for number, inner in enumerate(value) for place in _paths(inner, (*path, number))]
    return []


def _changed(whole: Any, path: tuple[Any, ...], change: Callable[[Any, Any], None]) -> Any:
    copied = json.loads(json.dumps(whole))
    holder = copied
    for key in path[:-1]:
        holder = holder[key]
    change(holder, path[-1])
    return copied


def _as_text(value: Any) -> Any:
    """Numbers as text, where OTLP allows it: enumerations and indexes stay numbers."""
    if isinstance(value, dict):
        return {key: _as_text(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_as_text(inner) for inner in value]
    return str(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else value
