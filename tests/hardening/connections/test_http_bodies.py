"""Large bodies that stall, or trickle, keep no room that others wait for; those that come in good time keep theirs."""

import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from collector.receivers.http import body_memory
from tests.collector.rigs.ingest_rig import http_port
from tests.hardening.connections.raw_http import connect, post, read_answers

_LINE = b'{"a":1}\n'
_LARGE = _LINE * (5 << 17)


@pytest.fixture(autouse=True)
def _is_impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(body_memory, "_CONTENDED_GRACE_SECONDS", 0.3)
    monkeypatch.setattr(body_memory, "_LOOK_SECONDS", 0.1)


def _status(url: str, request: bytes) -> int:
    with connect(url) as client:
        client.sendall(request)
        return read_answers(client, 1)[0][0]


def _trickle(client: socket.socket, ended: threading.Event) -> None:
    while not ended.wait(0.02):
        try:
            client.sendall(b" ")
        except OSError:
            return


@pytest.mark.parametrize("trickles", [False, True])
def test_a_body_that_stalls_makes_room_for_one_that_comes(tmp_path: Path, trickles: bool) -> None:
    ended = threading.Event()
    with (
        http_port(tmp_path, max_large_bodies=1, large_body_wait=30) as rig,
        connect(rig.http) as stalled,
        ThreadPoolExecutor() as clients,
    ):
        stalled.sendall(post("/ingest/json", _LARGE * 2)[: -len(_LARGE)])
        if trickles:
            clients.submit(_trickle, stalled, ended)
        try:
            for _ in range(3):
                assert _status(rig.http, post("/ingest/json", _LARGE)) == 200
            ((status, answer),) = read_answers(stalled, 1)
        finally:
            ended.set()
        assert status == 503
        assert b"too slowly while others waited" in answer


def test_a_body_that_comes_in_good_time_keeps_its_place(tmp_path: Path) -> None:
    with (
        http_port(tmp_path, max_large_bodies=1, large_body_wait=30) as rig,
        connect(rig.http) as steady,
        ThreadPoolExecutor() as clients,
    ):
        whole = post("/ingest/json", _LARGE)
        rest = 40 << 14
        steady.sendall(whole[:-rest])
        others = [clients.submit(_status, rig.http, post("/ingest/json", _LARGE)) for _ in range(2)]
        for start in range(len(whole) - rest, len(whole), 1 << 14):
            steady.sendall(whole[start : start + (1 << 14)])
            time.sleep(0.02)
        assert read_answers(steady, 1)[0][0] == 200
        assert [other.result() for other in others] == [200, 200]
