"""A client that is gone without a word is noticed on every port."""

import asyncio
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import grpc
import pytest
import uvloop

from collector.receivers.forward.wire import Wire
from collector.receivers.grpc import server as grpc_server
from gatelens.machine.listeners import bind
from tests.collector.rigs import envoy_messages
from tests.collector.rigs.certificates import certificates
from tests.collector.rigs.forward_rig import admission
from tests.collector.rigs.receiver_rig import receivers
from tests.patience import PATIENCE

_STREAM = "/envoy.service.accesslog.v3.AccessLogService/StreamAccessLogs"


def _is_asked(connection: Any) -> bool:
    """Whether the system asks for the other end, and does not wait for two hours."""
    is_on = connection.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
    return bool(is_on and connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) < 300)


@pytest.mark.parametrize("loop", [asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
@pytest.mark.parametrize("with_tls", [False, True], ids=["plain", "tls"])
def test_connections_of_forward(tmp_path: Path, loop: Callable[[], asyncio.AbstractEventLoop], with_tls: bool) -> None:
    found = []

    async def serve(wire: Wire) -> None:
        found.append(_is_asked(wire._transport.get_extra_info("socket")))
        await wire.close()

    async def run() -> None:
        server_side = client_side = None
        if with_tls:
            made = certificates(tmp_path)
            server_side = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            server_side.load_cert_chain(made.server.certificate, made.server.key)
            client_side = ssl.create_default_context(cafile=made.authority)
        server = await asyncio.get_running_loop().create_server(
            lambda: Wire(serve, admission()), "127.0.0.1", 0, ssl=server_side
        )
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname(), ssl=client_side)
        assert await reader.read() == b""
        writer.close()
        await writer.wait_closed()
        server.close()
        await server.wait_closed()

    with asyncio.Runner(loop_factory=loop) as runner:
        runner.run(run())
    assert found == [True]


def test_connections_of_http() -> None:
    with bind("127.0.0.1:0", "http") as listening, socket.create_connection(listening.getsockname()):
        listening.setblocking(True)
        with listening.accept()[0] as connection:
            assert _is_asked(connection)


class _Network:
    """Between a client and a server, until it is cut: then the server hears nothing more of its client."""

    def __init__(self, listening: socket.socket, server: tuple[str, int]) -> None:
        self.address = "{}:{}".format(*listening.getsockname())
        self._listening = listening
        self._server = server
        self._is_cut = threading.Event()
        self._is_given_up = threading.Event()
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def cut(self) -> None:
        self._is_cut.set()

    def is_given_up(self) -> bool:
        """Whether the server ends the connection, within some patience."""
        return self._is_given_up.wait(PATIENCE)

    def join(self) -> None:
        self._thread.join()

    def _serve(self) -> None:
        with self._listening.accept()[0] as client, socket.create_connection(self._server) as server:
            back = threading.Thread(target=self._answer, args=(server, client))
            back.start()
            while data := client.recv(1 << 16):
                if not self._is_cut.is_set():
                    server.sendall(data)
            # The server may have ended it before.
            with suppress(OSError):
                server.shutdown(socket.SHUT_RDWR)
            back.join()

    def _answer(self, server: socket.socket, client: socket.socket) -> None:
        # What it was sent and has not read makes the end a reset.
        with suppress(ConnectionResetError):
            while data := server.recv(1 << 16):
                client.sendall(data)
        self._is_given_up.set()


@contextmanager
def _network(server: str) -> Iterator[_Network]:
    host, _, port = server.rpartition(":")
    with socket.create_server(("127.0.0.1", 0)) as listening:
        network = _Network(listening, (host, int(port)))
        yield network
        network.join()


def test_a_stream_of_envoy_whose_node_is_gone_comes_to_an_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Often asked, with time to answer on a slow machine.
    for name, milliseconds in (("grpc.keepalive_time_ms", 500), ("grpc.http2.ping_timeout_ms", 3000)):
        monkeypatch.setitem(grpc_server._KEEPALIVE, name, milliseconds)
    message = envoy_messages.encode({"http_logs": {"log_entry": [{"common_properties": {"route_name": "a"}}]}})
    has_ended = threading.Event()

    def messages() -> Iterator[bytes]:
        yield message
        has_ended.wait()

    with (
        receivers(tmp_path) as rig,
        _network(rig.grpc) as network,
        grpc.insecure_channel(network.address) as channel,
    ):
        call: Any = channel.stream_unary(_STREAM, request_serializer=None, response_deserializer=None)
        stream = call.future(messages())
        # A client that is there answers, however often it is asked.
        with pytest.raises(grpc.FutureTimeoutError):
            stream.result(timeout=2)
        network.cut()
        assert network.is_given_up()
        has_ended.set()
