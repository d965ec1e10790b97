"""What tells who it is, and how each input is told: the same access log line, runtime log, metric and span by each."""

import json
import re
import time
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cramjam
import grpc
import httpx
from fluent import sender
from google.protobuf.json_format import ParseDict  # type: ignore[import-untyped]
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2_grpc import LogsServiceStub
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2_grpc import MetricsServiceStub
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2_grpc import TraceServiceStub

from collector.importer.block import Block, Labels
from collector.importer.importer import import_file
from collector.receivers.files.config import FilesConfig, FileSource
from collector.receivers.http.write_request import VERSION_1, VERSION_2
from collector.spool.config import SpoolConfig
from collector.spool.payload import Payload
from collector.spool.spool import Spool
from tests.collector.rigs import envoy_messages, prometheus_messages
from tests.collector.rigs.file_rig import FileRig
from tests.collector.rigs.forward_rig import forward
from tests.collector.rigs.prometheus_rig import scraper
from tests.collector.rigs.receiver_rig import Rig, receivers
from tests.collector.rigs.scrape_target import Answering, target
from tests.collector.rigs.spooling import append
from tests.collector.rigs.waiting import wait_until
from tests.patience import PATIENCE

Texts = Mapping[str, str]
Send = Callable[[Path, "Identity"], Spool]

_NOW = int(time.time())
_ISO = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(_NOW))
_ALS = "/envoy.service.accesslog.v3.AccessLogService/StreamAccessLogs"
_ACCESS = {"method": "GET", "path": "/orders/17", "response_code": "200", "duration": "5", "start_time": _ISO}
ACCESS_LINE = json.dumps(_ACCESS)
LOG_LINE = json.dumps({"message": "connected", "level": "info", "time": _ISO})
_SAMPLE = "container_cpu_usage_seconds_total"
UID = "5f0b9a4c-7d1e-4c55-9a3f-0c3b5b1d2e4f"
CONTAINER = "ab" * 32
_TRACE_ID, _SPAN_ID = "4b" * 16, "5c" * 8


@dataclass(frozen=True)
class Identity:
    """A gateway's instance as it is to be called, and what each way of telling says of it.

    `resource` is OTLP's, `point` are attributes beside it, `node` is Envoy's, `record` what an agent puts beside a
    line, `hec` the envelope, `query` the address, `path` where its log is, `labels` those of its samples, `target` what
    the settings of a scrape say, `files` those of a source of files. What is empty cannot be told that way.
    """

    name: str
    gateway: str
    instance: str
    resource: Texts = field(default_factory=dict)
    point: Texts = field(default_factory=dict)
    node: Mapping[str, Any] = field(default_factory=dict)
    record: Mapping[str, Any] = field(default_factory=dict)
    hec: Mapping[str, Any] = field(default_factory=dict)
    query: Texts = field(default_factory=dict)
    path: str = ""
    files: Texts = field(default_factory=dict)
    labels: Texts = field(default_factory=dict)
    target: Mapping[str, Any] = field(default_factory=dict)
    lines: tuple[str, ...] = (ACCESS_LINE, LOG_LINE)


def _exports(who: Identity) -> dict[str, dict[str, Any]]:
    """The requests of OTLP's three signals, as its JSON."""
    nanoseconds = f"{_NOW}000000000"
    resource = {"attributes": _attributes(who.resource)}
    access = {name: value for name, value in _ACCESS.items() if name != "start_time"}
    told = [
        {"timeUnixNano": nanoseconds, "attributes": _attributes({**access, **who.point})},
        {"timeUnixNano": nanoseconds, "body": {"stringValue": "connected"}, "attributes": _attributes(who.point)},
    ]
    point = {"timeUnixNano": nanoseconds, "asDouble": 1, "attributes": _attributes(who.point)}
    span = {
        "traceId": _TRACE_ID, "spanId": _SPAN_ID, "name": "GET", "startTimeUnixNano": nanoseconds,
        "endTimeUnixNano": nanoseconds, "attributes": _attributes(who.point),
    }  # fmt: skip
    metric = {"name": _SAMPLE, "gauge": {"dataPoints": [point]}}
    return {
        "logs": {"resourceLogs": [{"resource": resource, "scopeLogs": [{"logRecords": told}]}]},
        "metrics": {"resourceMetrics": [{"resource": resource, "scopeMetrics": [{"metrics": [metric]}]}]},
        "traces": {"resourceSpans": [{"resource": resource, "scopeSpans": [{"spans": [span]}]}]},
    }


def _attributes(texts: Texts) -> list[dict[str, Any]]:
    return [{"key": key, "value": {"stringValue": value}} for key, value in texts.items()]


def _hex_as_base64(request: dict[str, Any]) -> dict[str, Any]:
    """As Protobuf's own JSON has ids: `ParseDict` knows nothing of OTLP's hexadecimal ones."""
    text = json.dumps(request)
    for told in (_TRACE_ID, _SPAN_ID):
        text = text.replace(told, b64encode(bytes.fromhex(told)).decode())
    return dict(json.loads(text))


_MESSAGES: dict[str, tuple[Any, Any]] = {
    "logs": (ExportLogsServiceRequest, LogsServiceStub),
    "metrics": (ExportMetricsServiceRequest, MetricsServiceStub),
    "traces": (ExportTraceServiceRequest, TraceServiceStub),
}


def _by_rig(send: Callable[[Rig, Identity], None]) -> Send:
    def sent(directory: Path, who: Identity) -> Spool:
        with receivers(directory / "spool") as rig:
            send(rig, who)
        return rig.spool

    return sent


def _otlp_grpc(rig: Rig, who: Identity) -> None:
    for signal, request in _exports(who).items():
        message, stub = _MESSAGES[signal]
        with grpc.insecure_channel(rig.grpc) as channel:
            stub(channel).Export(ParseDict(_hex_as_base64(request), message()), timeout=PATIENCE)


def _otlp_http(rig: Rig, who: Identity) -> None:
    for signal, request in _exports(who).items():
        body = ParseDict(_hex_as_base64(request), _MESSAGES[signal][0]()).SerializeToString()
        _post(rig, f"/v1/{signal}", body, "application/x-protobuf")
        _post(rig, f"/v1/{signal}", json.dumps(request).encode(), "application/json")


def _als(rig: Rig, who: Identity) -> None:
    entry = {
        "common_properties": {"start_time": {"seconds": _NOW}},
        "request": {"request_method": 1, "path": "/orders/17", "authority": "orders"},
        "response": {"response_code": {"value": 200}},
    }
    message = envoy_messages.encode({"identifier": {"node": who.node}, "http_logs": {"log_entry": [entry]}})
    with grpc.insecure_channel(rig.grpc) as channel:
        channel.stream_unary(_ALS, request_serializer=None, response_deserializer=None)(
            iter([message]), timeout=PATIENCE
        )


def _ingest_records(rig: Rig, who: Identity) -> None:
    """Lines that an agent has read, whole and parsed, and what it measures."""
    for records in (_held(who), _parsed(who)):
        body = "\n".join(map(json.dumps, records)).encode()
        _post(rig, "/ingest", body, "application/json")


def _held(who: Identity) -> list[dict[str, Any]]:
    return [{"log": f"{line}\n", **who.record} for line in who.lines]


def _parsed(who: Identity) -> list[dict[str, Any]]:
    measured = {"cpu_p": 1.0, "user_p": 1.0, "system_p": 0.0}
    return [{**told, **who.record} for told in ({"message": "connected", "level": "info"}, measured)]


def _ingest_lines(rig: Rig, who: Identity) -> None:
    _post(rig, f"/ingest?{httpx.QueryParams(dict(who.query))}", "\n".join(who.lines).encode(), "text/plain")


def _hec(rig: Rig, who: Identity) -> None:
    """As Splunk's exporters send lines, and Fluent Bit records."""
    events: list[Any] = [*who.lines, *([*_held(who), *_parsed(who)] if who.record else [])]
    body = "".join(json.dumps({"event": event, **who.hec}) for event in events)
    headers = {"Authorization": "Splunk any"}
    answer = httpx.post(
        f"{rig.http}/services/collector", content=body, headers=headers, trust_env=False, timeout=PATIENCE
    )
    assert answer.status_code == 200, answer.text


def _remote_write(rig: Rig, who: Identity) -> None:
    labels = {"__name__": _SAMPLE, **who.labels}
    sample = [{"value": 1.0, "timestamp": _NOW * 1000}]
    pairs = [{"name": name, "value": text} for name, text in labels.items()]
    first = prometheus_messages.write_request({"timeseries": [{"labels": pairs, "samples": sample}]})
    symbols = ["", *(word for pair in labels.items() for word in pair)]
    refs = list(range(1, len(symbols)))
    second = prometheus_messages.write_request_v2(
        {"symbols": symbols, "timeseries": [{"labels_refs": refs, "samples": sample}]}
    )
    for version, body in ((VERSION_1, first), (VERSION_2, second)):
        packed = bytes(cramjam.snappy.compress_raw(body))
        _post(rig, "/api/v1/write", packed, f"application/x-protobuf;proto={version.name}", "snappy")


def _post(rig: Rig, address: str, body: bytes, content_type: str, encoding: str = "identity") -> None:
    headers = {"Content-Type": content_type, "Content-Encoding": encoding}
    answer = httpx.post(f"{rig.http}{address}", content=body, headers=headers, trust_env=False, timeout=PATIENCE)
    assert answer.is_success, (address, answer.text)


def _forward(directory: Path, who: Identity) -> Spool:
    records = [*_held(who), *_parsed(who)]
    with forward(directory) as rig:
        client = sender.FluentSender("kube", host="127.0.0.1", port=rig.port)
        for record in records:
            assert client.emit("var.log", record), client.last_error
        client.close()
        wait_until(lambda: sum(payload["body"].count(b"\n") for payload in rig.payloads()) >= len(records))
    return rig.spool


def _log(directory: Path, who: Identity) -> Path:
    """Its log where a node keeps it; in a pod each line is wrapped as CRI does."""
    path = directory / "logs" / who.path
    path.parent.mkdir(parents=True)
    path.write_text("".join(f"{line}\n" for line in who.lines))
    return path


def _followed(directory: Path, who: Identity) -> Spool:
    path = _log(directory, who)
    is_pods = re.search("pods|containers", who.path) is not None
    if is_pods:
        path.write_text("".join(f"{_ISO[:-1]}000000Z stdout F {line}\n" for line in who.lines))
    gateway, host = who.files.get("gateway", ""), who.files.get("host", "")
    config = FilesConfig(
        poll_interval=0.05, flush_after=0.2, finish_after=0.2, host=host,
        sources=(FileSource(include=(str(path),), gateway=gateway, container="cri" if is_pods else "none"),),
    )  # fmt: skip
    rig = FileRig(directory, config, 1 << 30)
    rig.start()
    try:
        rig.wait_for(lambda: len(rig.lines()) >= len(who.lines))
    finally:
        rig.close()
    return rig.spool


class _Blocks:
    """What `gatelens import` hands over to."""

    def __init__(self, spool: Spool) -> None:
        self._spool = spool

    def stored(self, segment_ids: str) -> set[str]:
        return set()

    def send(self, block: Block) -> None:
        told = (block.format, block.body, time.time_ns() // 1000, block.environment, block.gateway, block.peer)
        append(self._spool, Payload(*told)).result(PATIENCE)


def _imported(directory: Path, who: Identity) -> Spool:
    spool = Spool(directory / "spool", SpoolConfig(segment_age=60))
    gateway, instance = who.files.get("gateway", ""), who.files.get("host", "")
    import_file(_log(directory, who), _Blocks(spool), Labels(gateway=gateway, instance=instance))
    spool.close()
    return spool


def _scrape(directory: Path, who: Identity) -> Spool:
    with target(Answering(f"{_SAMPLE} 1\n".encode(), "text/plain; version=0.0.4")) as answering:
        told = [{"url": answering.url, **who.target}]
        with scraper(directory / "spool", interval=3600, targets=told) as rig:
            wait_until(lambda: len(rig.spooled()) == 1)
    return rig.spool


# By the input's name: how it is sent, which field says what it is told, and the tables that it fills.
INPUTS: Mapping[str, tuple[Send, str, Sequence[str]]] = {
    "otlp-grpc": (_by_rig(_otlp_grpc), "resource", ("logs", "metrics", "requests", "spans")),
    "otlp-http": (_by_rig(_otlp_http), "resource", ("logs", "metrics", "requests", "spans")),
    "als": (_by_rig(_als), "node", ("requests",)),
    "ingest-records": (_by_rig(_ingest_records), "record", ("logs", "metrics", "requests")),
    "ingest-lines": (_by_rig(_ingest_lines), "query", ("logs", "requests")),
    "hec": (_by_rig(_hec), "hec", ("logs", "metrics", "requests")),
    "forward": (_forward, "record", ("logs", "metrics", "requests")),
    "files": (_followed, "path", ("logs", "requests")),
    "import": (_imported, "path", ("logs", "requests")),
    "scrape": (_scrape, "target", ("metrics",)),
    "remote-write": (_by_rig(_remote_write), "labels", ("metrics",)),
}
