"""One connection of an agent, from its first byte to its last."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from collector.errors import PayloadError
from collector.intake.chunk_delivery import Body, ChunkDelivery
from collector.intake.offload import LARGE_BYTES, Offload
from collector.receivers.forward.config import ForwardConfig
from collector.receivers.forward.framing import Framer, Whole
from collector.receivers.forward.handshake import PING_PARTS, Handshake
from collector.receivers.forward.lines import Rules
from collector.receivers.forward.memory import LARGE_MESSAGE_BYTES, MessageMemory
from collector.receivers.forward.message import Message, are_slow_to_parse, parse
from collector.receivers.forward.records import Records
from collector.receivers.forward.wire import Wire
from collector.receivers.net.pace import Pace

_HANDSHAKE_SECONDS = 10
_LARGEST_HANDSHAKE = 64 << 10
# From the first byte of a message to its last; and how long it may lag behind a rate. That is higher for one that has a
# place: it would not come whole in time at a lower one.
_MESSAGE_SECONDS = 120
_LAG_SECONDS = 30.0
_BYTES_PER_SECOND = 500
_LAG_SECONDS_WITH_PLACE = 10.0
# An agent has few chunks on their way at a time.
_ANSWERS_AT_ONCE = 100
_BYTES_PER_SECOND_WITH_PLACE = LARGE_MESSAGE_BYTES // _MESSAGE_SECONDS


class HandshakeRefused(Exception):
    """The agent's key or user is wrong; it has been answered."""


@dataclass(frozen=True)
class Shared:
    """What all connections have in common."""

    config: ForwardConfig
    rules: Rules
    delivery: ChunkDelivery
    hostname: str
    memory: MessageMemory
    offload: Offload


class Connection:
    """Serves one agent; raises PayloadError, HandshakeRefused, TimeoutError or OSError where it cannot go on."""

    def __init__(self, wire: Wire, peer: str, shared: Shared) -> None:
        self._wire = wire
        self._peer = peer
        self._shared = shared
        self._limit = int(shared.config.max_chunk_size)
        self._framer = Framer(self._limit)
        self._held = shared.memory.hold()
        self._converting = asyncio.Lock()

    @property
    def is_in_a_message(self) -> bool:
        """Whether the end of a message has not come yet."""
        return bool(self._framer.size)

    async def shake_hands(self) -> None:
        """Let only authenticated clients send."""
        handshake = Handshake(self._shared.config, self._shared.hostname)
        framer = Framer(_LARGEST_HANDSHAKE, PING_PARTS)
        await self._wire.write(handshake.helo())
        async with asyncio.timeout(_HANDSHAKE_SECONDS):
            while not (messages := framer.messages()):
                if not await self._read(framer):
                    raise ConnectionResetError("The client left before it had said who it is.")
        if len(messages) > 1 or framer.size:
            raise PayloadError("The client sent records before it was let in; check that it speaks version 1.")
        pong, refusal = handshake.pong(messages[0])
        await self._wire.write(pong)
        if refusal:
            raise HandshakeRefused(refusal)

    async def serve(self) -> None:
        """Take messages in until the agent leaves.

        Nothing is read while messages wait for room on disk: an agent feels it as a connection that takes no more.
        """
        try:
            while messages := await self._next_messages():
                await self._accept(messages)
                self._held.release()
        finally:
            self._held.release()

    async def _next_messages(self) -> list[Whole]:
        """The messages that have come; none where the agent has left between two."""
        if not self._framer.size:
            self._wire.rest()
            if not await self._read(self._framer):
                return []
        pace = Pace(_LAG_SECONDS, _BYTES_PER_SECOND, time.monotonic())
        async with asyncio.timeout(_MESSAGE_SECONDS):
            while True:
                if messages := self._framer.messages():
                    return messages
                if await self._held.grow(self._framer.size):
                    pace = Pace(_LAG_SECONDS_WITH_PLACE, _BYTES_PER_SECOND_WITH_PLACE, time.monotonic())
                await self._read_more(pace)

    async def _read_more(self, pace: Pace) -> None:
        """Read on in the middle of a message; raises TimeoutError where it lags behind."""
        before = self._framer.size
        pace.wait(now := time.monotonic())
        async with asyncio.timeout(pace.left(now)):
            if not await self._read(self._framer):
                raise ConnectionResetError("The client left in the middle of a message.")
        pace.moved(self._framer.size - before, time.monotonic())

    async def _read(self, framer: Framer) -> bool:
        """Give a framer what has come; False where the agent has left."""
        pieces = await self._wire.read()
        for piece in pieces:
            framer.feed(piece)
        return bool(pieces)

    async def _accept(self, messages: Sequence[Whole]) -> None:
        """Make messages durable, those that want no answer together; answer the others."""
        offload = self._shared.offload
        while messages:
            parsed, messages, malformed = await offload.run(are_slow_to_parse(messages), self._parse, messages)
            unanswered = [message for message in parsed if not message.chunk]
            answered = [message for message in parsed if message.chunk]
            together, too_large = await offload.run(_are_large(unanswered), self._gather, unanswered)
            is_large = _are_large(answered)
            await asyncio.gather(
                self._shared.delivery.deliver(together, self._peer),
                *(self._answer(message, is_large) for message in answered),
            )
            if (fault := too_large or malformed) is not None:
                raise fault

    def _parse(self, messages: Sequence[Whole]) -> tuple[Sequence[Message], Sequence[Whole], PayloadError | None]:
        """The first messages, the rest for the next time, and what is wrong with the first that cannot be read.

        What is packed may hold so much that all of it together would be too much to hold; and each that wants an answer
        is a task of its own; that many would hold up all other connections.
        """
        parsed: list[Message] = []
        number = size = answers = 0
        try:
            while number < len(messages) and size < self._limit and answers < _ANSWERS_AT_ONCE:
                message = parse(messages[number], self._limit)
                number += 1
                if message is not None:
                    parsed.append(message)
                    size += message.size
                    answers += bool(message.chunk)
        except PayloadError as error:
            # The messages before it are taken in all the same.
            return parsed, (), error
        return parsed, messages[number:], None

    def _gather(self, messages: Sequence[Message]) -> tuple[Sequence[Body], PayloadError | None]:
        """The payloads of messages up to the first that grows too large, and what is wrong with that."""
        records = self._records()
        fault = None
        try:
            for message in messages:
                records.add(message)
        except PayloadError as error:
            fault = error
        return records.payloads(), fault

    async def _answer(self, message: Message, is_large: bool) -> None:
        """Make a message durable and answer it, which alone or with the others that have come is large."""

        async def payloads() -> Sequence[Body]:
            # One after the other, so that what came first is handed on first.
            async with self._converting:
                return await self._shared.offload.run(is_large, self._convert, message)

        identity = f"{message.tag}\0{message.chunk}"
        await self._shared.delivery.deliver_once(identity, payloads, self._peer)
        await self._wire.write(msgspec.msgpack.encode({"ack": message.chunk}))

    def _convert(self, message: Message) -> Sequence[Body]:
        records = self._records()
        records.add(message)
        return records.payloads()

    def _records(self) -> Records:
        return Records(self._shared.rules, self._shared.config)


def _are_large(messages: Sequence[Message]) -> bool:
    return sum(message.size for message in messages) > LARGE_BYTES
