"""Large bodies of lines go to disk as they arrive: the same bytes, once, or nothing of them."""

import errno
import http.client
import json
import os
import re
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from collector.spool.framing import FRAME_BYTES
from collector.spool.inspection import SegmentFile, inspect, last_delivery
from storage.store import Store
from tests.collector.rigs.ingest_rig import http_port, payloads
from tests.collector.rigs.receiver_rig import Rig, resident_bytes
from tests.collector.rigs.spooling import leave_room
from tests.collector.rigs.storing import store_all
from tests.collector.rigs.waiting import wait_until
from tests.patience import PATIENCE

_LINE = b'10.0.0.9 - - [23/Nov/2026:10:15:30 +0000] "GET /orders/%d HTTP/1.1" 200 10'
_LINES = b"\n".join(_LINE % number for number in range(40_000))
_NOT_PLAIN = {
    "array": json.dumps(_LINES.decode().split("\n")).encode(),
    "records": b"\n".join(json.dumps({"log": line}).encode() for line in _LINES.decode().split("\n")),
    "objects over lines": json.dumps([{"log": line} for line in _LINES.decode().split("\n")], indent=1)[1:-1]
    .replace("},\n", "}\n")
    .encode(),
}


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    with http_port(tmp_path, max_body_size=64 << 20) as started:
        yield started


def _post(rig: Rig, body: bytes | Iterator[bytes], key: str = "", **headers: str) -> httpx.Response:
    told = {"Idempotency-Key": key} if key else {}
    url = f"{rig.http}/ingest/common?environment=large&gateway=g&peer=p{'&own_segment=true' if key else ''}"
    return httpx.post(url, content=body, headers=told | headers, trust_env=False, timeout=PATIENCE)


def _files(rig: Rig) -> list[str]:
    return sorted(path.name for path in rig.directory.iterdir())


def test_it_is_the_same_payload(rig: Rig) -> None:
    answer = _post(rig, _LINES, key="a-key")
    assert (answer.status_code, answer.json()) == (200, {"accepted_bytes": len(_LINES)})
    assert payloads(rig) == [{"format": "common", "body": _LINES, "environment": "large", "gateway": "g", "peer": "p"}]
    [name] = _files(rig)
    assert re.search(r"\.common\.a-key\+[0-9a-f]{32}\.ready$", name)
    assert rig.spool.size == (rig.directory / name).stat().st_size


def test_the_same_key_is_stored_once(store: Store, rig: Rig) -> None:
    for _ in range(2):
        assert _post(rig, _LINES, key="large-twice").status_code == 200
    store_all(store, rig.spool)
    assert store.rows("SELECT count(), uniqExact(path) FROM requests WHERE environment = 'large'") == [(40_000, 40_000)]


def test_a_body_of_several_frames_is_known_again(rig: Rig) -> None:
    """By its last one, also after a start, which looks at no other."""
    body = (_LINES + b"\n") * 3
    for _ in range(2):
        assert _post(rig, body, key="frames").status_code == 200
    bodies = [body for _, body in rig.spooled()]
    assert (len(bodies), b"".join(bodies)) == (3, body)
    [name] = _files(rig)
    with SegmentFile(rig.directory / name) as file:
        delivery = last_delivery(file)
        assert delivery is not None
        assert inspect(file, may_be_cut_off=False).deliveries == [delivery]


@pytest.mark.parametrize("framing", _NOT_PLAIN)
def test_records_in_other_framings_are_taken_out_of_them(rig: Rig, framing: str) -> None:
    assert _post(rig, _NOT_PLAIN[framing], key="framed").status_code == 200
    [found] = payloads(rig)
    assert (found["format"], found["body"].rstrip(b"\n")) == ("common", _LINES)


def test_it_takes_no_memory(rig: Rig) -> None:
    block = _LINES + b"\n"
    times = (60 << 20) // len(block)
    _post(rig, block, key="first")
    before = resident_bytes()
    answer = _post(rig, (block for _ in range(times)), key="huge", **{"Content-Length": str(times * len(block))})
    assert answer.json() == {"accepted_bytes": times * len(block)}
    assert resident_bytes() - before < 12 << 20
    bodies = [body for _, body in rig.spooled()[1:]]
    assert b"".join(bodies) == block * times
    assert max(map(len, bodies)) <= FRAME_BYTES
    assert all(body.endswith(b"\n") for body in bodies)


@pytest.mark.parametrize("key", ["", "binary"])
def test_binary_at_the_end_leaves_nothing(rig: Rig, key: str) -> None:
    body = _LINES * (1 if key else 12) + b"\0"
    answer = _post(rig, body, key=key)
    assert answer.status_code == 400
    assert "The body is binary" in answer.json()["error"]
    assert (_files(rig), rig.spool.size) == ([], 0)


def _begun(rig: Rig, size: int) -> socket.socket:
    """A client that announces a size and has sent the first lines."""
    address = urlsplit(rig.http)
    client = socket.create_connection((address.hostname, address.port), timeout=PATIENCE)
    head = f"Host: x\r\nIdempotency-Key: k\r\nContent-Length: {size}\r\n\r\n"
    client.sendall(b"POST /ingest/common?own_segment=true HTTP/1.1\r\n" + head.encode() + _LINES[: len(_LINES) // 4])
    return client


def test_a_client_that_leaves_leaves_nothing(rig: Rig) -> None:
    with _begun(rig, len(_LINES)):
        wait_until(lambda: bool(_files(rig)))
    wait_until(lambda: not _files(rig))
    assert rig.spool.size == 0


def test_what_is_too_large_is_refused_before_it_comes(rig: Rig) -> None:
    address = urlsplit(rig.http)
    connection = http.client.HTTPConnection(str(address.hostname), address.port, timeout=PATIENCE)
    connection.putrequest("POST", "/ingest/common?own_segment=true")
    connection.putheader("Idempotency-Key", "k")
    connection.putheader("Content-Length", str((64 << 20) + 1))
    connection.endheaders()
    assert connection.getresponse().status == 413
    connection.close()


def test_a_full_spool_asks_to_come_again(tmp_path: Path) -> None:
    with http_port(tmp_path) as full:
        taken = leave_room(full.spool, 1 << 20)
        answer = _post(full, _LINES, key="k")
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
        assert (_files(full), full.spool.size) == ([], taken)


def test_clients_that_stall_leave_the_spool_to_others(tmp_path: Path) -> None:
    with http_port(tmp_path, room=5 << 20) as small, ExitStack() as clients:
        stalled = [clients.enter_context(_begun(small, 4 << 20)) for _ in range(3)]
        wait_until(lambda: len(_files(small)) == 3)
        assert small.spool.size < 1 << 20
        assert _post(small, _LINES, key="another").status_code == 200
        # Room is taken as they go on, and there is none for all of them.
        for client in stalled:
            client.sendall(b"x" * ((4 << 20) - len(_LINES) // 4))
        answers = [client.recv(4096) for client in stalled]
        assert all(answer.startswith(b"HTTP/1.1 503") and b"The spool is full" in answer for answer in answers)
        assert [name.split(".")[2].partition("+")[0] for name in _files(small)] == ["another"]
        assert small.spool.size == (tmp_path / _files(small)[0]).stat().st_size


def test_a_disk_that_fails_is_reported(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_space(_descriptor: int, _parts: list[memoryview]) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "writev", no_space)
        answer = _post(rig, _LINES, key="k")
    assert answer.status_code == 503
    assert "Free space on its disk" in answer.json()["error"]
    assert (_files(rig), rig.spool.size) == ([], 0)
    assert _post(rig, _LINES, key="k").status_code == 200
