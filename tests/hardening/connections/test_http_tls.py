"""Connections to a port with TLS are counted, and have a deadline, before they have shaken hands."""

import gc
import ssl
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

from collector.receivers.net.http_server import AsgiServer
from collector.receivers.net.limits import HttpLimits
from collector.receivers.net.tls import TlsConfig, ssl_context
from gatelens.machine.event_loop import EventLoopThread
from gatelens.machine.listeners import bind
from tests.collector.rigs.certificates import Certificates, certificates
from tests.collector.rigs.waiting import wait_until
from tests.hardening.connections.raw_http import connect, read_answers, read_to_end

_GET = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"


async def _answer_ok(scope: object, receive: object, send: object) -> None:
    assert callable(send)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return certificates(tmp_path_factory.mktemp("certificates"))


@contextmanager
def _server(made: Certificates, reasons: list[str], **limits: float) -> Iterator[str]:
    loop = EventLoopThread("tls")
    bound = bind("127.0.0.1:0", "http")
    tls = ssl_context(TlsConfig(certificate=made.server.certificate, key=made.server.key), "tls")
    server = AsgiServer(
        _answer_ok,
        bound,
        tls,
        limits=HttpLimits.model_validate(limits),
        on_refused=lambda port, reason, peer, message: reasons.append(reason),
    )
    loop.run(server.start())
    try:
        yield f"https://127.0.0.1:{bound.getsockname()[1]}"
    finally:
        loop.run(server.stop())
        loop.close()
        bound.close()
        gc.collect()


def test_handshakes_that_do_not_come_are_cut(made: Certificates) -> None:
    reasons: list[str] = []
    with _server(made, reasons, header_timeout=0.5) as url:
        for words in (b"", b"\x16\x03\x01", _GET):
            with connect(url) as client:
                client.sendall(words)
                read_to_end(client)
        wait_until(lambda: reasons == ["tls_handshake"] * 3)


def test_connections_without_a_handshake_make_room(made: Certificates) -> None:
    reasons: list[str] = []
    with _server(made, reasons, max_connections=5) as url, ExitStack() as opened:
        silent = [opened.enter_context(connect(url)) for _ in range(10)]
        assert _answers(made, url) == [(200, b"ok")]
        for client in silent[:5]:
            assert read_to_end(client) == b""
        assert reasons.count("too_many_connections") == 6


def _answers(made: Certificates, url: str) -> list[tuple[int, bytes]]:
    context = ssl.create_default_context(cafile=made.authority)
    with connect(url) as plain, context.wrap_socket(plain, server_hostname="localhost") as client:
        client.sendall(_GET)
        return read_answers(client, 1)


@pytest.mark.parametrize("pause", [False, True])
def test_a_request_that_comes_with_the_end_of_the_handshake_is_served(made: Certificates, pause: bool) -> None:
    context = ssl.create_default_context(cafile=made.authority)
    come, go = ssl.MemoryBIO(), ssl.MemoryBIO()
    session = context.wrap_bio(come, go, server_hostname="localhost")
    with _server(made, []) as url, connect(url) as client:
        while True:
            try:
                session.do_handshake()
                break
            except ssl.SSLWantReadError:
                client.sendall(go.read())
                come.write(client.recv(1 << 16))
        if pause:
            client.sendall(go.read())
        session.write(_GET)
        client.sendall(go.read())
        answer = b""
        while b"ok" not in answer:
            try:
                answer += session.read()
            except ssl.SSLWantReadError:
                come.write(client.recv(1 << 16))
    assert answer.startswith(b"HTTP/1.1 200 ")
