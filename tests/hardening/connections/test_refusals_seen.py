"""Whatever is turned away is counted, remembered with its peer, and logged as JSON once a minute."""

import json
import logging
import socket
import struct
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import grpc
import httpx
import pytest

from collector.refusals import Refusals
from tests.collector.rigs.access_logs import json_line, otlp_logs
from tests.collector.rigs.certificates import certificates
from tests.e2e.gatelens_process import FREE_PORTS, GatelensProcess, until
from tests.patience import PATIENCE

_LOGS = "/opentelemetry.proto.collector.logs.v1.LogsService/Export"
_TOKEN = "a-sender-of-the-tests-that-is-long-enough"  # noqa: S105 - it opens nothing
_BEARER = {"Authorization": f"Bearer {_TOKEN}"}


@pytest.fixture(scope="module")
def gatelens(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatelensProcess]:
    directory = tmp_path_factory.mktemp("refusals")
    tokens, made = directory / "tokens", certificates(directory)
    tokens.write_text(f"{_TOKEN}\n")
    tokens.chmod(0o600)
    settings = FREE_PORTS | {
        "GATELENS_ACCESS__SENDER_TOKEN_FILES": str(tokens),
        "GATELENS_COLLECTOR__HTTP__SENDER_TOKENS": "required",
        "GATELENS_COLLECTOR__GRPC__MAX_MESSAGE_SIZE": "1 MiB",
        "GATELENS_COLLECTOR__FORWARD__TLS__CERTIFICATE": str(made.server.certificate),
        "GATELENS_COLLECTOR__FORWARD__TLS__KEY": str(made.server.key),
    }
    with GatelensProcess(directory / "data", settings=settings) as process:
        yield process


def _refusals(gatelens: GatelensProcess) -> dict[tuple[str, str], dict[str, Any]]:
    answer = httpx.get(f"{gatelens.addresses.web}/api/v1/ingest/refusals", trust_env=False, timeout=PATIENCE)
    return {(found["receiver"], found["reason"]): found for found in answer.raise_for_status().json()["refusals"]}


def _seen(gatelens: GatelensProcess, receiver: str, reason: str, count: int = 1) -> dict[str, Any]:
    """The refusal, as soon as it has come so often."""
    key = (receiver, reason)
    found = until(lambda: _refusals(gatelens).get(key, {}), lambda found: found.get("count", 0) >= count)
    assert (found.get("peer"), found.get("count")) == ("127.0.0.1", count), (key, _refusals(gatelens))
    assert found["first"] <= found["last"]
    words = f'="{receiver}"', f'reason="{reason}"'
    text = httpx.get(f"{gatelens.addresses.web}/metrics", trust_env=False, timeout=PATIENCE).text
    counted = [line for line in text.splitlines() if "_refused_total{" in line and all(word in line for word in words)]
    assert [float(line.rpartition(" ")[2]) for line in counted] == [count]
    return found


def _raw(address: str, data: bytes) -> bytes:
    host, _, port = address.rpartition(":")
    answer = b""
    with socket.create_connection((host, int(port)), timeout=PATIENCE) as client, suppress(OSError):
        client.sendall(data)
        while b"grpc-message" not in answer and (piece := client.recv(1 << 16)):
            answer += piece
    return answer


@pytest.mark.parametrize(
    ("path", "headers", "body", "reason", "message"),
    [
        ("/ingest/envoy_json", {}, json_line("a"), "unauthenticated", "A valid token is needed"),
        ("/ingest/envoy_json", _BEARER | {"Content-Encoding": "br"}, b"x", "encoding", "use gzip, deflate"),
        ("/ingest/envoy_json", _BEARER, b"", "malformed", "The body is empty"),
        ("/v1/logs", _BEARER | {"Content-Type": "a/b"}, b"x", "content_type", "Content-Type 'a/b' is not taken here"),
        ("/api/v1/write", _BEARER | {"Content-Type": "a/b"}, b"x", "content_type", "of prometheus.WriteRequest"),
        ("/services/collector", _BEARER, b'{"evnt": 1}', "malformed", "Event field is required: event 0 of the body"),
        ("/nothing", _BEARER, b"x", "not_found", "Nothing is taken at /nothing"),
        ("/ingest/envoy_json", _BEARER | {"Origin": "http://evil.example"}, b"x", "cross_site", "pages of other sites"),
    ],
)
def test_what_the_http_port_refuses(
    gatelens: GatelensProcess, path: str, headers: dict[str, str], body: bytes, reason: str, message: str
) -> None:
    before = _refusals(gatelens).get(("http", reason), {}).get("count", 0)
    for count in (before + 1, before + 2):
        assert httpx.post(
            gatelens.addresses.http + path, content=body, headers=headers, trust_env=False, timeout=PATIENCE
        ).is_error
        assert message in _seen(gatelens, "http", reason, count)["message"]


def test_what_is_no_http(gatelens: GatelensProcess) -> None:
    _raw(urlsplit(gatelens.addresses.http).netloc, b"CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n")
    assert "This is no proxy" in _seen(gatelens, "http", "unsupported_method")["message"]


def test_strangers_at_the_pages(gatelens: GatelensProcess) -> None:
    web = gatelens.addresses.web
    assert httpx.get(web, headers={"Host": "evil.example"}, trust_env=False, timeout=PATIENCE).status_code == 421
    assert "add it to web.allowed_hosts" in _seen(gatelens, "web", "host")["message"]


def test_a_handshake_that_fails(gatelens: GatelensProcess) -> None:
    _raw(gatelens.addresses.forward, b"\x92\xa1t\x90 and no TLS, which is longer than a record's head")
    assert "TLS handshake" in _seen(gatelens, "forward", "tls_handshake")["message"]


def test_what_grpc_refuses_before_it_is_read(gatelens: GatelensProcess) -> None:
    assert b"Error parsing 'grpc-encoding' metadata" in _raw(gatelens.addresses.grpc, _packed_call(b"zstd"))
    assert "such as zstd or snappy (set `compression: gzip`" in _seen(gatelens, "grpc", "unreadable")["message"]
    with grpc.insecure_channel(gatelens.addresses.grpc) as channel:
        with pytest.raises(grpc.RpcError) as raised:
            _call(channel, _LOGS)(otlp_logs("x" * (2 << 20)), timeout=PATIENCE)
        assert raised.value.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
        assert "larger than collector.grpc.max_message_size" in _seen(gatelens, "grpc", "too_large")["message"]
        with pytest.raises(grpc.RpcError) as raised:
            _call(channel, "/a.B/C")(b"", timeout=PATIENCE)
        assert raised.value.code() == grpc.StatusCode.UNIMPLEMENTED
        _seen(gatelens, "grpc", "not_found")
        assert _call(channel, _LOGS)(otlp_logs("a"), timeout=PATIENCE) == b""
    assert "hpack" not in gatelens.log
    for line in gatelens.log.splitlines():
        assert not line.startswith(("E1", "E0", "I1", "I0", "W1", "W0")), line


def _call(channel: grpc.Channel, method: str) -> Callable[..., bytes]:
    return channel.unary_unary(method, None, None)


def _packed_call(encoding: bytes) -> bytes:
    """A call whose message is packed, in frames of HTTP/2 and HPACK without tables."""

    def frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
        return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload

    headers = {
        b":method": b"POST", b":scheme": b"http", b":path": _LOGS.encode(), b":authority": b"localhost",
        b"content-type": b"application/grpc", b"te": b"trailers", b"grpc-encoding": encoding,
    }  # fmt: skip
    block = b"".join(b"\0" + bytes([len(name)]) + name + bytes([len(value)]) + value for name, value in headers.items())
    message = b"\1" + struct.pack(">I", 3) + b"abc"
    return b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(4, 0, 0) + frame(1, 4, 1, block) + frame(0, 1, 1, message)


def test_a_refusal_is_logged_once_a_minute_and_peer(caplog: pytest.LogCaptureFixture) -> None:
    now = 1000.0
    refusals = Refusals(lambda: now)
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            refusals.add("http", "malformed", "192.0.2.1", "No.")
        refusals.add("http", "malformed", "192.0.2.2", "No.")
        now += 61
        refusals.add("http", "malformed", "192.0.2.1", "Still no.")
    assert [vars(record)["peer"] for record in caplog.records] == ["192.0.2.1", "192.0.2.2", "192.0.2.1"]
    latest, other = refusals.recent()
    assert (latest["peer"], latest["count"], latest["message"]) == ("192.0.2.1", 4, "Still no.")
    assert (other["peer"], other["count"]) == ("192.0.2.2", 1)
    assert json.dumps(latest)


def test_peers_without_number_take_no_more_memory() -> None:
    refusals = Refusals()
    for number in range(3000):
        refusals.add("http", "malformed", f"peer {number} " + "x" * 1000, "y" * 10_000)
    found = refusals.recent()
    assert len(found) == 1000
    assert str(found[0]["peer"]).startswith("peer 2999 ")
    assert len(json.dumps(found)) < 1000 * 700
