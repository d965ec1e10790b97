"""From payloads to the spool, once: tried again while there is no room, remembered by the id of their chunk."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence

from collector.payload import Payload
from collector.receivers.forward.chunks import ChunkMemory, key_of
from collector.receivers.forward.records import Kind
from collector.spool.answer import LoopAnswer
from collector.spool.spool import Spool
from collector.telemetry import CollectorMetrics
from storage.errors import SpoolFull

RECEIVER = "forward"

_FIRST_RETRY_SECONDS = 0.1
_LONGEST_RETRY_SECONDS = 2.0

Body = tuple[Kind, bytes]


class Delivery:
    """The receiver's way to the spool; must be used on one event loop.

    It goes past the intake, because it must learn in the spool's own thread that a chunk is durable, before the segment
    can be stored and leave the disk.
    """

    def __init__(
        self,
        spool: Spool,
        chunks: ChunkMemory,
        metrics: CollectorMetrics,
        clock_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        self._spool = spool
        self._chunks = chunks
        self._metrics = metrics
        self._clock_ns = clock_ns
        self._last_us = 0
        self._under_way: dict[bytes, asyncio.Event] = {}

    async def deliver(self, bodies: Sequence[Body], peer: str) -> None:
        """Return when all is durable, however long there is no room for it."""
        for kind, body in bodies:
            await self._append(self._payload(kind, body, peer))

    async def deliver_once(self, identity: str, bodies: Callable[[], Awaitable[Sequence[Body]]], peer: str) -> None:
        """The same, but what has come under this identity before is not looked at again.

        An agent that misses the answer sends the chunk again, maybe while the first is still being written. A chunk of
        several payloads may have come in parts: each of them is remembered as well.
        """
        key = key_of(identity)
        while (other := self._under_way.get(key)) is not None:
            await other.wait()
        if key in self._chunks:
            return
        self._under_way[key] = asyncio.Event()
        try:
            await self._deliver_parts(identity, key, await bodies(), peer)
        finally:
            self._under_way.pop(key).set()

    async def _deliver_parts(self, identity: str, key: bytes, bodies: Sequence[Body], peer: str) -> None:
        if len(bodies) == 1:
            await self._append(self._payload(*bodies[0], peer), key)
            return
        for number, (kind, body) in enumerate(bodies):
            part = key_of(identity, str(number))
            if part not in self._chunks:
                await self._append(self._payload(kind, body, peer), part)
        self._chunks.durable(key)

    async def _append(self, payload: Payload, key: bytes = b"") -> None:
        pause = _FIRST_RETRY_SECONDS
        while True:
            try:
                await self._offer(payload, key)
            except (SpoolFull, OSError):
                if pause == _FIRST_RETRY_SECONDS:
                    self._metrics.refused(RECEIVER, "spool_full")
                await asyncio.sleep(pause)
                pause = min(pause * 2, _LONGEST_RETRY_SECONDS)
            else:
                self._metrics.accepted(RECEIVER, payload.format, len(payload.body))
                return

    def _offer(self, payload: Payload, key: bytes) -> "asyncio.Future[None]":
        answer = LoopAnswer()

        def remember(error: Exception | None) -> None:
            if error is None:
                self._chunks.durable(key)
            answer(error)

        if key:
            self._chunks.begin(key, payload.received_at_us, len(payload.body))
        self._spool.offer(payload, remember if key else answer)
        return answer.told

    def _payload(self, kind: Kind, body: bytes, peer: str) -> Payload:
        # No two received at the same moment: after a crash a payload is found by it.
        self._last_us = max(self._last_us + 1, self._clock_ns() // 1000)
        return Payload(kind.format, body, self._last_us, kind.environment, kind.gateway, kind.instance or peer)
