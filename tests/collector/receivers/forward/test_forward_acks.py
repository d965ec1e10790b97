"""A chunk is answered when it is durable, and stored once however often it is sent."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgpack  # type: ignore[import-untyped]
import pytest

from collector.intake.chunk_delivery import ChunkDelivery
from collector.intake.chunk_memory import ChunkMemory, key_of
from collector.spool.frame import encode
from collector.spool.payload import Payload
from storage.store import Store
from tests.collector.rigs.access_logs import counts
from tests.collector.rigs.forward_rig import MOMENT, Agent, forward, payloads
from tests.collector.rigs.storing import store_all
from tests.patience import PATIENCE

_KILLS = 6


def _chunk(number: object, *logs: str) -> list[Any]:
    entries = [[MOMENT, {"log": log}] for log in (logs or (f"log {number}",))]
    return ["app", entries, {"chunk": f"chunk-{number}", "size": len(entries)}]


def _logs(found: list[dict[str, Any]]) -> list[str]:
    return [json.loads(line)["log"] for payload in found for line in payload["body"].splitlines()]


def test_a_chunk_that_comes_again_is_answered_and_not_stored_again(tmp_path: Path) -> None:
    with forward(tmp_path) as rig:
        for _ in range(3):
            with rig.connect() as agent:
                agent.send(_chunk(1))
                assert agent.answer() == {"ack": "chunk-1"}
        with rig.connect() as agent:
            agent.send(["another tag", *_chunk(1)[1:]])
            assert agent.answer() == {"ack": "chunk-1"}
        assert _logs(rig.payloads()) == ["log 1", "log 1"]


def test_a_chunk_is_known_after_a_restart(tmp_path: Path) -> None:
    for _ in range(3):
        with forward(tmp_path) as rig, rig.connect() as agent:
            agent.send(_chunk(1))
            assert agent.answer() == {"ack": "chunk-1"}
    assert _logs(payloads(tmp_path / "spool")) == ["log 1"]


def test_a_chunk_that_is_sent_on_two_connections_at_once_is_stored_once(tmp_path: Path) -> None:
    with forward(tmp_path) as rig:
        agents = [rig.connect() for _ in range(4)]
        for agent in agents:
            agent.send(_chunk(1))
        assert [agent.answer() for agent in agents] == [{"ack": "chunk-1"}] * 4
        for agent in agents:
            agent.socket.close()
        assert _logs(rig.payloads()) == ["log 1"]


def test_a_chunk_of_several_formats_is_stored_once_as_well(tmp_path: Path) -> None:
    mixed = [
        "app",
        [
            [MOMENT, {"log": "text"}],
            [MOMENT, {"response_code": 200, "start_time": "2026-11-23T10:15:30Z", "path": "/"}],
            [MOMENT, "broken"],
        ],
        {"chunk": "mixed"},
    ]
    for _ in range(2):
        with forward(tmp_path) as rig, rig.connect() as agent:
            for _ in range(2):
                agent.send(mixed)
                assert agent.answer() == {"ack": "mixed"}
    formats = Counter(payload["format"] for payload in payloads(tmp_path / "spool"))
    assert formats == {"json": 1, "envoy_json": 1, "undecodable": 1}


def test_a_flood_of_chunks_is_answered_a_few_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    under_way, most = 0, 0
    deliver_once = ChunkDelivery.deliver_once

    async def counted(*arguments: Any) -> None:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await deliver_once(*arguments)
        under_way -= 1

    monkeypatch.setattr(ChunkDelivery, "deliver_once", counted)
    flood = msgpack.packb(["app", 1, {"a": 1}, {"chunk": "same"}]) * 3000
    with forward(tmp_path) as rig, rig.connect() as agent:
        agent.socket.sendall(flood)
        assert [agent.answer() for _ in range(3000)] == [{"ack": "same"}] * 3000
        assert len(payloads(tmp_path / "spool")) == 1
    assert 1 < most <= 100


def test_nothing_is_answered_or_read_while_there_is_no_room(tmp_path: Path) -> None:
    with forward(tmp_path, room=600) as rig, rig.connect() as agent, rig.connect() as other:
        agent.send(_chunk(1, "x" * 300))
        assert agent.answer() == {"ack": "chunk-1"}
        agent.send(_chunk(2, "y" * 300))
        other.send(_chunk(2, "y" * 300))
        agent.socket.settimeout(0.5)
        with pytest.raises(TimeoutError):
            agent.answer()
        flood = b"\x93\xa3app\x01\x81\xa3log\xa1x" * 10_000
        agent.socket.settimeout(0.5)
        with pytest.raises(TimeoutError):
            for _ in range(1000):
                agent.socket.sendall(flood)
        assert rig.metrics.reasons == ["spool_full"]
        rig.spool._room.release(600)
        assert other.answer() == {"ack": "chunk-2"}
        agent.socket.settimeout(PATIENCE)
        assert agent.answer() == {"ack": "chunk-2"}
        rig.spool._room.release(-600)
    assert _logs(payloads(tmp_path / "spool"))[:2] == ["x" * 300, "y" * 300]


def test_what_the_whole_spool_has_no_room_for_is_dropped(tmp_path: Path) -> None:
    with forward(tmp_path, room=600) as rig, rig.connect() as agent:
        agent.send(_chunk(1, "x" * 700))
        assert agent.answer() == {"ack": "chunk-1"}
        agent.send(_chunk(2, "y" * 300))
        assert agent.answer() == {"ack": "chunk-2"}
        assert rig.metrics.reasons == ["too_large"]
    assert _logs(payloads(tmp_path / "spool")) == ["y" * 300]


def test_what_was_durable_when_the_process_was_killed_is_known(tmp_path: Path) -> None:
    """Killed between the spool's sync and the memory's word of it: the segment is still open then."""
    spool, path = tmp_path / "spool", tmp_path / "chunks"
    spool.mkdir()
    memory = ChunkMemory(path, spool, 10)
    there, not_there = key_of("there"), key_of("not there")
    memory.begin(there, 1_000_001, 4)
    memory.begin(not_there, 1_000_002, 4)
    memory.close()
    whole = encode(Payload("json", b"body", 1_000_001))
    # Of a frame that the disk has damaged nothing is known, and nobody is kept from starting.
    damaged = [whole[:1] + bytes([tag]) + whole[2:] for tag in (0x0E, 0x11)]
    (spool / "00000000000000000001.json.json-1.open").write_bytes(b"".join([*damaged, whole]))
    memory = ChunkMemory(path, spool, 10)
    assert there in memory
    assert not_there not in memory
    memory.close()
    (spool / "00000000000000000001.json.json-1.open").unlink()
    memory = ChunkMemory(path, spool, 10)
    assert there in memory
    assert not_there not in memory
    memory.close()


def test_the_memory_is_bounded_and_forgets_the_oldest(tmp_path: Path) -> None:
    memory = ChunkMemory(tmp_path / "chunks", tmp_path, 100)
    keys = [key_of(str(number)) for number in range(1050)]
    for number, key in enumerate(keys):
        memory.begin(key, number, number)
        memory.durable(key)
        assert key in memory
    assert all(key in memory for key in keys[-100:])
    assert sum(key in memory for key in keys) <= 200
    memory.close()
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= 2 * 100 * 64
    memory = ChunkMemory(tmp_path / "chunks", tmp_path, 100)
    assert all(key in memory for key in keys[-100:])
    memory.close()


def test_a_memory_that_is_cut_off_or_gone_stops_nothing(tmp_path: Path) -> None:
    path = tmp_path / "chunks"
    memory = ChunkMemory(path, tmp_path, 100)
    for name in ("a", "b"):
        memory.begin(key_of(name), 1, 1)
        memory.durable(key_of(name))
    memory.close()
    os.truncate(path, path.stat().st_size - 5)
    memory = ChunkMemory(path, tmp_path, 100)
    assert (key_of("a") in memory, key_of("b") in memory) == (True, False)
    memory.begin(key_of("c"), 1, 1)
    memory.durable(key_of("c"))
    memory.close()
    memory = ChunkMemory(path, tmp_path, 100)
    assert (key_of("a") in memory, key_of("c") in memory) == (True, True)
    memory.close()


def test_chunks_end_as_rows_once(store: Store, tmp_path: Path) -> None:
    line = '[2026-11-23T10:15:30.123Z] "GET /pets/1 HTTP/1.1" 200 - 0 375 12 11 "-" "a" "id" "pets" "10.0.0.1:80"'
    entries = [[MOMENT, {"log": line}], [MOMENT, {"log": "no access log line"}], [MOMENT]]
    with forward(tmp_path, {"environment": "forward-rows"}) as rig:
        for _ in range(2):
            with rig.connect() as agent:
                agent.send(["envoy", entries, {"chunk": "rows"}])
                assert agent.answer() == {"ack": "rows"}
        store_all(store, rig.spool)
    assert counts(store, "forward-rows") == {"requests": 1, "logs": 1, "dead_letters": 1, "api_1m": 1, "api_1h": 1}


@contextmanager
def _server(directory: Path) -> Iterator[tuple[int, "subprocess.Popen[str]"]]:
    """A Forward server in a process of its own, whose segments are taken away as a writer would."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.collector.rigs.forward_process", str(directory)],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        yield int(process.stdout.readline()), process
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def _send_until_answered(port: int, numbers: list[int], answered: set[int]) -> None:
    """Send each chunk on a connection of its own, in turn, until the server is gone."""
    try:
        for number in numbers:
            with Agent(socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)) as agent:
                agent.send(_chunk(number))
                if agent.answer() is None:
                    return
                answered.add(number)
    except OSError:
        return


def test_kills_neither_lose_a_chunk_nor_store_it_twice(tmp_path: Path) -> None:
    answered: set[int] = set()
    sent = 0
    for kill in range(_KILLS + 1):
        with _server(tmp_path) as (port, process):
            # What had no answer comes again; new chunks come with it.
            again = sorted(set(range(sent)) - answered)
            new = list(range(sent, sent + 4000))
            parts = [again[part::3] + new[part::3] for part in range(3)]
            agents = [threading.Thread(target=_send_until_answered, args=(port, part, answered)) for part in parts]
            if kill == _KILLS:
                for part in parts:
                    _send_until_answered(port, [number for number in part if number < sent], answered)
                break
            for agent in agents:
                agent.start()
            time.sleep(0.25 + 0.07 * kill)
            os.kill(process.pid, signal.SIGKILL)
            for agent in agents:
                agent.join()
        sent = max(answered, default=-1) + 4
    found = Counter(_logs([*payloads(tmp_path / "taken"), *payloads(tmp_path / "spool")]))
    assert len(answered) > 50
    assert {log for log, times in found.items() if times > 1} == set()
    assert {f"log {number}" for number in answered} <= found.keys()
