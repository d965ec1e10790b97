"""What every receiver does with a payload: stamp it, spool it, count it."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable

from collector.payload import Payload
from collector.receivers.offload import Offload
from collector.spool.answer import LoopAnswer
from collector.spool.spool import Spool
from collector.telemetry import CollectorMetrics
from storage.errors import SpoolFull

# So much is handed to a thread at a time to be written.
_WRITTEN_BYTES = 1 << 20


class Intake:
    """The door to the spool that receivers share."""

    def __init__(self, spool: Spool, metrics: CollectorMetrics, clock_ns: Callable[[], int] = time.time_ns) -> None:
        self._spool = spool
        self._metrics = metrics
        self._clock_ns = clock_ns
        self.offload = Offload()

    async def accept(
        self,
        receiver: str,
        format_name: str,
        body: bytes,
        *,
        peer: str,
        environment: str = "",
        gateway: str = "",
        segment_id: str = "",
    ) -> None:
        """Make a payload durable; it may be acknowledged on return. Raises SpoolFull.

        A `segment_id` from the client makes it a segment of its own: the same id is stored once, however
        often it comes.
        """
        if not segment_id:
            await self.offer(receiver, format_name, body, peer=peer, environment=environment, gateway=gateway)
            return
        payload = Payload(format_name, body, self._clock_ns() // 1000, environment, gateway, peer)
        try:
            await asyncio.to_thread(self._spool.append_segment, segment_id, [payload])
        except SpoolFull:
            self._metrics.refused(receiver, "spool_full")
            raise
        self._metrics.accepted(receiver, format_name, len(body))

    def offer(
        self,
        receiver: str,
        format_name: str,
        body: bytes,
        *,
        peer: str,
        environment: str = "",
        gateway: str = "",
    ) -> "asyncio.Future[None]":
        """Hand a payload over without waiting; it is durable when the future is done. Raises SpoolFull."""
        payload = Payload(format_name, body, self._clock_ns() // 1000, environment, gateway, peer)
        try:
            answer = LoopAnswer()
            self._spool.offer(payload, answer)
        except SpoolFull:
            self._metrics.refused(receiver, "spool_full")
            raise
        self._metrics.accepted(receiver, format_name, len(body))
        return answer.told

    async def accept_arriving(
        self,
        receiver: str,
        format_name: str,
        chunks: AsyncIterator[bytes],
        size: int,
        *,
        peer: str,
        environment: str = "",
        gateway: str = "",
        segment_id: str = "",
    ) -> None:
        """Make a payload of `size` bytes durable while it arrives; like `accept`, and always a segment of its own.

        Where `chunks` raises, nothing of it is kept. Raises SpoolFull.
        """
        payload = Payload(format_name, b"", self._clock_ns() // 1000, environment, gateway, peer)
        try:
            arriving = self._spool.begin(payload, size, segment_id)
            try:
                async for part in _gathered(chunks, _WRITTEN_BYTES):
                    await asyncio.to_thread(arriving.write, part)
                await asyncio.to_thread(arriving.finish)
            except BaseException:
                arriving.abandon()
                raise
        except SpoolFull:
            self._metrics.refused(receiver, "spool_full")
            raise
        self._metrics.accepted(receiver, format_name, size)

    def refused(self, receiver: str, reason: str) -> None:
        """Count a payload that the receiver itself turned away."""
        self._metrics.refused(receiver, reason)


async def _gathered(chunks: AsyncIterator[bytes], size: int) -> AsyncIterator[list[bytes]]:
    """The chunks in lists of about so many bytes."""
    gathered: list[bytes] = []
    waiting = 0
    async for chunk in chunks:
        gathered.append(chunk)
        waiting += len(chunk)
        if waiting >= size:
            yield gathered
            gathered, waiting = [], 0
    if gathered:
        yield gathered
