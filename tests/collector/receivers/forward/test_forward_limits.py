"""What is too large, malformed or never ends: the client is turned away, the log tells why, the server lives on."""

import gzip
import logging
import socket
import struct
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgpack  # type: ignore[import-untyped]
import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from collector.errors import PayloadError
from collector.formats.formats import FORMATS
from collector.receivers.forward import connection
from collector.receivers.forward.config import ForwardConfig
from collector.receivers.forward.framing import Framer
from collector.receivers.forward.lines import Rules
from collector.receivers.forward.message import parse
from collector.receivers.forward.records import Records
from tests.collector.rigs.forward_rig import MOMENT, ForwardRig, forward
from tests.collector.rigs.receiver_rig import resident_bytes
from tests.patience import PATIENCE

_LIMIT = 1 << 20
_FINE = ["app", [[MOMENT, {"log": "fine"}]], {"chunk": "fine"}]


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ForwardRig]:
    with forward(tmp_path_factory.mktemp("limits"), {"max_chunk_size": _LIMIT}) as started:
        yield started


def _lives(rig: ForwardRig) -> None:
    with rig.connect() as agent:
        agent.send(_FINE)
        assert agent.answer() == {"ack": "fine"}


def _turned_away(rig: ForwardRig, data: bytes) -> str:
    """Why a client that sends these bytes is turned away."""
    before = len(rig.metrics.reasons)
    with rig.connect() as agent:
        try:
            agent.socket.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            # It was closed before all was sent; the reason is asked for below.
            pass
        else:
            assert agent.is_closed()
    deadline = time.monotonic() + PATIENCE
    while len(rig.metrics.reasons) == before and time.monotonic() < deadline:
        time.sleep(0.01)
    _lives(rig)
    return rig.metrics.reasons[before]


@pytest.mark.parametrize(
    "data",
    [
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        b'["app", 1, {"log": "JSON"}]'.replace(b"[", b"{", 1),
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"<14>1 2026-11-23T10:15:30Z syslog",
        b"\x92\xa1x\xc1",
        b"\x90",
        b"\x91\xa1x",
        b"\x92\xa1x\x01",
        b"\x92\x01\x90",
        b"\x92\xc0\x90",
        msgpack.packb(["t" * 1001, []]),
        msgpack.packb([[None] * 100_000, []]),
        msgpack.packb(["app", [], {"chunk": "a", "others": [None] * 100_000}]),
        msgpack.packb(["app", [], {"chunk": "a"}, None, None]),
        b"\x91" * 100_000,
        b"\xdd\xff\xff\xff\xff",
        b"\x92\xa1t" + b"\x91" * 100_000 + b"\xc0",
    ],
)
def test_what_is_no_message_ends_its_connection(rig: ForwardRig, data: bytes, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        assert _turned_away(rig, data) == "malformed"
    # Nothing but the refusal itself, which metrics tell of.
    assert not caplog.records


@pytest.mark.parametrize(
    "data",
    [
        msgpack.packb(["app", [[MOMENT, {"log": "x" * _LIMIT}]]]),
        b"\x92\xa3app\xdd\xff\xff\xff\xff" + b"\x92\x01\x80" * _LIMIT,
        b"\x92\xa3app\xc6\xff\xff\xff\xff" + b"x" * (2 * _LIMIT),
        msgpack.packb(["app", gzip.compress(b"\x92\x01\x80" * _LIMIT), {"compressed": "gzip"}]),
        msgpack.packb(["app", zstandard.compress(b"\x92\x01\x80" * _LIMIT), {"compressed": "zstd"}]),
        # Small as they come, large as JSON.
        msgpack.packb(["app" * 300, [[MOMENT, {}]] * 20_000]),
    ],
)
def test_what_is_too_large_ends_its_connection(rig: ForwardRig, data: bytes) -> None:
    assert _turned_away(rig, data) == "too_large"


def test_messages_before_a_malformed_one_are_taken_in(rig: ForwardRig) -> None:
    before = rig.payloads()
    fine = msgpack.packb(["app", [[MOMENT, {"log": "before"}]]])
    assert _turned_away(rig, fine + b"GET / HTTP/1.1\r\n\r\n") == "malformed"
    assert _turned_away(rig, fine + msgpack.packb(["app", 1])) == "malformed"
    bodies = [payload["body"] for payload in rig.since(before)]
    assert sum(body.count(b'"before"') for body in bodies) == 2


def test_a_client_that_leaves_in_the_middle(rig: ForwardRig) -> None:
    before = rig.payloads()
    with rig.connect() as agent:
        agent.socket.sendall(msgpack.packb(_FINE)[:-3])
        agent.leave()
    with rig.connect() as agent:
        agent.socket.sendall(msgpack.packb(_FINE)[:-3])
        agent.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    _lives(rig)
    assert rig.metrics.reasons[-2:] == ["disconnected", "disconnected"]
    assert rig.since(before) == []


def test_agents_that_say_nothing_are_in_nobodys_way(rig: ForwardRig) -> None:
    silent = [rig.connect() for _ in range(50)]
    half = [rig.connect() for _ in range(50)]
    for agent in half:
        agent.socket.sendall(b"\x92\xa3app\xdd\xff\xff\xff\xff" + b"\x92\x01\x80" * 1000)
    _lives(rig)
    for agent in (*silent, *half):
        agent.socket.close()
    _lives(rig)


def test_a_message_whose_end_never_comes(rig: ForwardRig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "_MESSAGE_SECONDS", 0.3)
    with rig.connect() as agent:
        agent.socket.sendall(msgpack.packb(_FINE)[:-3])
        assert agent.is_closed()
    _lives(rig)
    with rig.connect() as agent:
        agent.send(_FINE)
        assert agent.answer() == {"ack": "fine"}
        # Silence between messages is no fault.
        time.sleep(0.5)
        agent.send(_FINE)
        assert agent.answer() == {"ack": "fine"}


def test_more_large_messages_at_once_than_have_a_place(tmp_path: Path) -> None:
    message = ["large", [[MOMENT, {"log": "x" * 1000}]] * 6000]
    answers: list[Any] = []

    def send(number: int) -> None:
        data = msgpack.packb([*message, {"chunk": f"large-{number}"}])
        with started.connect() as agent:
            for start in range(0, len(data), 500_000):
                agent.socket.sendall(data[start : start + 500_000])
                time.sleep(0.01)
            answers.append(agent.answer())

    with forward(tmp_path) as started:
        threads = [threading.Thread(target=send, args=(number,)) for number in range(10)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(answer["ack"] for answer in answers) == [f"large-{number}" for number in range(10)]


def test_memory_stays_bounded_under_bombs(rig: ForwardRig) -> None:
    zeros = gzip.compress(b"\0" * (64 << 20))
    bombs = [
        msgpack.packb(["app", zeros, {"compressed": "gzip"}]),
        msgpack.packb(["app", zstandard.compress(b"\xc0" * (256 << 20)), {"compressed": "zstd"}]),
        # A million empty maps and arrays, each many times as large as an object.
        b"\x92\xa3app\x91\x92\x01\x81\xa1x\xdd" + struct.pack(">I", 1_000_000) + b"\x80" * 1_000_000,
        b"\x92\xa3app\xdd" + struct.pack(">I", 1_000_000) + b"\x90" * 1_000_000,
        b"\x92\xa3app\xdd" + struct.pack(">I", 300_000) + b"\x92\x01\x80" * 300_000,
    ]
    before = resident_bytes()
    highest = 0

    def send(bomb: bytes) -> None:
        for _ in range(3):
            with rig.connect() as agent:
                try:
                    agent.socket.sendall(bomb)
                    agent.leave()
                except OSError:
                    # To be turned away in the middle of it is as good as to be heard out.
                    pass

    threads = [threading.Thread(target=send, args=(bomb,)) for bomb in bombs]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        highest = max(highest, resident_bytes())
        time.sleep(0.01)
    _lives(rig)
    assert highest - before < 400 << 20


def _taken(data: bytes, cuts: list[int]) -> None:
    """What a connection does with bytes that come in pieces: it goes on, or it raises PayloadError."""
    config = ForwardConfig()
    framer = Framer(_LIMIT)
    records = Records(Rules(config, FORMATS), config)
    ends = sorted({min(cut, len(data)) for cut in cuts} | {len(data)})
    try:
        for start, end in zip([0, *ends], ends, strict=False):
            framer.feed(data[start:end])
            for message in framer.messages():
                parsed = parse(message, _LIMIT)
                if parsed is not None:
                    records.add(parsed)
    except PayloadError:
        # The other of the two outcomes; what came before it is looked at all the same.
        pass
    for kind, body in records.payloads():
        assert body
        assert kind.format == "undecodable" or body.endswith(b"\n")


_SCALARS = st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats() | st.text() | st.binary()
_VALUES = st.recursive(
    _SCALARS | st.builds(msgpack.ExtType, st.integers(0, 127), st.binary(max_size=16)),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text() | st.integers(0, 9) | st.binary(), inner),
    max_leaves=12,
)
_TIMES = st.integers(0, 2**40) | st.builds(msgpack.ExtType, st.just(0), st.binary(min_size=8, max_size=8)) | _VALUES
_RECORDS = st.dictionaries(
    st.sampled_from(["log", "message", "kubernetes", "response_code", "kind"]) | st.text(), _VALUES
)
_ENTRIES = st.lists(st.tuples(_TIMES | st.tuples(_TIMES, _VALUES), _RECORDS) | _VALUES, max_size=5)
_PACKED = _ENTRIES.map(lambda entries: b"".join(map(msgpack.packb, entries)))
_OPTIONS = st.fixed_dictionaries(
    {}, optional={"size": _VALUES, "compressed": st.sampled_from(["gzip", "zstd", "text"]) | _VALUES, "chunk": _VALUES}
)
_MESSAGES = st.one_of(
    st.tuples(st.text(), _ENTRIES | _PACKED | _PACKED.map(gzip.compress) | _PACKED.map(zstandard.compress), _OPTIONS),
    st.tuples(st.text(), _TIMES, _RECORDS, _OPTIONS),
    _VALUES,
)
_FUZZ = settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck), database=None)


@_FUZZ
@given(st.lists(_MESSAGES.map(msgpack.packb), min_size=1, max_size=3), st.lists(st.integers(0, 2000), max_size=4))
def test_any_messages(messages: list[bytes], cuts: list[int]) -> None:
    _taken(b"".join(messages), cuts)


@_FUZZ
@given(_MESSAGES.map(msgpack.packb), st.data())
def test_damaged_messages(message: bytes, data: st.DataObject) -> None:
    damaged = bytearray(message)
    for _ in range(data.draw(st.integers(1, 4))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(damaged)))
    _taken(bytes(damaged[:cut]) + bytes(damaged[cut + data.draw(st.integers(0, 3)) :]), [cut])


@_FUZZ
@given(st.sampled_from([b"", b"\x92\xa1t", b"\x93\xa1t\xc4\xff", b"\x92\xa1t\xdd\0\0\0\x03"]), st.binary(max_size=300))
def test_any_bytes(start: bytes, rest: bytes) -> None:
    _taken(start + rest, [])


def test_any_bytes_on_the_wire(rig: ForwardRig) -> None:
    @settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(_MESSAGES.map(msgpack.packb) | st.binary(max_size=200))
    def send(data: bytes) -> None:
        with rig.connect() as agent:
            agent.socket.sendall(data)
            agent.socket.shutdown(socket.SHUT_WR)
            while agent.answer() is not None:
                pass

    send()
    _lives(rig)


def test_a_stop_while_agents_are_connected_is_no_fault(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with forward(tmp_path) as rig, rig.connect() as agent:
        agent.send(_FINE)
        assert agent.answer() == {"ack": "fine"}
        rig.loop.run(rig.server.stop())
        assert agent.is_closed()
    assert caplog.records == []
