"""One client, or many from one address, on an HTTP port: what they can cost is bounded, and others are served."""

import re
import socket
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack

import httpx
import pytest

from tests.collector.rigs.waiting import wait_until
from tests.hardening.connections.raw_http import (
    chunked,
    connect,
    exchange,
    post,
    read_answers,
    read_to_end,
    send_until_cut,
    trickle,
)
from tests.patience import PATIENCE
from tests.running import RunningGatelens

_MIB = 1 << 20
_GET = b"GET /nowhere HTTP/1.1\r\nHost: localhost\r\n\r\n"


def _refused(gatelens: RunningGatelens, port: str) -> Counter[str]:
    """How many connections of a port have been refused, by reason."""
    exposition = httpx.get(f"{gatelens.addresses.web}/metrics", trust_env=False, timeout=PATIENCE).text
    series = re.findall(
        rf'^gatelens_connections_refused_total{{input="{port}".*reason="(\w+)"}} (\S+)$', exposition, re.M
    )
    return Counter({reason: int(float(value)) for reason, value in series})


@pytest.fixture
def is_counted(gatelens: RunningGatelens, port: str) -> Callable[[str], None]:
    """Waits until one more connection has been refused for a reason than when the test began."""
    before = _refused(gatelens, port)
    return lambda reason: wait_until(lambda: _refused(gatelens, port)[reason] > before[reason])


def _is_served(url: str) -> bool:
    return httpx.get(f"{url}/nowhere", trust_env=False, timeout=PATIENCE).status_code == 404


@pytest.fixture
def bounded(gatelens: RunningGatelens, url: str) -> "Callable[[], None]":
    """Says at the end of an attack that it took little memory, and that others are served."""
    _is_served(url)
    before = gatelens.memory("VmHWM")

    def check() -> None:
        assert gatelens.memory("VmHWM") - before < 64 * _MIB
        assert _is_served(url)

    return check


@pytest.mark.parametrize(
    ("attack", "reason"),
    [
        (b"GET / HTTP/1.1\r\n" + b"a:\r\n" * 250_000, "headers_too_large"),
        (b"GET /" + b"x" * _MIB, "uri_too_long"),
        (b"GET / HTTP/1.1\r\na: " + b"x" * _MIB, "headers_too_large"),
        (chunked("/ingest/json", [b"x"])[:-2] + b"a:\r\n" * 250_000, "chunk_overhead"),
        (chunked("/ingest/json", [b"x"])[:-2] + b"a: " + b"x" * _MIB, "chunk_overhead"),
        (chunked("/ingest/json", [b"x"])[:-5] + b"1;a=" + b"x" * _MIB, "chunk_overhead"),
        (chunked("/ingest/json", [b"x"])[:-5] + b"1;a\r\nx\r\n" * 200_000, "chunk_overhead"),
    ],
)
def test_60_mb_that_are_no_body_take_no_memory(
    url: str, bounded: Callable[[], None], is_counted: Callable[[str], None], attack: bytes, reason: str
) -> None:
    if reason == "chunk_overhead" and attack.count(b"1;a\r\n") > 1:
        # What a chunk carries pays for an extension of a few bytes.
        attack = attack.replace(b"1;a\r\n", b"1;" + b"a" * 40 + b"\r\n")
    with connect(url) as client:
        send_until_cut(client, attack, 1)
        send_until_cut(client, attack[-_MIB:], 60)
    bounded()
    is_counted(reason)


def test_20_mb_of_requests_whose_answers_nobody_reads_take_no_memory(
    url: str, port: str, bounded: Callable[[], None], is_counted: Callable[[str], None]
) -> None:
    # The pages have larger answers, and take fewer requests on a connection.
    request = {"web": _GET.replace(b"/nowhere", b"/api/v1/openapi.json"), "http": _GET}[port]
    with connect(url, receive_buffer=4096) as client:
        send_until_cut(client, request * 2000, 20 * _MIB // (len(request) * 2000))
        is_counted("send_timeout")
    bounded()


def test_headers_that_trickle_are_cut(url: str, is_counted: Callable[[str], None]) -> None:
    with connect(url) as client:
        client.sendall(b"GET / HTTP/1.1\r\n")
        answer = trickle(client, (b"a%d: b\r\n" % number for number in range(95)))
    assert answer.startswith(b"HTTP/1.1 408 ")
    is_counted("header_timeout")


def test_headers_that_do_not_come_are_answered(url: str) -> None:
    assert exchange(url, b"GET / HTTP/1.1\r\nHost: x\r\n").startswith(b"HTTP/1.1 408 ")
    with connect(url) as client:
        client.sendall(_GET + _GET[:10])
        assert read_answers(client, 1)[0][0] == 404
        assert read_to_end(client).startswith(b"HTTP/1.1 408 ")


def test_connections_without_a_request_are_closed(url: str) -> None:
    assert exchange(url, b"") == b""
    with connect(url) as client:
        client.sendall(_GET)
        assert read_answers(client, 1)[0][0] == 404
        assert read_to_end(client) == b""


@pytest.mark.parametrize("piece", [b"", b"x"])
def test_bodies_that_trickle_are_cut(url: str, port: str, piece: bytes) -> None:
    path = {"web": "/api/v1/query", "http": "/ingest/json"}[port]
    with connect(url) as client:
        client.sendall(post(path, b"x" * 100_000, "Content-Type: application/json")[:-90_000])
        assert trickle(client, [piece] * 1000).startswith(b"HTTP/1.1 408 ")


def test_a_body_that_is_slow_and_steady_is_taken(gatelens: RunningGatelens) -> None:
    line = b'{"a": "%s"}\n' % (b"x" * 200)
    with connect(gatelens.addresses.http) as client:
        whole = post("/ingest/json", line * 20)
        for start in range(0, len(whole), len(line)):
            client.sendall(whole[start : start + len(line)])
            time.sleep(0.1)
        assert read_answers(client, 1) == [(200, b'{"accepted_bytes":%d}' % (20 * len(line)))]


def test_a_body_larger_than_the_pages_take_is_refused(gatelens: RunningGatelens) -> None:
    block = b"x" * _MIB
    for request in (post("/api/v1/query", block * 9), chunked("/api/v1/query", [block] * 9)):
        head, _, _ = exchange(gatelens.addresses.web, request).partition(b"\r\n")
        # The answer may be lost where the client still sends.
        assert head in (b"HTTP/1.1 413 Request Entity Too Large", b"HTTP/1.1 413 Content Too Large", b"")
    assert _refused(gatelens, "web")["body_too_large"] >= 2


def test_more_connections_of_a_peer_than_may_be_close_those_that_are_idle(
    url: str, is_counted: Callable[[str], None]
) -> None:
    with ExitStack() as opened:
        for _ in range(50):
            client = opened.enter_context(connect(url))
            client.sendall(_GET[:-2])
        assert _is_served(url)
    is_counted("too_many_connections_of_peer")


def test_more_connections_at_work_than_may_be_are_turned_away(gatelens: RunningGatelens) -> None:
    before = _refused(gatelens, "http")["too_many_connections_of_peer"]
    half = post("/ingest/json", b"x" * 100_000)[:-10_000]
    with ExitStack() as opened:
        for _ in range(20):
            opened.enter_context(connect(gatelens.addresses.http)).sendall(half)
        wait_until(lambda: exchange(gatelens.addresses.http, _GET) == b"")
        assert _refused(gatelens, "http")["too_many_connections_of_peer"] > before
    wait_until(lambda: _is_served(gatelens.addresses.http))


def test_clients_that_send_ahead_are_served_in_order(gatelens: RunningGatelens) -> None:
    bodies = [b'{"number": %d}\n' % number for number in range(300)]
    requests = [
        chunked("/ingest/json", [body[:5], body[5:]], b"Checksum: 1\r\n") if number % 3 else post("/ingest/json", body)
        for number, body in enumerate(bodies)
    ]
    # An end of a body looks as text in one may look.
    tricky = chunked("/ingest/json", [b'{"a": 1}\r\n\r\n{"b": 2}\r\n\r\n'] * 3, b"A: b\r\nContent-Encoding: gzip\r\n")
    with connect(gatelens.addresses.http) as client:
        client.sendall(b"".join(requests) + tricky + requests[0])
        answers = read_answers(client, len(requests) + 2)
    sizes = [len(body) for body in bodies] + [72, len(bodies[0])]
    assert answers == [(200, b'{"accepted_bytes":%d}' % size) for size in sizes]


def test_requests_in_single_bytes_are_served(gatelens: RunningGatelens) -> None:
    request = chunked("/ingest/json", [b'{"a": 1}\r\n\r\n', b'{"b": 2}\n'], b"A: b\r\n")
    with connect(gatelens.addresses.http) as client:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in request + request + _GET:
            client.sendall(bytes([byte]))
        assert [status for status, _ in read_answers(client, 3)] == [200, 200, 404]


def test_a_connection_ends_after_as_many_requests_as_it_may_have(gatelens: RunningGatelens) -> None:
    with connect(gatelens.addresses.web) as client:
        client.sendall(_GET * 5000)
        answers = read_to_end(client)
    assert answers.count(b"HTTP/1.1 404 ") == 5000
    assert answers.count(b"connection: close") == 1


def test_keepalive_connections_are_used_again(url: str) -> None:
    with httpx.Client(base_url=url, trust_env=False, timeout=PATIENCE) as client:
        answers = [client.get("/nowhere") for _ in range(20)]
        ports = {answer.extensions["network_stream"].get_extra_info("client_addr") for answer in answers}
    assert ({answer.status_code for answer in answers}, len(ports)) == ({404}, 1)
