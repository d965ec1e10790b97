"""One client, or many from one address, on the gRPC port: what they can cost is bounded, and others are served."""

import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import grpc
import pytest

from collector.receivers.grpc import server as grpc_server
from tests.collector.rigs import envoy_messages
from tests.collector.rigs.receiver_rig import receivers
from tests.collector.rigs.waiting import wait_until
from tests.hardening.connections.raw_http import send_until_cut
from tests.patience import PATIENCE
from tests.running import RunningGatelens

_MIB = 1 << 20
_LOGS = "/opentelemetry.proto.collector.logs.v1.LogsService/Export"
_STREAM = "/envoy.service.accesslog.v3.AccessLogService/StreamAccessLogs"
_HEADERS, _SETTINGS, _CONTINUATION = 1, 4, 9
_MESSAGE = envoy_messages.encode({"http_logs": {"log_entry": [{"common_properties": {"route_name": "a"}}]}})
_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"


def _frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload


def _header(name: bytes, value: bytes) -> bytes:
    """A short header, for HPACK as it is without tables."""
    return b"\0" + bytes([len(name)]) + name + bytes([len(value)]) + value


_REQUEST = b"".join(
    _header(name, value)
    for name, value in (
        (b":method", b"POST"),
        (b":scheme", b"http"),
        (b":path", _STREAM.encode()),
        (b":authority", b"localhost"),
        (b"content-type", b"application/grpc"),
        (b"te", b"trailers"),
    )
)


def _connect(address: str) -> socket.socket:
    host, _, port = address.rpartition(":")
    return socket.create_connection((host, int(port)), timeout=PATIENCE)


@contextmanager
def _http2(address: str) -> Iterator[socket.socket]:
    """A connection whose answers are read and dropped."""
    with _connect(address) as client:
        client.sendall(_PREFACE + _frame(_SETTINGS, 0, 0))
        reader = threading.Thread(target=_drop, args=(client,))
        reader.start()
        try:
            yield client
        finally:
            with suppress(OSError):
                client.shutdown(socket.SHUT_RDWR)
            reader.join()


def _drop(client: socket.socket) -> None:
    try:
        while client.recv(1 << 16):
            pass
    except OSError:
        return


def _is_served(address: str) -> bool:
    with grpc.insecure_channel(address) as channel:
        try:
            return bool(channel.unary_unary(_LOGS, None, None)(b"", timeout=PATIENCE) == b"")
        except grpc.RpcError:
            return False


def test_60_mb_of_metadata_take_no_memory(gatelens: RunningGatelens) -> None:
    assert _is_served(gatelens.addresses.grpc)
    before = gatelens.memory("VmHWM")
    block = b"".join(_header(b"a%d" % number, b"v" * 100) for number in range(140))
    with _http2(gatelens.addresses.grpc) as client:
        client.sendall(_frame(_HEADERS, 0, 1, block))
        send_until_cut(client, _frame(_CONTINUATION, 0, 1, block), 60 * _MIB // len(block))
    assert gatelens.memory("VmHWM") - before < 64 * _MIB
    assert _is_served(gatelens.addresses.grpc)


def test_streams_without_number_on_a_connection_stop_nobody(gatelens: RunningGatelens) -> None:
    assert _is_served(gatelens.addresses.grpc)
    before = gatelens.memory("VmHWM")
    with _http2(gatelens.addresses.grpc) as client:
        opened = (_frame(_HEADERS, 4, 2 * number + 1, _REQUEST) for number in range(20_000))
        send_until_cut(client, b"".join(opened), 1)
        assert _is_served(gatelens.addresses.grpc)
    assert gatelens.memory("VmHWM") - before < 64 * _MIB


def test_more_connections_than_may_be_are_closed(gatelens: RunningGatelens) -> None:
    with ExitStack() as opened:
        clients = [opened.enter_context(_connect(gatelens.addresses.grpc)) for _ in range(100)]
        for client in clients:
            # Those beyond the limit may be gone before they have said a word.
            send_until_cut(client, _PREFACE + _frame(_SETTINGS, 0, 0), 1)
        for client in clients[60:]:
            _drop(client)
    wait_until(lambda: _is_served(gatelens.addresses.grpc))


def test_connections_without_a_call_are_closed_and_streams_stay(gatelens: RunningGatelens) -> None:
    idle = threading.Event()

    def wait_for_end() -> None:
        with _connect(gatelens.addresses.grpc) as client:
            client.sendall(_PREFACE + _frame(_SETTINGS, 0, 0) + _frame(_SETTINGS, 1, 0))
            _drop(client)
            idle.set()

    def messages() -> Iterator[bytes]:
        yield _MESSAGE
        assert idle.wait(PATIENCE)
        # As long again, and nothing is said meanwhile.
        time.sleep(2)
        yield _MESSAGE

    waiting = threading.Thread(target=wait_for_end)
    waiting.start()
    with grpc.insecure_channel(gatelens.addresses.grpc) as channel:
        assert channel.stream_unary(_STREAM, None, None)(messages(), timeout=2 * PATIENCE) == b""
    waiting.join()
    assert idle.is_set()


def test_connections_that_say_nothing_are_closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grpc_server, "_HANDSHAKE_SECONDS", 1)
    with receivers(tmp_path) as rig, _connect(rig.grpc) as silent:
        _drop(silent)
        assert _is_served(rig.grpc)
