"""OpenTelemetry's own SDK, over both transports: what it exports is in the tables, value for value."""

import json
import math
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import grpc
import pytest
from opentelemetry._logs import LogRecord, SeverityNumber
from opentelemetry.exporter.otlp.proto.grpc._log_exporter import OTLPLogExporter as GrpcLogs
from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter as GrpcMetrics
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter as GrpcSpans
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter as HttpLogs
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter as HttpMetrics
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter as HttpSpans
from opentelemetry.metrics import CallbackOptions, Observation
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.metrics import Histogram, MeterProvider
from opentelemetry.sdk.metrics.export import AggregationTemporality, PeriodicExportingMetricReader
from opentelemetry.sdk.metrics.view import ExponentialBucketHistogramAggregation, View
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Link, SpanKind, Status, StatusCode

from storage.store import Store
from tests.collector.rigs.receiver_rig import Rig, receivers
from tests.collector.rigs.storing import store_all

_SPANS = 300
_LOGS = 300
_KINDS = ["grpc", "grpc gzip", "http", "http gzip", "http deflate"]


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    with receivers(tmp_path) as started:
        yield started


def _exporter(
    rig: Rig, kind: str, signal: str, over_grpc: Callable[..., Any], over_http: Callable[..., Any], **more: Any
) -> Any:
    transport, _, packing = kind.partition(" ")
    if transport == "grpc":
        compression = grpc.Compression.Gzip if packing else grpc.Compression.NoCompression
        return over_grpc(endpoint=rig.grpc, insecure=True, compression=compression, **more)
    return over_http(endpoint=f"{rig.http}/v1/{signal}", compression=Compression(packing or "none"), **more)


def _resource(environment: str) -> Resource:
    return Resource(
        {
            "service.name": "orders-api",
            "service.instance.id": "worker-3",
            "deployment.environment.name": environment,
            "k8s.namespace.name": "shop",
            "process.command_args": ["java", "-jar"],
        }
    )


def _rows(store: Store, sql: str, environment: str) -> list[dict[str, Any]]:
    raw = store.raw(sql, "JSONEachRow", {"e": environment})
    return [json.loads(line) for line in raw.splitlines()]


@pytest.mark.parametrize("kind", _KINDS)
def test_spans(store: Store, rig: Rig, kind: str) -> None:
    environment = f"spans-{kind}"
    provider = TracerProvider(resource=_resource(environment), shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(_exporter(rig, kind, "traces", GrpcSpans, HttpSpans)))
    tracer = provider.get_tracer("shop.orders", "1.2")
    made: list[Any] = []
    for number in range(_SPANS):
        attributes: dict[str, Any] = {
            "http.request.method": "GET",
            "http.method": "GET",
            "n": number,
            "ok": False,
            "tags": ["a", "b"],
        }
        with tracer.start_as_current_span(f"GET /{number}", kind=SpanKind.SERVER, attributes=attributes) as parent:
            links = [Link(parent.get_span_context(), {"why": "test"})]
            with tracer.start_as_current_span("child", kind=SpanKind.CLIENT, links=links) as child:
                child.add_event("exception", {"exception.message": 'a "quoted" reason', "exception.escaped": False})
                child.set_status(Status(StatusCode.ERROR, "upstream is gone"))
        made += [parent, child]
    provider.shutdown()
    store_all(store, rig.spool)

    rows = _rows(
        store, "SELECT *, toUnixTimestamp64Micro(time) AS us FROM spans WHERE environment = {e:String}", environment
    )
    assert len(rows) == len(made) == 2 * _SPANS
    found = {row["span_id"]: row for row in rows}
    for span in made:
        context, row = span.get_span_context(), found[f"{span.get_span_context().span_id:016x}"]
        assert row["trace_id"] == f"{context.trace_id:032x}"
        assert row["parent_span_id"] == (f"{span.parent.span_id:016x}" if span.parent else "")
        assert (row["name"], row["kind"]) == (span.name, span.kind.name.lower())
        assert int(row["us"]) == span.start_time // 1000
        assert int(row["duration_us"]) == (span.end_time - span.start_time) // 1000
        assert (row["service"], row["gateway"], row["instance"]) == ("orders-api", "orders-api", "worker-3")
    outer, inner = (found[f"{span.get_span_context().span_id:016x}"] for span in made[-2:])
    assert outer["attributes"] == {
        "k8s.namespace.name": "shop", "process.command_args": '["java","-jar"]', "http.request.method": "GET",
        "http.method": "GET", "n": str(_SPANS - 1), "ok": "false", "tags": '["a","b"]',
        "otel.scope.name": "shop.orders",
    }  # fmt: skip
    assert (inner["status"], inner["attributes"]["otel.status_description"]) == ("error", "upstream is gone")
    [event] = json.loads(inner["attributes"]["events"])
    assert event["attributes"] == {"exception.message": 'a "quoted" reason', "exception.escaped": False}
    [link] = json.loads(inner["attributes"]["links"])
    assert (link["span_id"], link["attributes"]) == (outer["span_id"], {"why": "test"})


@pytest.mark.parametrize("kind", _KINDS)
def test_logs(store: Store, rig: Rig, kind: str) -> None:
    environment = f"logs-{kind}"
    provider = LoggerProvider(resource=_resource(environment), shutdown_on_exit=False)
    provider.add_log_record_processor(BatchLogRecordProcessor(_exporter(rig, kind, "logs", GrpcLogs, HttpLogs)))
    logger = provider.get_logger("shop.orders")
    started = time.time_ns()
    bodies: list[Any] = ["text", {"a": {"b": ["c", 0]}}, 0, False, 0.5, ["x", None], b"\x00\xff", ""]
    texts = ["text", '{"a":{"b":["c",0]}}', "0", "false", "0.5", '["x",""]', "AP8=", ""]
    for number in range(_LOGS):
        logger.emit(
            LogRecord(
                timestamp=started + number * 1000,
                severity_number=SeverityNumber.ERROR,
                body=bodies[number % len(bodies)],
                attributes={"n": number, "zero": 0, "empty": "", "list": [1, 2], "map": {"a": 1}},
                event_name="shop.order",
            )
        )
    provider.shutdown()
    store_all(store, rig.spool)

    sql = "SELECT *, toUnixTimestamp64Micro(time) AS us FROM logs WHERE environment = {e:String} ORDER BY time"
    rows = _rows(store, sql, environment)
    assert [row["body"] for row in rows] == [texts[number % len(texts)] for number in range(_LOGS)]
    assert [int(row["us"]) for row in rows] == [started // 1000 + number for number in range(_LOGS)]
    assert {(row["severity"], row["gateway"], row["instance"]) for row in rows} == {("ERROR", "orders-api", "worker-3")}
    assert rows[7]["attributes"] == {
        "k8s.namespace.name": "shop", "process.command_args": '["java","-jar"]', "otel.scope.name": "shop.orders",
        "event.name": "shop.order", "n": "7", "zero": "0", "empty": "", "list": "[1,2]", "map": '{"a":1}',
    }  # fmt: skip


@pytest.mark.parametrize("kind", _KINDS)
def test_metrics(store: Store, rig: Rig, kind: str) -> None:
    environment = f"metrics-{kind}"
    values = [0.001 * 1.7**power for power in range(25)] + [0.0]
    exporter = _exporter(
        rig, kind, "metrics", GrpcMetrics, HttpMetrics, preferred_temporality={Histogram: AggregationTemporality.DELTA}
    )
    provider = MeterProvider(
        [PeriodicExportingMetricReader(exporter, export_interval_millis=math.inf)],
        resource=_resource(environment),
        shutdown_on_exit=False,
        views=[View(instrument_name="exponential", aggregation=ExponentialBucketHistogramAggregation())],
    )
    meter = provider.get_meter("shop.orders")
    counter, up_down = meter.create_counter("counter", "{request}"), meter.create_up_down_counter("up_down")
    explicit = meter.create_histogram("explicit", "s", explicit_bucket_boundaries_advisory=[0.01, 0.1, 1])
    exponential = meter.create_histogram("exponential", "s")
    meter.create_observable_gauge("gauge", [_observe], "By")
    for number in range(40):
        counter.add(number, {"route": f"/{number % 4}", "ok": True})
        up_down.add(-1)
    for value in values:
        explicit.record(value)
        exponential.record(value)
    provider.force_flush()
    provider.shutdown()
    store_all(store, rig.spool)

    rows = _rows(store, "SELECT * FROM metrics WHERE environment = {e:String} ORDER BY name, labels", environment)
    assert [(row["name"], row["kind"], row["unit"]) for row in rows] == [
        *[("counter", "sum", "{request}")] * 4,
        ("explicit", "histogram", "s"),
        ("exponential", "exponential_histogram", "s"),
        *[("gauge", "gauge", "By")] * 2,
        ("up_down", "gauge", ""),
    ]
    common = {"k8s.namespace.name": "shop", "process.command_args": '["java","-jar"]', "otel.scope.name": "shop.orders"}
    assert {row["labels"]["route"]: row["value"] for row in rows[:4]} == {
        f"/{route}": sum(range(route, 40, 4)) for route in range(4)
    }
    assert rows[0]["labels"] == common | {"route": "/0", "ok": "true"}
    assert [(row["labels"].get("cpu"), row["value"]) for row in rows[6:8]] == [("0", 0), ("1", 0.25)]
    assert rows[8]["value"] == -40
    for row in rows[4:6]:
        assert row["labels"] == common | {"aggregation_temporality": "delta"}
        assert (int(row["count"]), row["value"]) == (len(values), pytest.approx(sum(values)))
        assert [int(count) for count in row["bucket_counts"]] == _counted(values, row["bounds"])
    assert rows[4]["bounds"] == [0.01, 0.1, 1]


def _observe(_: CallbackOptions) -> list[Observation]:
    return [Observation(0, {"cpu": 0}), Observation(0.25, {"cpu": 1})]


def _counted(values: list[float], bounds: list[float]) -> list[int]:
    """How many of the values are in each bucket, whose bounds belong to the bucket below."""
    edges = [-math.inf, *bounds, math.inf]
    return [sum(low < value <= high for value in values) for low, high in pairwise(edges)]
