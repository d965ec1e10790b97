"""The HTTP port: what is answered with success is on disk, what cannot be taken is refused with a cure, and early."""

import gzip
import http.client
import zlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import cramjam
import httpx
import lz4.frame
import pytest
import zstandard

from tests.collector.rigs.access_logs import json_lines
from tests.collector.rigs.receiver_rig import LIMIT, Rig, receivers, resident_bytes
from tests.collector.rigs.spooling import leave_room
from tests.patience import PATIENCE


def _fault(answer: httpx.Response) -> str:
    assert answer.is_error
    return str(answer.json()["error"])


def test_lines_are_durable_when_answered(rig: Rig, client: httpx.Client) -> None:
    body = json_lines("http", range(3))
    answer = client.post("/ingest/envoy_json?environment=staging&gateway=edge&peer=host-7", content=body)
    assert (answer.status_code, answer.json()) == (200, {"accepted_bytes": len(body)})
    assert rig.spooled()[-1] == ("envoy_json", body)
    assert [rig.said(number)[-1] for number in (2, 3, 4)] == ["staging", "edge", "host-7"]


@pytest.mark.parametrize(
    "encoding", ["gzip", "zstd", "identity", "GZIP", "deflate", "deflate bare", "gzip in members", "zstd in frames"]
)
def test_bodies_are_unpacked(rig: Rig, client: httpx.Client, encoding: str) -> None:
    body = json_lines("packed", range(50))
    packed = {
        "gzip": gzip.compress(body),
        "GZIP": gzip.compress(body),
        "zstd": zstandard.compress(body),
        "identity": body,
        "deflate": zlib.compress(body),
        "deflate bare": zlib.compress(body, wbits=-15),
        "gzip in members": gzip.compress(body[:100]) + gzip.compress(body[100:]),
        "zstd in frames": zstandard.compress(body[:100]) + zstandard.compress(body[100:]),
    }[encoding]
    headers = {"Content-Encoding": encoding.partition(" ")[0]}
    answer = client.post("/ingest/envoy_json", content=packed, headers=headers)
    assert answer.status_code == 200, answer.text
    assert rig.spooled()[-1][1] == body


_GZIP = {"Content-Encoding": "gzip"}
_ZSTD = {"Content-Encoding": "zstd"}
_DEFLATE = {"Content-Encoding": "deflate"}


@pytest.mark.parametrize(
    ("path", "body", "headers", "status", "message"),
    [
        ("/ingest/envoy_json", b"", {}, 400, "The body is empty; send"),
        ("/ingest/nonsense", b"x", {}, 400, "Format 'nonsense' is not known; use one of envoy_json"),
        ("/ingest/undecodable", b"x", {}, 400, "Format 'undecodable' is not known; use one of"),
        ("/ingest/envoy_json", b"\x00\x01\x02\xff" * 10, {}, 400, "The body is binary.*check the format"),
        ("/ingest/envoy_json", gzip.compress(b"x" * 500), {}, 400, "where it is packed its Content-Encoding"),
        ("/ingest/envoy_json", b"not gzip", _GZIP, 400, "The body is not gzip"),
        ("/ingest/envoy_json", gzip.compress(b"x" * 500)[:-9], _GZIP, 400, "gzip body is cut off"),
        ("/ingest/envoy_json", gzip.compress(b"x") + b"tail", _GZIP, 400, "not gzip"),
        ("/ingest/envoy_json", b"\xff not deflate", _DEFLATE, 400, "The body is not deflate"),
        ("/ingest/envoy_json", zlib.compress(b"x" * 500)[:-3], _DEFLATE, 400, "deflate body is cut off"),
        ("/ingest/envoy_json", b"not zstd", _ZSTD, 400, "The body is not zstd"),
        ("/ingest/envoy_json", zstandard.compress(b"x" * 500)[:-3], _ZSTD, 400, "zstd body is cut"),
        ("/ingest/envoy_json", b"\x28", _ZSTD, 400, "zstd body is cut off"),
        ("/ingest/envoy_json", b"x", {"Content-Encoding": "br"}, 415, "Content-Encoding 'br' is not known; use"),
        ("/ingest/envoy_json", b"x", {"Idempotency-Key": "../../etc"}, 400, "Idempotency-Key may hold"),
        ("/ingest/envoy_json", b"x" * (LIMIT + 1), {}, 413, "the limit is 1048576; send smaller batches"),
        ("/ingest/envoy_json", gzip.compress(b"x" * (LIMIT + 1)), _GZIP, 413, "larger than"),
        ("/ingest/envoy_json", zstandard.compress(b"x" * (LIMIT + 1)), _ZSTD, 413, "larger than"),
        ("/ingest/envoy_json", zlib.compress(b"x" * (LIMIT + 1)), _DEFLATE, 413, "larger than"),
    ],
)  # fmt: skip
def test_what_cannot_be_taken_is_refused_with_a_cure(
    rig: Rig, client: httpx.Client, path: str, body: bytes, headers: dict[str, str], status: int, message: str
) -> None:
    before = rig.spool.size
    answer = client.post(path, content=body, headers=headers)
    assert answer.status_code == status
    with pytest.raises(ValueError, match=message):
        raise ValueError(_fault(answer))
    assert rig.spool.size == before


def test_where_nothing_is_taken_the_answer_says_so_with_a_cure(client: httpx.Client) -> None:
    nowhere, wrong = client.post("/ingests", content=b"x"), client.get("/ingest")
    assert (nowhere.status_code, wrong.status_code, wrong.headers["Allow"]) == (404, 405, "POST")
    assert _fault(nowhere) == "Nothing is taken at /ingests; docs/http-api.md has every address."
    assert _fault(wrong) == "GET is not taken at /ingest; use POST."


def test_up_to_the_limit_is_taken(client: httpx.Client) -> None:
    assert client.post("/ingest/envoy_json", content=b"x" * LIMIT).status_code == 200
    packed = gzip.compress(b"x" * LIMIT)
    assert client.post("/ingest/envoy_json", content=packed, headers={"Content-Encoding": "gzip"}).status_code == 200


def test_other_methods_and_paths_are_not_there(client: httpx.Client) -> None:
    assert client.get("/ingest/envoy_json").status_code == 405
    assert client.post("/v1/nothing", content=b"x").status_code == 404


def test_an_endless_body_is_refused_early(rig: Rig) -> None:
    address = urlsplit(rig.http)
    assert address.hostname
    chunk = b"x" * (1 << 20)
    before = resident_bytes()
    connection = http.client.HTTPConnection(address.hostname, address.port, timeout=PATIENCE)
    connection.putrequest("POST", "/ingest/envoy_json")
    connection.putheader("Transfer-Encoding", "chunked")
    connection.endheaders()
    sent = 0
    # It answers, and may hang up while the client still sends; the system may then drop the answer.
    with suppress(BrokenPipeError, ConnectionResetError):
        for _ in range(200):
            connection.send(b"%x\r\n%s\r\n" % (len(chunk), chunk))
            sent += len(chunk)
        connection.send(b"0\r\n\r\n")
    try:
        assert connection.getresponse().status == 413
    except (ConnectionResetError, http.client.RemoteDisconnected):
        assert sent < 200 << 20
    connection.close()
    assert resident_bytes() - before < 100 << 20


def _gzip_bomb() -> bytes:
    """A gigabyte of zeros."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    zeros = bytes(1 << 20)
    packed = b"".join(packer.compress(zeros) for _ in range(1000))
    return packed + packer.flush()


def _zstd_bomb() -> bytes:
    packer = zstandard.ZstdCompressor(level=3).compressobj()
    zeros = bytes(1 << 20)
    packed = b"".join(packer.compress(zeros) for _ in range(1000))
    return packed + packer.flush()


# Packed, a body of zeros takes a 250th in lz4 and a 21st in snappy.
_BOMBS: dict[str, Callable[[], bytes]] = {
    "gzip": _gzip_bomb,
    "zstd": _zstd_bomb,
    "lz4": lambda: bytes(lz4.frame.compress(bytes(200 * LIMIT))),
    "snappy": lambda: bytes(cramjam.snappy.compress_raw(bytes(15 * LIMIT))),
    "x-snappy-framed": lambda: bytes(cramjam.snappy.compress(bytes(15 * LIMIT))),
}


@pytest.mark.parametrize("encoding", _BOMBS)
def test_a_bomb_takes_no_memory(client: httpx.Client, encoding: str) -> None:
    bomb = _BOMBS[encoding]()
    assert len(bomb) < LIMIT
    before = resident_bytes()
    answer = client.post("/ingest/envoy_json", content=bomb, headers={"Content-Encoding": encoding})
    assert answer.status_code == 413
    assert resident_bytes() - before < 100 << 20


def test_one_long_line_is_taken_or_refused(tmp_path: Path, client: httpx.Client) -> None:
    line = b'{"path": "' + b"x" * (50 << 20) + b'"}\n'
    assert client.post("/ingest/envoy_json", content=line).status_code == 413
    with receivers(tmp_path, limit=64 << 20) as roomy:
        answer = httpx.post(f"{roomy.http}/ingest/envoy_json", content=line, trust_env=False, timeout=PATIENCE)
        assert answer.json() == {"accepted_bytes": len(line)}
        assert roomy.spooled()[-1][1] == line


def test_a_full_spool_asks_to_come_again(tmp_path: Path) -> None:
    with receivers(tmp_path) as full:
        leave_room(full.spool, 1000)
        for path, body, headers in (
            ("/ingest/envoy_json", b"x" * 2000, {}),
            ("/ingest/envoy_json", b"x" * 2000, {"Idempotency-Key": "a"}),
        ):
            answer = httpx.post(full.http + path, content=body, headers=headers, trust_env=False, timeout=PATIENCE)
            assert answer.status_code == 503
            assert answer.headers["Retry-After"] == "1"
            assert b"The spool is full" in answer.content
        assert (
            httpx.post(
                f"{full.http}/ingest/envoy_json", content=b"small", trust_env=False, timeout=PATIENCE
            ).status_code
            == 200
        )
        assert full.spooled() == [("envoy_json", b"small")]


def test_what_the_whole_spool_has_no_room_for_is_final(tmp_path: Path) -> None:
    with receivers(tmp_path, room=1000) as small:
        answer = httpx.post(f"{small.http}/ingest/envoy_json", content=b"x" * 2000, trust_env=False, timeout=PATIENCE)
        assert answer.status_code == 413
        assert "send smaller batches or raise collector.spool.max_size" in _fault(answer)


def test_a_client_that_leaves_does_not_disturb_others(rig: Rig, client: httpx.Client) -> None:
    address = urlsplit(rig.http)
    assert address.hostname
    for _ in range(20):
        connection = http.client.HTTPConnection(address.hostname, address.port, timeout=PATIENCE)
        connection.putrequest("POST", "/ingest/envoy_json")
        connection.putheader("Content-Length", "1000")
        connection.endheaders(b"half of it")
        connection.close()
    assert client.post("/ingest/envoy_json", content=b"whole").status_code == 200
    assert ("envoy_json", b"whole") in rig.spooled()
    assert not any(b"half of it" in body for _, body in rig.spooled())
