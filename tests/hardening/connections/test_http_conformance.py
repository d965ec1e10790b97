"""What RFC 9112 calls malformed is refused before any application sees it; what it allows is served."""

import pytest

from tests.hardening.connections.raw_http import chunked, connect, exchange, post, read_answers, read_to_end
from tests.running import RunningGatelens

_HOST = b"Host: localhost\r\n"
_SMUGGLED = b"GET /smuggled HTTP/1.1\r\n" + _HOST + b"\r\n"
_POST = b"POST /x HTTP/1.1\r\n" + _HOST


@pytest.mark.parametrize(
    ("status", "request_bytes"),
    [
        # 3: the request line.
        (400, b"GET  / HTTP/1.1\r\n" + _HOST + b"\r\n"),
        (400, b"GET /  HTTP/1.1\r\n" + _HOST + b"\r\n"),
        (400, b"GET / HTTP/1.1 \r\n" + _HOST + b"\r\n"),
        (400, b" GET / HTTP/1.1\r\n" + _HOST + b"\r\n"),
        (400, b"GET\t/\tHTTP/1.1\r\n" + _HOST + b"\r\n"),
        (400, b"GET /a b HTTP/1.1\r\n" + _HOST + b"\r\n"),
        (400, b"GET /\xc3\xa9 HTTP/1.1\r\n" + _HOST + b"\r\n"),
        (400, b"GET /\r\n\r\n"),
        (400, b"GET / http/1.1\r\n" + _HOST + b"\r\n"),
        (400, b"GET / RTSP/1.0\r\n" + _HOST + b"\r\n"),
        (400, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n"),
        (501, b"CONNECT example.com:443 HTTP/1.1\r\n" + _HOST + b"\r\n"),
        # 2.3: the version.
        (505, b"GET / HTTP/2.0\r\n" + _HOST + b"\r\n"),
        (505, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
        (505, b"GET / HTTP/0.9\r\n" + _HOST + b"\r\n"),
        (505, b"GET / HTTP/3.0\r\n" + _HOST + b"\r\n"),
        # 3.2: Host.
        (400, b"GET / HTTP/1.1\r\n\r\n"),
        (400, b"GET / HTTP/1.1\r\n" + _HOST + _HOST + b"\r\n"),
        (400, b"GET / HTTP/1.1\r\n" + _HOST + b"hOST: other\r\n\r\n"),
        (400, b"GET / HTTP/1.1\r\nHost:\r\n\r\n"),
        (400, b"GET / HTTP/1.1\r\nHost: a b\r\n\r\n"),
        (400, b"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"),
        (400, b"GET / HTTP/1.1\r\nHost: user@a\r\n\r\n"),
        (400, b"GET / HTTP/1.1\r\nHost: a:port\r\n\r\n"),
        (400, b"GET / HTTP/1.1\r\nHost: [::1\r\n\r\n"),
        (400, b"GET http://other/ HTTP/1.1\r\n" + _HOST + b"\r\n"),
        # 5: headers.
        (400, b"GET / HTTP/1.1\r\n" + _HOST + b"A: b\r\n c\r\n\r\n"),
        (400, b"GET / HTTP/1.1\r\n A: b\r\n" + _HOST + b"\r\n"),
        (400, b"GET / HTTP/1.1\r\n" + _HOST + b"A : b\r\n\r\n"),
        (400, b"GET / HTTP/1.1\r\nHost : localhost\r\n\r\n"),
        (400, b"GET / HTTP/1.1\r\n" + _HOST + b": b\r\n\r\n"),
        (400, b"GET / HTTP/1.1\r\n" + _HOST + b"no colon\r\n\r\n"),
        (400, b"GET / HTTP/1.1\r\n" + _HOST + b"A: b\rc\r\n\r\n"),
        (400, b"GET / HTTP/1.1\r\n" + _HOST + b"A: b\nC: d\r\n\r\n"),
        (400, b"GET / HTTP/1.1\r\n" + _HOST + b"A: b\0c\r\n\r\n"),
        (400, b"GET / HTTP/1.1\r\n" + _HOST + b"A: b\n\nGET / HTTP/1.1\r\n\r\n"),
        # 6: the body.
        (501, _POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"),
        (501, _POST + b"Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        (400, _POST + b"Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n"),
        (400, _POST + b"Transfer-Encoding: gzip\r\n\r\nx"),
        (400, _POST + b"Transfer-Encoding:\r\n\r\nx"),
        (400, _POST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n"),
        (400, _POST + b"Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n"),
        (400, _POST + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        (400, _POST + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n"),
        (400, b"POST /x HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        (400, _POST + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nxy"),
        (400, _POST + b"Content-Length: 1\r\nContent-Length: 1\r\n\r\nx"),
        (400, _POST + b"Content-Length: 1, 1\r\n\r\nx"),
        (400, _POST + b"Content-Length: +1\r\n\r\nx"),
        (400, _POST + b"Content-Length: -1\r\n\r\nx"),
        (400, _POST + b"Content-Length: 0x1\r\n\r\nx"),
        (400, _POST + b"Content-Length:\r\n\r\nx"),
        (400, _POST + b"Content-Length: " + b"9" * 5000 + b"\r\n\r\nx"),
        # Too long, too large, too many.
        (414, b"GET /" + b"x" * 9000 + b" HTTP/1.1\r\n" + _HOST + b"\r\n"),
        (414, b"G" * 9000),
        (431, b"GET / HTTP/1.1\r\n" + _HOST + b"A: " + b"x" * 9000 + b"\r\n\r\n"),
        (431, b"GET / HTTP/1.1\r\n" + _HOST + (b"A: " + b"x" * 5000 + b"\r\n") * 8 + b"\r\n"),
        (431, b"GET / HTTP/1.1\r\n" + _HOST + b"a:\r\n" * 101 + b"\r\n"),
        (431, b"GET / HTTP/1.1\r\n" + b"A: " + b"x" * 40_000),
    ],
)  # fmt: skip
def test_what_is_malformed_is_refused(url: str, status: int, request_bytes: bytes) -> None:
    answer = exchange(url, request_bytes + _SMUGGLED)
    head, _, body = answer.partition(b"\r\n\r\n")
    assert _statuses(answer) == [status]
    assert b"\r\nConnection: close" in head
    assert b'"error"' in body


@pytest.mark.parametrize(
    "body", [b"0x1\r\nx\r\n0\r\n\r\n", b"2\r\nxyz\r\n0\r\n\r\n", b"1;a\nx\r\n0\r\n\r\n", b"f" * 17]
)
def test_malformed_chunks_are_refused(url: str, port: str, body: bytes) -> None:
    path = {"web": b"/api/v1/query", "http": b"/ingest/json"}[port]
    head = b"POST " + path + b" HTTP/1.1\r\n" + _HOST + b"Content-Type: application/json\r\n"
    answer = exchange(url, head + b"Transfer-Encoding: chunked\r\n\r\n" + body + b"\r\n" + _SMUGGLED)
    assert _statuses(answer) == [400]


def test_malformed_chunks_after_an_early_answer_end_the_connection(url: str) -> None:
    with connect(url) as client:
        client.sendall(_POST + b"Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n")
        ((status, _),) = read_answers(client, 1)
        assert status in (404, 405)
        client.sendall(b"no chunk\r\n" + _SMUGGLED)
        assert read_to_end(client) == b""


def _statuses(answer: bytes) -> list[int]:
    return [int(line.split()[1]) for line in answer.split(b"\r\n") if line.startswith(b"HTTP/1.1 ")]


@pytest.mark.parametrize(
    "headers",
    [
        "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA",
        "Connection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: eA==",
        "Upgrade: h2c",
        "Expect: 100-continue",
    ],
)
@pytest.mark.parametrize("is_chunked", [False, True])
def test_an_offer_of_another_protocol_is_ignored_and_the_body_kept(
    gatelens: RunningGatelens, headers: str, is_chunked: bool
) -> None:
    body = b'{"a": 1}\n'
    whole = chunked("/ingest/json", [body]) if is_chunked else post("/ingest/json", body)
    request = whole.replace(b"Host: localhost\r\n", f"Host: localhost\r\n{headers}\r\n".encode())
    with connect(gatelens.addresses.http) as client:
        client.sendall(request + request)
        assert read_answers(client, 2) == [(200, b'{"accepted_bytes":9}')] * 2


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"GET /nowhere HTTP/1.0\r\n\r\n",
        b"GET /nowhere HTTP/1.1\r\nhost:localhost\r\n\r\n",
        b"GET /nowhere HTTP/1.1\r\nHost: localhost:8050\r\n\r\n",
        b"GET /nowhere HTTP/1.1\r\nHost: [::1]:8050 \r\n\r\n",
        b"GET http://localhost/nowhere HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"\r\nGET /nowhere HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET /nowhere HTTP/1.1\r\nHost: localhost\r\n" + b"a:\r\n" * 99 + b"\r\n",
        b"GET /" + b"x" * 8000 + b" HTTP/1.1\r\nHost: localhost\r\nA: " + b"y" * 8000 + b"\r\n\r\n",
    ],
)
def test_what_is_unusual_and_allowed_is_served(gatelens: RunningGatelens, request_bytes: bytes) -> None:
    with connect(gatelens.addresses.http) as client:
        client.sendall(request_bytes)
        ((status, body),) = read_answers(client, 1)
    assert status == 404
    assert b"Nothing is taken at" in body
