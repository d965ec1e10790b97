"""What every receiver does with a payload: stamp it, spool it, count it."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace

from collector.errors import ReceiverBusy, SpoolFull
from collector.formats.formats import FORMATS
from collector.formats.prometheus.families import Families
from collector.formats.registry import Formats
from collector.intake.keyed_body import KnownBody, UnderWay
from collector.intake.offload import Offload
from collector.spool.answer import Answer, LoopAnswer
from collector.spool.arriving import ArrivingPayload
from collector.spool.framing import FRAME_BYTES
from collector.spool.payload import Payload
from collector.spool.spool import Spool
from collector.telemetry import CollectorMetrics
from storage.retry import Backoff, retry_async

# How much is handed to a thread at a time to be written.
_WRITTEN_BYTES = 1 << 20

# How much of a body is held while it arrives.
ARRIVING_BYTES = FRAME_BYTES

# Each segment of a sender's own costs an insert of its own: beyond so many, those who want one wait.
_MOST_SEGMENTS_WAITING = 8

# How often payloads that the disk refused are offered again.
_REST_OFFERED = Backoff(first=1.0, longest=1.0, tries=31)
# What senders cannot be asked to send again is offered until it is taken.
UNTIL_TAKEN = Backoff(first=0.1, longest=2.0)


class Intake:
    """The door to the spool that receivers share; its coroutines must be used on one event loop."""

    def __init__(
        self,
        spool: Spool,
        metrics: CollectorMetrics,
        clock_ns: Callable[[], int] = time.time_ns,
        formats: Formats = FORMATS,
        families: Families | None = None,
    ) -> None:
        """`families` has the metadata of metrics that senders describe."""
        self._spool = spool
        self._metrics = metrics
        self._clock_ns = clock_ns
        self._under_way = UnderWay()
        self.formats = formats
        self.families = families or Families()
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
    ) -> None:
        """Make a payload durable; it may be acknowledged on return. Raises SpoolFull."""
        payload = self.stamped(format_name, body, peer=peer, environment=environment, gateway=gateway)
        await self.offer(receiver, [payload])[0]

    async def accept_segment(self, receiver: str, segment_id: str, payloads: Sequence[Payload]) -> None:
        """Make payloads of one format durable as a segment of their own, which is stored once however often it comes.

        Raises SpoolFull.
        """
        try:
            await asyncio.to_thread(self._spool.append_segment, segment_id, payloads)
        except SpoolFull as error:
            self._spool_full(receiver, payloads[0], error)
            raise
        for payload in payloads:
            self._metrics.accepted(receiver, payload.format, len(payload.body))

    async def accept_once(self, receiver: str, known: KnownBody, payloads: Sequence[Payload]) -> None:
        """The payloads of a body that is known when it comes again: what is durable of it is not stored again.

        Raises DeliveryConflict where its key is that of another body, ReceiverBusy where too many want a segment.
        """
        async with self._under_way.alone(known.key):
            parts = len(payloads)
            missing = {
                number: replace(payloads[number], delivery=known.delivery(number, parts))
                for number in self._missing(known, parts)
            }
            if not missing:
                self._metrics.repeated(receiver)
            elif known.owns_segment:
                self._check_backlog()
                for number, payload in missing.items():
                    await self.accept_segment(receiver, known.segment_id(number), [payload])
            else:
                await self.accept_together(receiver, list(missing.values()))

    def _missing(self, known: KnownBody, parts: int) -> Sequence[int]:
        since_us = 0 if known.window_us is None else self._clock_ns() // 1000 - known.window_us
        return self._spool.deliveries.missing(known.key, known.digest, parts, since_us)

    async def accept_together(self, receiver: str, payloads: Sequence[Payload]) -> None:
        """Make payloads durable that a client sends as one, and sends again as one. Raises SpoolFull for all of them.

        What the disk does not take, while it has taken others, is offered again for a while.
        """
        if len(payloads) == 1:
            await self.offer(receiver, payloads)[0]
            return
        waiting = payloads

        async def offer() -> None:
            nonlocal waiting
            waiting, fault = await self._try(receiver, waiting)
            if fault is not None:
                raise fault

        await retry_async(offer, _REST_OFFERED, lambda error: len(waiting) < len(payloads))

    async def _try(self, receiver: str, payloads: Sequence[Payload]) -> tuple[Sequence[Payload], BaseException | None]:
        """The payloads that are not durable, and why one of them is not."""
        try:
            answers = await asyncio.gather(*self.offer(receiver, payloads), return_exceptions=True)
        except SpoolFull as error:
            return payloads, error
        failed = [(payload, answer) for payload, answer in zip(payloads, answers, strict=True) if answer is not None]
        return [payload for payload, _ in failed], next((answer for _, answer in failed), None)

    def stamped(self, format_name: str, body: bytes, *, peer: str, environment: str = "", gateway: str = "") -> Payload:
        """A payload that is received now."""
        return Payload(format_name, body, self._clock_ns() // 1000, environment, gateway, peer)

    def offer(self, receiver: str, payloads: Sequence[Payload]) -> "list[asyncio.Future[None]]":
        """Hand payloads over without waiting; each is durable when its future is done. Raises SpoolFull for all."""
        answers = [LoopAnswer() for _ in payloads]
        offered = [
            (payload, self._counted(receiver, payload, answer))
            for payload, answer in zip(payloads, answers, strict=True)
        ]
        try:
            self._spool.offer_all(offered)
        except SpoolFull as error:
            self._spool_full(receiver, payloads[0], error)
            raise
        return [answer.future for answer in answers]

    def _counted(self, receiver: str, payload: Payload, answer: Answer) -> Answer:
        def counted(error: Exception | None) -> None:
            if error is None:
                self._metrics.accepted(receiver, payload.format, len(payload.body))
            else:
                self._spool_full(receiver, payload, error)
            answer(error)

        return counted

    async def accept_arriving(
        self, receiver: str, payload: Payload, chunks: AsyncIterator[bytes], size: int, known: KnownBody | None = None
    ) -> None:
        """Make a payload whose body comes in chunks of `size` bytes together durable, as a segment of its own.

        Where `chunks` raises, nothing of it is kept. One that is known is stored once. Raises what `accept_once`
        raises, and SpoolFull.
        """
        if known is not None:
            if known.owns_segment:
                self._check_backlog()
            chunks = known.noted(chunks)
        try:
            arriving = self._spool.begin(payload, size, has_delivery=known is not None)
            try:
                async for part in _gathered(chunks, _WRITTEN_BYTES):
                    await asyncio.to_thread(arriving.write, part)
                is_new = await self._finish(arriving, known)
            except BaseException:
                arriving.abandon()
                raise
        except SpoolFull as error:
            self._spool_full(receiver, payload, error)
            raise
        if is_new:
            self._metrics.accepted(receiver, payload.format, size)
        else:
            self._metrics.repeated(receiver)

    async def _finish(self, arriving: ArrivingPayload, known: KnownBody | None) -> bool:
        """End a payload that has come whole; returns whether it is new."""
        if known is None:
            await asyncio.to_thread(arriving.finish)
            return True
        async with self._under_way.alone(known.key):
            if not self._missing(known, 1):
                arriving.abandon()
                return False
            await asyncio.to_thread(arriving.finish, known.segment_id(), known.delivery())
            return True

    def _check_backlog(self) -> None:
        if self._spool.backlog >= _MOST_SEGMENTS_WAITING:
            raise ReceiverBusy(
                f"{_MOST_SEGMENTS_WAITING} segments wait to be stored, and one more would delay what others send; send "
                "it again in a moment, or without own_segment."
            )

    def _spool_full(self, receiver: str, payload: Payload, error: Exception) -> None:
        self._metrics.refused(receiver, "spool_full", payload.peer, str(error))

    def refused(self, receiver: str, reason: str, peer: str = "", message: str = "") -> None:
        """Count a payload that the receiver itself turned away; with a message it is remembered whose it was."""
        self._metrics.refused(receiver, reason, peer, message)

    def note_refusal(self, receiver: str, reason: str, peer: str, message: str, is_counted: bool) -> None:
        """Remember who sent a refused payload, and count it if that has not been done."""
        if is_counted:
            self._metrics.refusals.add(receiver, reason, peer, message)
        else:
            self._metrics.refused(receiver, reason, peer, message)

    def connection_refused(self, port: str, reason: str, peer: str, message: str) -> None:
        """Count a connection that a port turned away or cut."""
        self._metrics.connection_refused(port, reason, peer, message)


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


def is_spool_full(error: Exception) -> bool:
    """Whether a payload was not taken for want of room, and may be a little later."""
    return isinstance(error, SpoolFull)
