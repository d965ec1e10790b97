"""Damaged OTLP: a receiver refuses it or takes it, and what is taken becomes rows or dead letters, never a stop."""

import gzip
import tempfile
import uuid
import zlib
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry.metrics import NoOpMeter
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from collector.books import differences
from collector.payload import Payload
from collector.receivers.als import stream_payloads
from collector.receivers.body import decode
from collector.receivers.otlp import check_protobuf
from collector.receivers.otlp_json import check_json
from collector.spool.spool import Spool, SpoolConfig
from collector.telemetry import CollectorMetrics
from collector.transforms.formats import TransformConfig
from collector.writer import Writer
from gatelens.event_loop import EventLoopThread
from storage.errors import PayloadError
from storage.store import Store
from tests.collector import envoy_messages
from tests.collector.access_logs import otlp_logs

_NOW = int(datetime.now(UTC).timestamp())
_LIMIT = 1 << 20


def _metrics() -> bytes:
    request = ExportMetricsServiceRequest()
    metrics = request.resource_metrics.add().scope_metrics.add().metrics
    metrics.add(name="gauge").gauge.data_points.add(as_double=1.5, time_unix_nano=_NOW * 10**9)
    histogram = metrics.add(name="histogram").histogram.data_points.add(count=3, sum=2.5, time_unix_nano=_NOW * 10**9)
    histogram.bucket_counts.extend([1, 2])
    histogram.explicit_bounds.append(1.0)
    exponential = metrics.add(name="exponential").exponential_histogram.data_points.add(count=2, scale=3)
    exponential.positive.bucket_counts.extend([1, 1])
    return bytes(request.SerializeToString())


def _traces() -> bytes:
    request = ExportTraceServiceRequest()
    span = (
        request.resource_spans.add()
        .scope_spans.add()
        .spans.add(trace_id=b"t" * 16, span_id=b"s" * 8, name="GET /", start_time_unix_nano=_NOW * 10**9)
    )
    span.attributes.add(key="list").value.array_value.values.add().string_value = "a"
    span.events.add(name="event").attributes.add(key="a").value.int_value = 1
    return bytes(request.SerializeToString())


_WHOLE = {
    "otlp_logs": (otlp_logs("a", "b"), 2),
    "otlp_metrics": (_metrics(), 3),
    "otlp_traces": (_traces(), 1),
    "otlp_logs_json": (b'{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"stringValue":"a"}}]}]}]}', 1),
}
_TABLES = {"otlp_logs": "logs", "otlp_metrics": "metrics", "otlp_traces": "spans", "otlp_logs_json": "logs"}


@st.composite
def _damaged(draw: st.DrawFn, whole: bytes) -> bytes:
    """A message cut off, with bytes changed, or with a part of it doubled."""
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


def _refuses_or_takes(check: Callable[[], Any]) -> None:
    try:
        check()
    except PayloadError as error:
        assert str(error).endswith(".")


@settings(max_examples=200, deadline=None)
@given(st.one_of(st.binary(max_size=200), _damaged(_metrics()), _damaged(_WHOLE["otlp_logs_json"][0])))
def test_checks_refuse_or_take(body: bytes) -> None:
    _refuses_or_takes(lambda: check_protobuf(body))
    for signal in ("logs", "metrics", "traces"):
        _refuses_or_takes(lambda signal=signal: check_json(signal, body))  # type: ignore[misc]


@pytest.mark.parametrize(
    ("encoding", "packed"),
    [
        ("gzip", gzip.compress(otlp_logs("a" * 500), mtime=0)),
        ("zstd", zstandard.compress(otlp_logs("a" * 500))),
        ("deflate", zlib.compress(otlp_logs("a" * 500))),
    ],
)
@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_damaged_packing_is_refused_or_taken(encoding: str, packed: bytes, data: st.DataObject) -> None:
    body = data.draw(_damaged(packed))
    _refuses_or_takes(lambda: decode(body, encoding, _LIMIT))


_ALS = envoy_messages.encode(
    {
        "identifier": {"node": {"id": "edge-7", "cluster": "edge"}, "log_name": "http"},
        "http_logs": {"log_entry": [{"request": {"request_method": 1, "path": "/a"}}]},
    }
)


@settings(max_examples=100, deadline=None)
@given(bodies=st.lists(st.one_of(st.just(_ALS), _damaged(_ALS)), max_size=4))
def test_damaged_streams_are_refused_or_taken(bodies: list[bytes]) -> None:
    async def messages() -> AsyncIterator[bytes]:
        for body in bodies:
            yield body

    async def taken() -> list[bytes]:
        return [payload async for payload in stream_payloads(messages())]

    loop = EventLoopThread("als")
    try:
        _refuses_or_takes(lambda: loop.run(taken()))
    finally:
        loop.close()


@pytest.mark.parametrize("format_name", _WHOLE)
@settings(max_examples=3, deadline=None)
@given(data=st.data())
def test_damage_beside_whole_payloads(store: Store, format_name: str, data: st.DataObject) -> None:
    whole, records = _WHOLE[format_name]
    damaged = data.draw(st.lists(_damaged(whole), min_size=1, max_size=6))
    environment = f"fuzz-{uuid.uuid4()}"
    started = datetime.now(UTC)
    with tempfile.TemporaryDirectory() as directory:
        spool = Spool(Path(directory), SpoolConfig(segment_age=60))
        for body in damaged:
            spool.append(Payload(format_name, body, _NOW * 1_000_000, "damaged"))
            spool.append(Payload(format_name, whole, _NOW * 1_000_000, environment)).result()
        spool.close()
        writer = Writer(store, spool, TransformConfig(), CollectorMetrics(NoOpMeter("test")))
        while segment := spool.take(0):
            writer.store(segment)
        assert spool.size == 0
    sql = f"SELECT count() FROM {_TABLES[format_name]} WHERE environment = {{e:String}}"
    assert store.rows(sql, {"e": environment}) == [(records * len(damaged),)]
    found = differences(store, started)
    assert not [name for name in found["segment_id"] if str(name).startswith(format_name)]


def test_what_is_no_json_is_set_aside_with_its_bytes(store: Store, tmp_path: Path) -> None:
    spool = Spool(tmp_path, SpoolConfig(segment_age=60))
    for body in (b'{"resourceLogs": [{"scopeLogs":', *[_WHOLE["otlp_logs_json"][0]] * 3):
        spool.append(Payload("otlp_logs_json", body, _NOW * 1_000_000, "no-json")).result()
    spool.close()
    writer = Writer(store, spool, TransformConfig(), CollectorMetrics(NoOpMeter("test")))
    while segment := spool.take(0):
        writer.store(segment)
    rows = store.rows("SELECT body, reason FROM dead_letters WHERE environment = 'no-json'")
    assert rows == [('{"resourceLogs": [{"scopeLogs":', "the payload cannot be decoded")]
    assert store.rows("SELECT count() FROM logs WHERE environment = 'no-json'") == [(3,)]
