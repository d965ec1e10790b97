"""Connections that hold a place on the Forward port do not lock agents out."""

import time
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import msgpack  # type: ignore[import-untyped]
import pytest

from collector.receivers.forward import connection, wire
from collector.receivers.forward import memory as message_memory
from tests.collector.rigs.certificates import certificates
from tests.collector.rigs.forward_rig import MOMENT, Agent, ForwardRig, forward
from tests.collector.rigs.receiver_rig import forget_peak, peak_bytes
from tests.collector.rigs.waiting import wait_until
from tests.patience import PATIENCE

_MIB = 1 << 20


def _message(chunk: str, size: int = 1) -> bytes:
    packed: bytes = msgpack.packb(["app", [[MOMENT, {"log": "x" * size}]], {"chunk": chunk}])
    return packed


def _sends(agent: Agent, chunk: str) -> None:
    agent.socket.sendall(_message(chunk))
    assert agent.answer() == {"ack": chunk}


def _is_served(rig: ForwardRig, chunk: str) -> None:
    with rig.connect() as agent:
        _sends(agent, chunk)


def test_256_idle_connections_do_not_lock_out_agents(tmp_path: Path) -> None:
    with forward(tmp_path, {"max_connections_per_peer": 1000}) as rig, ExitStack() as opened, rig.connect() as agent:
        for number in range(300):
            opened.enter_context(rig.connect())
            if number % 20 == 0:
                # An agent that works is never the one that has been idle for longest.
                _sends(agent, f"working {number}")
        _is_served(rig, "new")
        _sends(agent, "still there")
    assert set(rig.metrics.connection_reasons) == {"too_many_connections"}


def test_connections_of_one_peer_leave_room_for_others(tmp_path: Path) -> None:
    settings = {"max_connections": 10, "max_connections_per_peer": 8, "unix_socket": tmp_path / "forward.sock"}
    with forward(tmp_path, settings) as rig, ExitStack() as opened:
        for number in range(8):
            attacker = opened.enter_context(rig.connect())
            attacker.socket.sendall(_message("never whole")[:-1])
            wait_until(partial(_are_at_work, rig, number + 1))
        with rig.connect() as turned_away:
            assert turned_away.is_closed()
        assert rig.metrics.connection_reasons == ["too_many_connections_of_peer"]


def _are_at_work(rig: ForwardRig, number: int) -> bool:
    return sum(found.idle_since is None for found in rig.server._limiter._admitted) == number


def test_idle_connections_end_and_working_ones_go_on(tmp_path: Path) -> None:
    with forward(tmp_path, {"idle_timeout": 1}) as rig, rig.connect() as silent, rig.connect() as agent:
        half = _message("half")
        agent.socket.sendall(half[:-1])
        assert silent.is_closed()
        agent.socket.sendall(half[-1:])
        assert agent.answer() == {"ack": "half"}
        assert agent.is_closed()
    assert rig.metrics.connection_reasons == []


def test_connections_that_prove_nothing_make_room(tmp_path: Path) -> None:
    with forward(tmp_path, {"max_connections": 4, "shared_key": "secret"}) as rig, ExitStack() as opened:
        strangers = [opened.enter_context(rig.connect()) for _ in range(8)]
        assert all(agent.answer() is not None for agent in strangers[4:])
        assert all(agent.answer() is None or agent.is_closed() for agent in strangers[:4])


def test_tls_handshakes_that_never_come_make_room_too(tmp_path: Path) -> None:
    made = certificates(tmp_path)
    tls = {"certificate": made.server.certificate, "key": made.server.key}
    with forward(tmp_path, {"max_connections": 4, "tls": tls}) as rig, ExitStack() as opened:
        strangers = [opened.enter_context(rig.connect()) for _ in range(8)]
        assert all(agent.is_closed() for agent in strangers[:4])


@pytest.mark.parametrize("piece", [b"", b"x"])
def test_messages_that_trickle_are_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, piece: bytes) -> None:
    monkeypatch.setattr(connection, "_LAG_SECONDS", 0.5)
    with forward(tmp_path) as rig, rig.connect() as agent:
        agent.socket.sendall(_message("slow", 100_000)[:50_000])
        for _ in range(1000):
            if rig.metrics.reasons:
                break
            agent.socket.sendall(piece)
            time.sleep(0.02)
        assert rig.metrics.reasons == ["malformed"]
        assert agent.is_closed()


def test_large_messages_that_stall_give_their_places_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "_LAG_SECONDS_WITH_PLACE", 0.5)
    with forward(tmp_path) as rig, ExitStack() as opened:
        for number in range(8):
            opened.enter_context(rig.connect()).socket.sendall(_message(f"{number}", 6 * _MIB)[:-_MIB])
        with rig.connect() as agent:
            agent.socket.sendall(_message("large", 6 * _MIB))
            assert agent.answer() == {"ack": "large"}


def test_messages_that_never_end_take_bounded_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(message_memory, "_ROOM_BYTES", 8 * _MIB)
    with forward(tmp_path) as rig, ExitStack() as opened:
        _is_served(rig, "before")
        before = forget_peak()
        for number in range(60):
            agent = opened.enter_context(rig.connect())
            agent.socket.setblocking(False)
            _send_what_goes(agent, _message(f"{number}", 4 * _MIB)[:-1000])
        _is_served(rig, "small")
        # All of what is sent are 240 MiB.
        assert peak_bytes() - before < 200 * _MIB


def _send_what_goes(agent: Agent, data: bytes) -> None:
    deadline = time.monotonic() + 0.1
    while data and time.monotonic() < deadline:
        try:
            data = data[agent.socket.send(data) :]
        except BlockingIOError:
            time.sleep(0.01)


def test_an_agent_that_reads_no_answers_is_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "_WRITE_SECONDS", 0.5)
    chunk = "c" * 60_000
    with forward(tmp_path) as rig, rig.connect() as agent:
        agent.socket.settimeout(PATIENCE)
        with pytest.raises(OSError, match=r"reset|pipe"):
            for number in range(10_000):
                agent.socket.sendall(_message(f"{number}{chunk}"))
        assert rig.metrics.connection_reasons == ["send_timeout"]
        _is_served(rig, "after")
