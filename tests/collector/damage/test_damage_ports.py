"""Garbage on every port: what is refused is answered and counted, and a whole payload is taken all the same."""

import errno
import json
import random
import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import httpx
import pytest

from tests.collector.damage.damage_rig import LINES, MESSAGES
from tests.collector.rigs.access_logs import otlp_logs
from tests.collector.rigs.counting_metrics import CountingMetrics
from tests.collector.rigs.forward_rig import MOMENT, forward
from tests.collector.rigs.receiver_rig import Rig, receivers
from tests.patience import PATIENCE

# The same at each run: what fails once fails again.
_SEED = 20261123

_PROTOBUF, _JSON = "application/x-protobuf", "application/json"
# Path, content type, and a whole body, by what it is that comes there.
_ROUTES = {
    "otlp": ("/v1/logs", _PROTOBUF, MESSAGES["otlp_logs"].body),
    "otlp json": ("/v1/metrics", _JSON, MESSAGES["otlp_metrics_json"].body),
    "ingest": ("/ingest", "text/plain", LINES["envoy_json"]),
    "ingest array": ("/ingest/json", _JSON, b'[{"message":"a"},{"message":"b"}]'),
    "ingest messagepack": ("/ingest", "application/msgpack", b"\x92\x01\x81\xa3log\xa1x"),
    "mule": ("/v2/analytics/events", _JSON, b"[" + LINES["mule_analytics"] + b"]"),
    "hec": ("/services/collector/event", _JSON, b'{"event":"a","time":1}{"event":{"b":1}}'),
    "hec raw": ("/services/collector/raw", "text/plain", LINES["combined"]),
    "hec ack": ("/services/collector/ack?channel=0aeeac95-ac74-4aa9-b30d-6c4c0ac581ba", _JSON, b'{"acks":[1]}'),
    "remote write": ("/api/v1/write", _PROTOBUF, b"\x02\x04\x0a\x00"),
}
_CONNECTIONS = 20
_CLOSED_BY_SERVER = (errno.EPIPE, errno.ECONNRESET, errno.ENOTCONN)


def _garbage(whole: bytes) -> Sequence[bytes]:
    """A payload cut off and changed in many ways, and bytes that are nothing at all."""
    chance = random.Random(_SEED)
    found = [chance.randbytes(size) for size in (1, 2, 3, 40, 5000)]
    for _ in range(8):
        body = bytearray(whole)
        body[chance.randrange(len(body))] ^= chance.randrange(1, 256)
        found += [bytes(body), whole[: chance.randrange(1, len(whole) + 1)], whole[chance.randrange(len(whole)) :]]
    return [*found, b"[" * 100_000, b'{"event":' * 50_000, b"\0" * 1000, b"\xff" * 1000]


@dataclass(frozen=True)
class _Ports:
    rig: Rig
    metrics: CountingMetrics


@pytest.fixture(scope="module")
def ports(tmp_path_factory: pytest.TempPathFactory) -> Iterator[_Ports]:
    metrics = CountingMetrics()
    with receivers(tmp_path_factory.mktemp("garbage"), metrics=metrics) as rig:
        yield _Ports(rig, metrics)


@pytest.fixture
def client(ports: _Ports) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=ports.rig.http, trust_env=False, timeout=PATIENCE) as opened:
        yield opened


@pytest.mark.parametrize("name", _ROUTES)
def test_bodies_over_http(ports: _Ports, client: httpx.Client, name: str) -> None:
    path, content_type, whole = _ROUTES[name]
    refused = 0
    before = len(ports.metrics.reasons)
    for encoding in ("", "gzip", "zstd", "deflate", "snappy", "br"):
        headers = {"Content-Type": content_type} | ({"Content-Encoding": encoding} if encoding else {})
        for body in _garbage(whole) if not encoding else _garbage(whole)[:8]:
            answer = client.post(path, content=body, headers=headers)
            assert answer.status_code in (200, 202, 204, 400, 413, 415), answer.text
            refused += answer.status_code >= 400
    assert refused > 0
    assert len(ports.metrics.reasons) - before == refused
    headers = {"Content-Type": content_type} | ({"Content-Encoding": "snappy"} if name == "remote write" else {})
    assert client.post(path, content=whole, headers=headers).is_success


def _answered(address: str, data: bytes) -> bytes:
    """All that a server says to these bytes until it closes the connection."""
    host, _, port = address.removeprefix("http://").rpartition(":")
    with socket.create_connection((host, int(port)), timeout=PATIENCE) as connected:
        said = []
        try:
            connected.sendall(data)
            connected.shutdown(socket.SHUT_WR)
            while received := connected.recv(65536):
                said.append(received)
        except OSError as error:
            if error.errno not in _CLOSED_BY_SERVER:
                raise
    return b"".join(said)


_NO_HTTP = [
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    b"GET\r\n\r\n",
    b"POST /ingest HTTP/9\r\n\r\n",
    b"POST /ingest HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n{}",
    b"POST /ingest HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    b"POST /ingest HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n{}",
    b"POST /ingest HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{",
    b"POST /ingest HTTP/1.1\r\n" + b"X: " + b"x" * 300_000,
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"\0" * 100_000,
]


def test_what_is_no_http(ports: _Ports, client: httpx.Client) -> None:
    chance = random.Random(_SEED)
    for data in [*_NO_HTTP, *(chance.randbytes(200) for _ in range(_CONNECTIONS))]:
        said = _answered(ports.rig.http, data)
        assert not said or said.startswith((b"HTTP/1.1 4", b"HTTP/1.1 505"))
    # Beside a hundred that say nothing.
    host, _, port = ports.rig.http.removeprefix("http://").rpartition(":")
    with ExitStack() as silent:
        for _ in range(100):
            silent.enter_context(socket.create_connection((host, int(port))))
        assert client.post("/ingest/json", content=b'{"message":"whole"}').status_code == 200
    assert ("json", b'{"message":"whole"}') in ports.rig.spooled()


_METHODS = {
    signal: f"/opentelemetry.proto.collector.{package}.v1.{service}/Export"
    for signal, package, service in (
        ("otlp_logs", "logs", "LogsService"),
        ("otlp_metrics", "metrics", "MetricsService"),
        ("otlp_traces", "trace", "TraceService"),
    )
}
_ALS = "/envoy.service.accesslog.v3.AccessLogService/StreamAccessLogs"


def _refused(call: Any) -> bool:
    try:
        call()
    except grpc.RpcError as error:
        assert error.code() == grpc.StatusCode.INVALID_ARGUMENT, error
        return True
    return False


def test_messages_over_grpc(ports: _Ports) -> None:
    before, refused = len(ports.metrics.reasons), 0
    with grpc.insecure_channel(ports.rig.grpc) as channel:
        for name, method in _METHODS.items():
            export = channel.unary_unary(method, None, None)
            for body in _garbage(MESSAGES[name].body):
                refused += _refused(lambda export=export, body=body: export(body, timeout=PATIENCE))
        stream = channel.stream_unary(_ALS, None, None)
        whole = MESSAGES["envoy_als"].body
        for body in _garbage(whole):
            refused += _refused(lambda body=body: stream(iter([whole, body, whole]), timeout=PATIENCE))
    assert refused > 20
    assert len(ports.metrics.reasons) - before == refused
    _takes_grpc(ports)


def _takes_grpc(ports: _Ports) -> None:
    body = otlp_logs("whole", str(time.monotonic_ns()))
    with grpc.insecure_channel(ports.rig.grpc) as channel:
        assert channel.unary_unary(_METHODS["otlp_logs"], None, None)(body, timeout=PATIENCE) == b""
    assert ("otlp_logs", body) in ports.rig.spooled()


def test_what_is_no_grpc(ports: _Ports) -> None:
    chance = random.Random(_SEED)
    preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
    for data in (*_NO_HTTP, *(preface + chance.randbytes(200) for _ in range(_CONNECTIONS))):
        _answered(ports.rig.grpc, data)
    _takes_grpc(ports)


def test_what_is_no_forward(tmp_path: Path) -> None:
    chance = random.Random(_SEED)
    # The first byte is that of no message, so that nothing is waited for.
    bodies = [b"\x01" + chance.randbytes(200) for _ in range(_CONNECTIONS)]
    bodies += [b"\x92\xa1t\x91" + b"\xc1" * 100, b"\x91" * 100_000, json.dumps({"log": "x"}).encode()]
    with forward(tmp_path) as rig:
        for data in bodies:
            with rig.connect() as agent:
                try:
                    agent.socket.sendall(data)
                    agent.leave()
                except OSError as error:
                    assert error.errno in _CLOSED_BY_SERVER
        with rig.connect() as agent:
            agent.send(["app", [[MOMENT, {"log": "whole"}]], {"chunk": "whole"}])
            assert agent.answer() == {"ack": "whole"}
        assert rig.metrics.reasons == ["malformed"] * len(bodies)
        assert b'"whole"' in rig.payloads()[-1]["body"]
