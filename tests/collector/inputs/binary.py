"""The inputs that carry messages: each sends golden cases by a client, and leaves a spool that holds them."""

import gzip
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Any

import cramjam
import grpc
import httpx
import zstandard
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2_grpc import LogsServiceStub
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2_grpc import MetricsServiceStub
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2_grpc import TraceServiceStub

from collector.receivers.http.write_request import VERSION_1, VERSION_2
from collector.spool.spool import Spool
from tests.collector.inputs.golden_cases import Case
from tests.collector.inputs.inputs import ENVIRONMENT, Input, client_of
from tests.collector.rigs.receiver_rig import Rig, receivers
from tests.patience import PATIENCE

_STUBS: dict[str, tuple[Any, Any]] = {
    "otlp_logs": (LogsServiceStub, ExportLogsServiceRequest),
    "otlp_metrics": (MetricsServiceStub, ExportMetricsServiceRequest),
    "otlp_traces": (TraceServiceStub, ExportTraceServiceRequest),
}
_SIGNALS = {name: name.removeprefix("otlp_") for name in _STUBS}
_SIGNALS_OF_JSON = {f"{name}_json": signal for name, signal in _SIGNALS.items()}
_VERSIONS = {"prometheus_write": VERSION_1, "prometheus_write_v2": VERSION_2}
# By /v1/…: the sender still has what is no OTLP. By other inputs they come as dead letters.
REFUSED = {
    "otlp_logs_json/broken": "/v1/logs",
    "otlp_metrics_json/odd": "/v1/metrics",
    "otlp_traces_json/broken": "/v1/traces",
}
_ALS = "/envoy.service.accesslog.v3.AccessLogService/StreamAccessLogs"


def _over_grpc(send_one: Callable[[Rig, Case], None]) -> Callable[[Path, Sequence[Case]], Spool]:
    def send(directory: Path, cases: Sequence[Case]) -> Spool:
        with receivers(directory / "spool", environment=ENVIRONMENT) as rig:
            for case in cases:
                send_one(rig, case)
        return rig.spool

    return send


def _over_http(send_one: Callable[[httpx.Client, Case], None]) -> Callable[[Path, Sequence[Case]], Spool]:
    def send(directory: Path, cases: Sequence[Case]) -> Spool:
        with receivers(directory / "spool", environment=ENVIRONMENT) as rig, client_of(rig) as client:
            for case in cases:
                send_one(client, case)
        return rig.spool

    return send


def _export(rig: Rig, case: Case) -> None:
    stub, request = _STUBS[case.format]
    for compression in (grpc.Compression.NoCompression, grpc.Compression.Gzip):
        with grpc.insecure_channel(rig.grpc) as channel:
            stub(channel).Export(request.FromString(case.body()), timeout=PATIENCE, compression=compression)


def _stream(rig: Rig, case: Case) -> None:
    """A stream for each case: the first message says who sends it."""
    with grpc.insecure_channel(rig.grpc) as channel:
        channel.stream_unary(_ALS, request_serializer=None, response_deserializer=None)(
            iter([case.body()]), timeout=PATIENCE
        )


def _post_otlp(client: httpx.Client, case: Case) -> None:
    as_json = case.format in _SIGNALS_OF_JSON
    signal = (_SIGNALS_OF_JSON if as_json else _SIGNALS)[case.format]
    content_type = "application/json" if as_json else "application/x-protobuf"
    packings: dict[str, Callable[[bytes], bytes]] = {
        "identity": bytes, "gzip": gzip.compress, "zstd": zstandard.compress
    }  # fmt: skip
    for encoding, pack in packings.items():
        _post(client, f"/v1/{signal}", pack(case.body()), content_type, encoding)


def _write(client: httpx.Client, case: Case) -> None:
    content_type = f"application/x-protobuf;proto={_VERSIONS[case.format].name}"
    _post(client, "/api/v1/write", bytes(cramjam.snappy.compress_raw(case.body())), content_type, "snappy")


def _post(client: httpx.Client, address: str, body: bytes, content_type: str, encoding: str) -> None:
    headers = {"Content-Type": content_type, "Content-Encoding": encoding}
    answer = client.post(address, content=body, headers=headers)
    assert answer.is_success, (address, answer.text)


def _carries(formats: Collection[str]) -> Callable[[Case], bool]:
    return lambda case: case.format in formats


def _is_otlp_json(case: Case) -> bool:
    return case.format in _SIGNALS_OF_JSON and case.name not in REFUSED


_PEER = "127.0.0.1"

BINARY_INPUTS = (
    # A message that comes again is known, packed or not.
    Input("otlp-grpc", _over_grpc(_export), _carries(_SIGNALS), peer=_PEER),
    Input("otlp-http", _over_http(_post_otlp), _carries(_SIGNALS), copies=3, peer=_PEER),
    Input("otlp-http-json", _over_http(_post_otlp), _is_otlp_json, copies=3, peer=_PEER),
    Input("als", _over_grpc(_stream), _carries({"envoy_als"}), peer=_PEER),
    Input("remote-write", _over_http(_write), _carries(_VERSIONS), peer=_PEER),
)
