"""While a large message is converted, other agents are served; those of a connection are handed on as they came."""

import asyncio
import gzip
import socket
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import msgpack  # type: ignore[import-untyped]
import pytest
from opentelemetry.metrics import NoOpMeter

from collector.formats.formats import FORMATS
from collector.intake.chunk_delivery import ChunkDelivery
from collector.intake.chunk_memory import ChunkMemory
from collector.intake.offload import LARGE_BYTES, Offload
from collector.receivers.forward import connection
from collector.receivers.forward.config import ForwardConfig
from collector.receivers.forward.connection import Connection, Shared
from collector.receivers.forward.lines import Rules
from collector.receivers.forward.memory import MessageMemory
from collector.receivers.forward.message import Message, parse
from collector.receivers.forward.records import Records
from collector.receivers.forward.wire import Wire
from collector.spool.config import SpoolConfig
from collector.spool.spool import Spool
from collector.telemetry import CollectorMetrics
from tests.collector.rigs.forward_rig import MOMENT, forward, payloads

_WAIT = 30


def _chunk(tag: str, size: int) -> bytes:
    return bytes(msgpack.packb([tag, [[MOMENT, {"log": tag, "filling": "x" * size}]], {"chunk": tag}]))


def _packed(tag: str, size: int) -> bytes:
    entry = msgpack.packb([MOMENT, {"log": tag, "filling": "x" * size}])
    return bytes(msgpack.packb([tag, gzip.compress(entry), {"chunk": tag, "compressed": "gzip"}]))


class _AllAtOnce:
    """A connection on which bytes have come before anybody reads."""

    def __init__(self, data: bytes) -> None:
        self._pieces = [data]
        self.answers: list[Any] = []

    def rest(self) -> None:
        """Nobody closes it."""

    async def read(self) -> Sequence[bytes]:
        pieces, self._pieces = self._pieces, []
        return pieces

    async def write(self, data: bytes) -> None:
        self.answers.append(msgpack.unpackb(data)["ack"])


def _serve(directory: Path, data: bytes, **settings: Any) -> list[str]:
    """Serve a connection on which bytes have come; the chunks that are answered."""
    config = ForwardConfig.model_validate(settings)
    metrics = CollectorMetrics(NoOpMeter("test"))
    wire = _AllAtOnce(data)

    async def serve(delivery: ChunkDelivery) -> None:
        shared = Shared(config, Rules(config, FORMATS), delivery, "", MessageMemory(4), Offload())
        await Connection(cast(Wire, wire), "", shared).serve()

    with _spool(directory) as (spool, chunks):
        asyncio.run(serve(ChunkDelivery("forward", spool, chunks, metrics)))
    return wire.answers


@contextmanager
def _spool(directory: Path) -> Iterator[tuple[Spool, ChunkMemory]]:
    chunks = ChunkMemory(directory / "forward" / "chunks", directory / "spool", 1000)
    spool = Spool(directory / "spool", SpoolConfig(segment_age=60))
    try:
        yield spool, chunks
    finally:
        spool.close()
        chunks.close()


@pytest.mark.parametrize(
    ("message", "place", "work"),
    [
        (_chunk("large", LARGE_BYTES), Records, "add"),
        (msgpack.packb(["large", [[MOMENT, {"log": "x" * LARGE_BYTES}]]]), Records, "add"),
        (_packed("large", LARGE_BYTES), Records, "add"),
        (_packed("large", 10), connection, "parse"),
        (msgpack.packb(["large", msgpack.packb([MOMENT, {"log": "x" * LARGE_BYTES}])]), connection, "parse"),
    ],
)
def test_others_are_served_while_a_large_message_is_worked_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, message: bytes, place: object, work: str
) -> None:
    called, goes_on = threading.Event(), threading.Event()
    original = getattr(place, work)

    def held(*args: Any) -> Any:
        if not called.is_set():
            called.set()
            assert goes_on.wait(_WAIT)
        return original(*args)

    with forward(tmp_path) as rig, rig.connect() as large, rig.connect() as small, ThreadPoolExecutor(1) as agents:
        monkeypatch.setattr(place, work, held)
        try:
            large.socket.sendall(message)
            assert called.wait(_WAIT)
            small.socket.sendall(_chunk("small", 10))
            assert agents.submit(small.answer).result(_WAIT) == {"ack": "small"}
        finally:
            goes_on.set()
        large.socket.shutdown(socket.SHUT_WR)
        while large.answer() is not None:
            pass
        assert len(rig.payloads()) == 2


@pytest.mark.parametrize(
    ("data", "is_away"),
    [
        (_chunk("a", LARGE_BYTES // 2), False),
        (_chunk("a", LARGE_BYTES), True),
        # Together they take as long as one.
        (_chunk("a", LARGE_BYTES // 2) + _chunk("b", LARGE_BYTES // 2), True),
        (_packed("a", LARGE_BYTES), True),
    ],
)
def test_only_what_is_large_leaves_the_event_loop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, data: bytes, is_away: bool
) -> None:
    threads = set()
    original = Records.add

    def add(self: Records, message: Message) -> None:
        threads.add(threading.current_thread() is not threading.main_thread())
        original(self, message)

    monkeypatch.setattr(Records, "add", add)
    assert _serve(tmp_path, data)
    assert threads == {is_away}


def test_messages_are_handed_on_in_their_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    second = threading.Event()
    original = Records.add

    def add(self: Records, message: Message) -> None:
        if message.tag == "0":
            # Time for the second to overtake it.
            assert not second.wait(0.5)
        second.set()
        original(self, message)

    monkeypatch.setattr(Records, "add", add)
    tags = [str(number) for number in range(6)]
    assert _serve(tmp_path, b"".join(_chunk(tag, LARGE_BYTES // 2) for tag in tags)) == tags
    assert [payload["body"].split(b'"')[3].decode() for payload in payloads(tmp_path / "spool")] == tags


def test_only_so_much_is_unpacked_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    steps = []
    deliver_once = ChunkDelivery.deliver_once

    def parsed(*args: Any) -> Message | None:
        steps.append("unpack")
        return parse(*args)

    async def delivered(*args: Any) -> None:
        steps.append("deliver")
        await deliver_once(*args)

    monkeypatch.setattr(connection, "parse", parsed)
    monkeypatch.setattr(ChunkDelivery, "deliver_once", delivered)
    tags = [str(number) for number in range(6)]
    data = b"".join(_packed(tag, LARGE_BYTES * 3 // 4) for tag in tags)
    assert _serve(tmp_path, data, max_chunk_size=LARGE_BYTES) == tags
    assert steps == ["unpack", "unpack", "deliver", "deliver"] * 3
