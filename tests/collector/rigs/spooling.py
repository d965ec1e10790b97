"""A spool for tests, and payloads into it from a thread that waits."""

from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path

from collector.errors import SpoolFull
from collector.spool.arriving import ArrivingPayload
from collector.spool.config import SpoolConfig
from collector.spool.frame import encode, frames
from collector.spool.payload import Delivery, Payload
from collector.spool.segment import OPEN, Segment
from collector.spool.spool import Spool

MakeSpool = Callable[..., Spool]


def payload_of(body: bytes, format_name: str = "envoy_json") -> Payload:
    return Payload(format_name, body, 1_700_000_000_000_000, "production", "edge", "192.0.2.7")


def bodies_in(path: Path) -> list[bytes]:
    return [bytes(frame) for frame in frames(path.read_bytes())]


def taken_from(spool: Spool) -> list[Segment]:
    found = []
    while segment := spool.take(0):
        found.append(segment)
    return found


def restart_over(directory: Path, suffix: str, delivery: Delivery) -> None:
    """Start and end a spool that finds one segment, with a payload of that delivery where a crash could leave it."""
    directory.mkdir()
    frame, other = encode(Payload("json", b"{}", 1, delivery=delivery)), encode(Payload("json", b"{}", 2))
    data = frame + other if suffix == OPEN else other + frame
    (directory / f"00000000000000000001.json.x{suffix}").write_bytes(data)
    spool = Spool(directory, SpoolConfig())
    for segment in taken_from(spool):
        spool.remove(segment)
    spool.close()


def arrive(arriving: ArrivingPayload, body: bytes) -> None:
    try:
        arriving.write([body])
        arriving.finish()
    except SpoolFull:
        arriving.abandon()
        raise


def append(spool: Spool, payload: Payload) -> "Future[None]":
    """What the spool answers; raises SpoolFull without room."""
    told: Future[None] = Future()

    def tell(error: Exception | None) -> None:
        if error is None:
            told.set_result(None)
        else:
            told.set_exception(error)

    spool.offer(payload, tell)
    return told


def leave_room(spool: Spool, size: int) -> int:
    """As if so much waited for ClickHouse that only so many bytes more have room; returns what the spool then holds."""
    spool._room.add(spool.capacity - spool.size - size)
    return spool.size
