"""Lines and objects of access logs that come as bodies of log records: they become requests, whatever the transport."""

import base64
import json
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import grpc
import httpx
import pytest
from google.protobuf.json_format import ParseDict  # type: ignore[import-untyped]
from opentelemetry.exporter.otlp.proto.grpc._log_exporter import OTLPLogExporter
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.sdk._logs import LoggerProvider, LoggingHandler
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.resources import Resource

from collector.formats.custom.known import known_formats
from storage.store import Store
from tests.collector.rigs.receiver_rig import Rig, receivers
from tests.collector.rigs.storing import writer_of
from tests.patience import PATIENCE

Json = dict[str, Any]

_EXPORT = "/opentelemetry.proto.collector.logs.v1.LogsService/Export"
_TRACE = "0af7651916cd43dd8448eb211c80319c"
_SPAN = "b7ad6b7169203331"
_NANOSECONDS = 1_795_000_000_123_456_000
_LINE = '10.1.2.3 - - [18/Nov/2026:11:06:40 +0000] "GET /orders/v1/items/{} HTTP/1.1" 200 512 "-" "curl/8.5"'
_ENVOY = (
    '[2026-11-18T11:06:40.123Z] "GET /orders/v1/items/{} HTTP/1.1" 200 - via_upstream - "-" 0 512 12 11 "-" "curl/8.5" '
    '"4f1c" "api.example.com" "10.0.0.7:8080" outbound|80||orders.shop.svc.cluster.local - 10.0.0.1:443 10.1.2.3:5 - r'
)
_OBJECT = {"time": "2026-11-18T11:06:40Z", "method": "GET", "path": "/orders/v1/items/1", "status": 200, "bytes": 512}
_COLUMNS = "path, status, gateway, instance, response_bytes, format, toUnixTimestamp(time), trace_id"
_MOMENT = 1_795_000_000


def _value(value: Any) -> Json:
    if isinstance(value, dict):
        return {"kvlistValue": {"values": _attributes(value)}}
    return {"intValue": str(value)} if isinstance(value, int) else {"stringValue": value}


def _attributes(attributes: Json) -> list[Json]:
    return [{"key": key, "value": _value(value)} for key, value in attributes.items()]


def _record(body: Any, attributes: Json | None = None, **fields: Any) -> Json:
    told = {
        "observedTimeUnixNano": str(_NANOSECONDS),
        "body": _value(body),
        "attributes": _attributes(attributes or {}),
    }
    return told | fields


def _request(records: list[Json], resource: Json) -> Json:
    return {
        "resourceLogs": [
            {"resource": {"attributes": _attributes(resource)}, "scopeLogs": [{"scope": {}, "logRecords": records}]}
        ]
    }


def _in_base64(request: Json) -> Json:
    """The request as Protobuf's own JSON has it, where ids are no hexadecimal."""

    def kept(value: Any, key: str = "") -> Any:
        if isinstance(value, dict):
            return {name: kept(inner, name) for name, inner in value.items()}
        if isinstance(value, list):
            return [kept(inner) for inner in value]
        return base64.b64encode(bytes.fromhex(value)).decode() if key in ("traceId", "spanId") else value

    converted: Json = kept(request)
    return converted


def _as_it_is(message: bytes) -> bytes:
    return message


def _over_grpc(rig: Rig, request: Json) -> None:
    message = ParseDict(_in_base64(request), ExportLogsServiceRequest()).SerializeToString()
    with grpc.insecure_channel(rig.grpc) as channel:
        channel.unary_unary(_EXPORT, _as_it_is, _as_it_is)(message)


def _over_http(rig: Rig, request: Json) -> None:
    message = ParseDict(_in_base64(request), ExportLogsServiceRequest()).SerializeToString()
    _post(rig, message, "application/x-protobuf")


def _as_json(rig: Rig, request: Json) -> None:
    _post(rig, json.dumps(request).encode(), "application/json")


def _post(rig: Rig, message: bytes, content_type: str) -> None:
    answer = httpx.post(
        f"{rig.http}/v1/logs",
        content=message,
        headers={"Content-Type": content_type},
        trust_env=False,
        timeout=PATIENCE,
    )
    assert answer.status_code == 200, answer.text


_TRANSPORTS: dict[str, Callable[[Rig, Json], None]] = {"grpc": _over_grpc, "http": _over_http, "json": _as_json}


@pytest.fixture(params=_TRANSPORTS)
def transport(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    with receivers(tmp_path / "spool", formats=known_formats()) as started:
        yield started


def _stored(store: Store, rig: Rig, environment: str, columns: str = _COLUMNS) -> list[tuple[Any, ...]]:
    rig.spool.close()
    writer = writer_of(store, rig.spool, formats=known_formats())
    while segment := rig.spool.take(0):
        writer.store(segment)
    found = store.rows(
        f"SELECT {columns} FROM requests WHERE environment = {{e:String}} ORDER BY path", {"e": environment}
    )
    assert store.rows("SELECT reason FROM dead_letters WHERE environment = {e:String}", {"e": environment}) == []
    return found


def _logs(store: Store, environment: str) -> list[str]:
    found = store.rows("SELECT body FROM logs WHERE environment = {e:String} ORDER BY body", {"e": environment})
    return [body for (body,) in found]


def test_lines_of_a_file_become_requests(store: Store, rig: Rig, transport: str) -> None:
    """As the file receiver of an OpenTelemetry Collector sends them, with nothing set."""
    environment = f"bodies-file-{transport}"
    attributes = {"log.file.name": "access.log", "log.file.path": "/var/log/nginx/access.log"}
    records = [_record(_LINE.format(number), attributes) for number in range(3)]
    resource = {"service.name": "edge", "host.name": "edge-1", "deployment.environment.name": environment}
    _TRANSPORTS[transport](rig, _request(records, resource))
    rows = _stored(store, rig, environment)
    assert rows == [
        (f"/orders/v1/items/{number}", 200, "edge", "edge-1", 512, "combined", _MOMENT, "") for number in range(3)
    ]
    assert _logs(store, environment) == []


def test_lines_of_pods_tell_who_wrote_them(store: Store, rig: Rig, transport: str) -> None:
    """Of the path where no processor has told of the pod, and behind what the runtime puts before a line."""
    environment = f"bodies-pods-{transport}"
    path = "/var/log/pods/shop_orders-7d9f8b6c5d-x2k4q_0c1d2e3f-1111-2222-3333-444455556666/istio-proxy/0.log"
    records = [
        _record("2026-11-18T11:06:40.123456789Z stdout F " + _ENVOY.format(number), {"log.file.path": path})
        for number in range(2)
    ]
    _TRANSPORTS[transport](rig, _request(records, {"deployment.environment.name": environment}))
    rows = _stored(store, rig, environment, "path, status, gateway, instance, format")
    told = (200, "orders.shop", "orders-7d9f8b6c5d-x2k4q", "envoy_text")
    assert rows == [(f"/orders/v1/items/{number}", *told) for number in range(2)]


_HAPROXY = (
    "10.1.2.3:5555 [18/Nov/2026:11:06:40.123] http app/app1 0/0/1/2/3 200 512 - - ---- 1/1/0/0/0 0/0 "
    '"GET /orders/v1/items/1 HTTP/1.1"'
)
_WRAPPED = {
    "HAProxy": (_HAPROXY, "haproxy"),
    "HAProxy behind syslog": ("Nov 18 11:06:40 lb1 haproxy[12]: " + _HAPROXY, "haproxy"),
    "Docker": (
        json.dumps({"log": _LINE.format(1) + "\n", "stream": "stdout", "time": "2026-11-18T11:06:40Z"}),
        "combined",
    ),
    "Docker, JSON": (json.dumps({"log": json.dumps(_OBJECT) + "\n", "stream": "stdout", "time": "x"}), "access_json"),
    "nginx behind syslog": ("<190>Nov 18 11:06:40 lb1 nginx: " + _LINE.format(1), "combined"),
}


@pytest.mark.parametrize("wrapper", _WRAPPED)
def test_lines_are_known_behind_what_others_write(store: Store, rig: Rig, wrapper: str) -> None:
    environment = f"bodies-{wrapper}"
    line, name = _WRAPPED[wrapper]
    _over_http(rig, _request([_record(line)], {"deployment.environment.name": environment}))
    assert _stored(store, rig, environment, "path, status, format") == [("/orders/v1/items/1", 200, name)]


@pytest.mark.parametrize("shape", ["map", "text", "beside attributes"])
def test_objects_become_requests(store: Store, rig: Rig, transport: str, shape: str) -> None:
    """A map, as a parser leaves it as the body; the line itself; and the line beside what the parser made of it."""
    environment = f"bodies-{shape}-{transport}"
    body = _OBJECT if shape == "map" else json.dumps(_OBJECT)
    attributes = {"log.file.name": "access.json"} | (_OBJECT if shape == "beside attributes" else {})
    record = _record(body, attributes, traceId=_TRACE, spanId=_SPAN)
    resource = {"k8s.pod.name": "edge-5c7d9f8b6d-z2x4q", "k8s.namespace.name": "ingress"}
    _TRANSPORTS[transport](rig, _request([record], resource | {"deployment.environment.name": environment}))
    expected = (
        "/orders/v1/items/1", 200, "edge.ingress", "edge-5c7d9f8b6d-z2x4q", 512, "access_json", _MOMENT, _TRACE,
    )  # fmt: skip
    assert _stored(store, rig, environment) == [expected]


def test_a_map_without_a_time_has_that_of_its_record(store: Store, rig: Rig, transport: str) -> None:
    environment = f"bodies-untimed-{transport}"
    untimed = {key: value for key, value in _OBJECT.items() if key != "time"}
    _TRANSPORTS[transport](rig, _request([_record(untimed)], {"deployment.environment.name": environment}))
    assert _stored(store, rig, environment, "toUnixTimestamp64Micro(time)") == [(_NANOSECONDS // 1000,)]


@pytest.mark.parametrize("key", ["log", "message"])
def test_a_line_in_a_map_is_taken_out(store: Store, rig: Rig, transport: str, key: str) -> None:
    environment = f"bodies-{key}-{transport}"
    records = [_record({key: _LINE.format(7), "stream": "stdout"})]
    _TRANSPORTS[transport](rig, _request(records, {"deployment.environment.name": environment}))
    assert _stored(store, rig, environment, "path, status, format") == [("/orders/v1/items/7", 200, "combined")]


def test_runtime_logs_stay_logs(store: Store, rig: Rig, transport: str) -> None:
    """Beside access lines in one request, and where they quote such a line."""
    environment = f"bodies-mixed-{transport}"
    quoting = [
        "could not forward: " + _LINE.format(1),
        "2026-11-18 11:06:40 ERROR cannot parse 10.1.2.3 - " + _LINE.format(2),
        "upstream said " + _ENVOY.format(3),
        '{"level":"info","method":"place","msg":"order 4711 was placed"}',
        "order 4711 was placed",
    ]
    records = [_record(body, {"logger": "shop"}, severityNumber=9, traceId=_TRACE) for body in quoting]
    records.insert(2, _record(_LINE.format(9)))
    _TRANSPORTS[transport](rig, _request(records, {"deployment.environment.name": environment}))
    assert [row[0] for row in _stored(store, rig, environment)] == ["/orders/v1/items/9"]
    assert _logs(store, environment) == sorted(quoting)
    told = store.rows(
        "SELECT DISTINCT severity, trace_id, attributes['logger'] FROM logs WHERE environment = {e:String}",
        {"e": environment},
    )
    assert told == [("INFO", _TRACE, "shop")]


def test_access_lines_of_a_python_program(store: Store, rig: Rig) -> None:
    """As the handler of OpenTelemetry's SDK sends what a web server logs beside everything else."""
    environment = "bodies-sdk"
    resource = Resource({"service.name": "shop", "deployment.environment.name": environment})
    provider = LoggerProvider(resource=resource, shutdown_on_exit=False)
    provider.add_log_record_processor(BatchLogRecordProcessor(OTLPLogExporter(endpoint=rig.grpc, insecure=True)))
    logger = logging.Logger("shop.access")
    # The handler that takes its place is in a package of its own, and sends the same.
    with pytest.warns(DeprecationWarning):
        logger.addHandler(LoggingHandler(logger_provider=provider))
    logger.info(_LINE.format(5))
    logger.info("started after %d seconds", 5)
    provider.shutdown()
    rows = _stored(store, rig, environment, "path, status, gateway, format")
    assert rows == [("/orders/v1/items/5", 200, "shop", "combined")]
    assert _logs(store, environment) == ["started after 5 seconds"]


def test_what_holds_no_access_log_is_kept_as_it_came(rig: Rig) -> None:
    records = [_record('[2026-11-18T11:06:40Z] INFO "GET" is a word'), _record({"level": "info", "msg": "started"})]
    message = ParseDict(_request(records, {}), ExportLogsServiceRequest()).SerializeToString()
    _post(rig, message, "application/x-protobuf")
    rig.spool.close()
    assert rig.spooled() == [("otlp_logs", message)]
