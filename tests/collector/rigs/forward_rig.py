"""A real Forward server on a free port, with a spool behind it and nobody who empties it."""

import gc
import socket
import struct
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgpack  # type: ignore[import-untyped]
from pydantic import ByteSize

from collector.encoding.protobuf import fields, read_varint
from collector.formats.formats import FORMATS
from collector.formats.registry import Formats
from collector.intake.chunk_delivery import ChunkDelivery
from collector.intake.chunk_memory import ChunkMemory
from collector.intake.intake import Intake
from collector.receivers.forward.config import ForwardConfig
from collector.receivers.forward.framing import Framer, Whole
from collector.receivers.forward.handshake import PING_PARTS
from collector.receivers.forward.server import RECEIVER, ForwardServer
from collector.receivers.net.limiter import Admission, ConnectionLimiter
from collector.spool.config import SpoolConfig
from collector.spool.frame import frames
from collector.spool.spool import Spool
from gatelens.machine.event_loop import EventLoopThread
from tests.collector.rigs.counting_metrics import CountingMetrics
from tests.patience import PATIENCE

MOMENT = 1_795_428_930


@dataclass(frozen=True)
class ForwardRig:
    """Where to send, and what has become durable."""

    port: int
    spool: Spool
    directory: Path
    chunks: ChunkMemory
    metrics: CountingMetrics
    loop: EventLoopThread
    server: ForwardServer

    def payloads(self) -> list[dict[str, Any]]:
        """Format, body, environment, gateway and peer of each payload on disk, oldest first."""
        return payloads(self.directory / "spool")

    def since(self, before: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """The payloads that have come since others were listed."""
        seen = list(before)
        found = []
        for payload in self.payloads():
            if payload in seen:
                seen.remove(payload)
            else:
                found.append(payload)
        return found

    def connect(self) -> "Agent":
        return Agent(socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE))


class Agent:
    """A connection that speaks what a test wants to be spoken."""

    def __init__(self, connected: socket.socket) -> None:
        self.socket = connected
        self._unpacker = msgpack.Unpacker(raw=False)

    def __enter__(self) -> "Agent":
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def send(self, message: object) -> None:
        self.socket.sendall(msgpack.packb(message))

    def answer(self) -> Any:
        """The next message of the server; None where it has closed the connection."""
        while True:
            for message in self._unpacker:
                return message
            try:
                data = self.socket.recv(65536)
            except ConnectionResetError:
                return None
            if not data:
                return None
            self._unpacker.feed(data)

    def leave(self) -> None:
        """End the connection; returns when the server has taken in all that came before."""
        self.socket.shutdown(socket.SHUT_WR)
        assert self.is_closed()

    def is_closed(self) -> bool:
        return self.answer() is None


def whole(data: bytes) -> Whole:
    """The message that these bytes are; raises PayloadError where they are none."""
    framer = Framer(max(len(data), 1), PING_PARTS)
    framer.feed(data)
    [message] = framer.messages()
    return message


def admission() -> Admission:
    """A place for a connection that is served by nothing else."""
    admitted = ConnectionLimiter("test", 1, 1, lambda port, reason, peer, message: None).admit("", lambda: None)
    assert admitted is not None
    return admitted


def event_time(seconds: int = MOMENT, nanoseconds: int = 0) -> msgpack.ExtType:
    return msgpack.ExtType(0, struct.pack(">II", seconds, nanoseconds))


def payloads(spool: Path) -> list[dict[str, Any]]:
    found = []
    names = {2: "environment", 3: "gateway", 4: "peer"}
    for path in sorted(spool.iterdir()):
        for frame in frames(path.read_bytes()):
            _, start = read_varint(frame, 0)
            told = {number: bytes(value) for number, value, _ in fields(frame[start:])}
            texts = {name: told.get(number, b"").decode() for number, name in names.items()}
            found.append({"format": path.name.split(".")[1], "body": told.get(15, b""), **texts})
    return found


@contextmanager
def forward(
    directory: Path,
    settings: Mapping[str, Any] | None = None,
    room: int = 1 << 30,
    formats: Formats = FORMATS,
    *,
    keeps_tags: bool = False,
) -> Iterator[ForwardRig]:
    """Settings are those of collector.forward."""
    config = ForwardConfig.model_validate(
        {"listen": "127.0.0.1:0"} | dict(settings or {}), context={"formats": formats}
    )
    chunks = ChunkMemory(directory / "forward" / "chunks", directory / "spool", config.remembered_chunks)
    spool = Spool(directory / "spool", SpoolConfig(max_size=ByteSize(room), segment_age=60))
    metrics = CountingMetrics()
    loop = EventLoopThread("forward")
    delivery = ChunkDelivery(RECEIVER, spool, chunks, metrics)
    server = ForwardServer(Intake(spool, metrics, formats=formats), delivery, config, keeps_tags=keeps_tags)
    loop.run(server.start())
    try:
        yield ForwardRig(server.port, spool, directory, chunks, metrics, loop, server)
    finally:
        loop.run(server.stop())
        loop.close()
        spool.close()
        chunks.close()
        gc.collect()
