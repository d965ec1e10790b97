"""From payloads to the spool, once: tried again while there is no room, remembered by the id of their chunk."""

import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from collector.errors import PayloadTooLarge, SpoolFull
from collector.intake.chunk_memory import ChunkMemory, key_of
from collector.intake.intake import UNTIL_TAKEN
from collector.intake.keyed_body import UnderWay
from collector.spool.answer import LoopAnswer
from collector.spool.payload import Payload
from collector.spool.spool import Spool
from collector.telemetry import CollectorMetrics
from storage.retry import retry_async


@dataclass(frozen=True, order=True)
class Kind:
    """What the records of a payload have in common."""

    format: str
    environment: str
    gateway: str
    # '' where the peer of the connection is not to be replaced.
    instance: str = ""
    # '' where nothing asks for it.
    tag: str = ""


Body = tuple[Kind, bytes]


class ChunkDelivery:
    """The way to the spool of a receiver whose senders name their chunks; must be used on one event loop.

    Beside `Intake`, because it must learn in the spool's own thread that a chunk is durable, before the segment can be
    stored and leave the disk.
    """

    def __init__(
        self,
        receiver: str,
        spool: Spool,
        chunks: ChunkMemory,
        metrics: CollectorMetrics,
        clock_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        """`receiver` is the name that payloads are counted under."""
        self._receiver = receiver
        self._spool = spool
        self._chunks = chunks
        self._metrics = metrics
        self._clock_ns = clock_ns
        self._last_us = 0
        self._under_way = UnderWay()

    async def deliver(self, bodies: Sequence[Body], peer: str) -> None:
        """Return when all is durable, however long there is no room for it; what no spool could hold is dropped."""
        for kind, body in bodies:
            await self._append(self._payload(kind, body, peer))

    async def deliver_once(self, identity: str, bodies: Callable[[], Awaitable[Sequence[Body]]], peer: str) -> None:
        """The same, but what has come under this identity before is not looked at again.

        An agent that misses the answer sends the chunk again, maybe while the first is still being written. A chunk of
        several payloads may have come in parts: each of them is remembered as well.
        """
        key = key_of(identity)
        async with self._under_way.alone(key):
            if key in self._chunks:
                self._metrics.repeated(self._receiver)
            else:
                await self._deliver_parts(identity, key, await bodies(), peer)

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
        is_counted = False

        def failed(error: Exception, pause: float) -> None:
            nonlocal is_counted
            if not is_counted:
                self._metrics.refused(self._receiver, "spool_full", payload.peer, str(error))
            is_counted = True

        try:
            await retry_async(lambda: self._offer(payload, key), UNTIL_TAKEN, _is_disk_full, failed)
        except PayloadTooLarge as error:
            # The protocol has no word for it: an agent would send it again for ever, and nothing behind it.
            self._metrics.refused(self._receiver, "too_large", payload.peer, str(error))
            return
        self._metrics.accepted(self._receiver, payload.format, len(payload.body))

    async def _offer(self, payload: Payload, key: bytes) -> None:
        answer = LoopAnswer()

        def remember(error: Exception | None) -> None:
            if error is None:
                self._chunks.durable(key)
            answer(error)

        if key:
            self._chunks.begin(key, payload.received_at_us, len(payload.body))
        self._spool.offer(payload, remember if key else answer)
        await answer.future

    def _payload(self, kind: Kind, body: bytes, peer: str) -> Payload:
        # No two received at the same moment: after a crash a payload is found by it.
        self._last_us = max(self._last_us + 1, self._clock_ns() // 1000)
        sender = kind.instance or peer
        return Payload(
            kind.format,
            body,
            self._last_us,
            kind.environment,
            kind.gateway,
            # instance_of_peer leaves out what stands behind the slash.
            f"{sender}/tag:{kind.tag}" if kind.tag else sender,
        )


def _is_disk_full(error: Exception) -> bool:
    # The note on a chunk goes to the same disk.
    return isinstance(error, (SpoolFull, OSError))
