"""How much of the bodies of requests is in memory at a time, however many clients send."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from starlette.requests import ClientDisconnect, Request
from starlette.types import Message

from collector.errors import PayloadStalled, ReceiverBusy
from collector.receivers.net.http_body import WHOLE_BODY
from collector.receivers.net.pace import Pace

# A body that is larger, packed or unpacked, takes one of a few places.
HELD_BYTES = 4 << 20
# What all others may take together. Beyond it they need a place too, unless they are so small that the server has them
# in memory before anybody asks for them.
_ROOM_BYTES = 128 << 20
_SMALL_BYTES = 64 << 10
# While others wait for room, a body that is not small must not lag behind this rate for longer than that.
_CONTENDED_RATE = 64 << 10
_CONTENDED_GRACE_SECONDS = 2.0
_LOOK_SECONDS = 1.0


@dataclass
class _Held:
    """What a request has of the memory: bytes of the common room, or a place."""

    size: int = 0
    has_place: bool = False
    pace: Pace | None = None
    # While more of the body is waited for.
    awaited: asyncio.Timeout | None = None
    is_revoked: bool = False

    def wait(self, now: float) -> None:
        """More of the body is waited for; what takes little room may take its time."""
        if self.pace is not None:
            self.pace.wait(now)
        elif self.has_place or self.size > _SMALL_BYTES:
            self.pace = Pace(_CONTENDED_GRACE_SECONDS, _CONTENDED_RATE, now)

    def is_too_slow(self, now: float) -> bool:
        """Whether others could use the room of the body sooner."""
        return self.pace is not None and self.pace.left(now) < 0


class BodyMemory:
    """Shared by all requests of a port; must be used on one event loop."""

    def __init__(self, places: int, patience: float) -> None:
        """A body waits for one of the `places` for `patience` seconds."""
        self._places = asyncio.Semaphore(places)
        self._patience = patience
        self._held: dict[Request, _Held] = {}
        self._size = 0
        self._waiting = 0
        self._looking: asyncio.TimerHandle | None = None

    @contextmanager
    def released(self, request: Request) -> Iterator[None]:
        """Give back at the end what a request has taken."""
        held = self._held[request] = _Held()
        try:
            yield
        finally:
            del self._held[request]
            self._size -= held.size
            if held.has_place:
                self._places.release()

    async def hold(self, request: Request, size: int) -> None:
        """Say that the body of a request takes so many bytes by now; raises ReceiverBusy where no place gets free."""
        held = self._held[request]
        if held.has_place:
            return
        self._size += size - held.size
        held.size = size
        if size > HELD_BYTES or (self._size > _ROOM_BYTES and size > _SMALL_BYTES):
            await self._take_place(held)

    async def counted(self, request: Request, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """The same chunks, for callers that keep them; raises what `hold` raises."""
        size = 0
        async for chunk in chunks:
            size += len(chunk)
            await self.hold(request, size)
            yield chunk

    async def timely(self, request: Request, seconds: float, rate: float) -> AsyncIterator[bytes]:
        """The body of a request as it comes; raises PayloadStalled where it lags behind a rate for so many seconds.

        Raises ReceiverBusy where it comes too slowly for the room that it takes while others wait for theirs.
        """
        # Not the chunks of `request.stream()`, which asks three times for the smallest body: each time would need a
        # timer.
        held = self._held[request]
        pace = Pace(seconds, rate, time.monotonic())
        # Nor does one that need not be waited for.
        is_there = request.scope.get("extensions") is WHOLE_BODY
        is_whole = False
        while not is_whole:
            message = await (request.receive() if is_there else self._next_message(request, held, pace))
            if message is None:
                raise PayloadStalled(
                    f"The body came too slowly, at less than {rate:g} bytes a second for {seconds:g} seconds; send it "
                    "whole, without pauses."
                )
            if message["type"] == "http.disconnect":
                raise ClientDisconnect
            is_whole = not message.get("more_body", False)
            if chunk := message.get("body", b""):
                pace.moved(len(chunk), now := time.monotonic())
                if held.pace is not None:
                    held.pace.moved(len(chunk), now)
                yield chunk

    async def _next_message(self, request: Request, held: _Held, pace: Pace) -> Message | None:
        """What the server has next of a request; None where nothing comes in time."""
        now = time.monotonic()
        pace.wait(now)
        held.wait(now)
        try:
            async with asyncio.timeout(pace.left(now)) as held.awaited:
                return await request.receive()
        except TimeoutError as error:
            if held.is_revoked:
                raise ReceiverBusy(
                    "The body came too slowly while others waited for room in memory; send it again, faster or in "
                    "smaller batches."
                ) from error
            return None
        finally:
            held.awaited = None

    async def _take_place(self, held: _Held) -> None:
        self._waiting += 1
        if self._waiting == 1:
            self._look_later()
        try:
            async with asyncio.timeout(self._patience):
                await self._places.acquire()
        except TimeoutError as error:
            raise ReceiverBusy(
                "As many large bodies as may be are being taken in; send it again in a moment, send smaller batches or "
                "raise collector.http.max_large_bodies."
            ) from error
        finally:
            self._waiting -= 1
            if not self._waiting and self._looking is not None:
                self._looking.cancel()
        held.has_place = True
        self._size -= held.size
        held.size = 0

    def _look_later(self) -> None:
        self._looking = asyncio.get_running_loop().call_later(_LOOK_SECONDS, self._revoke)

    def _revoke(self) -> None:
        """Refuse bodies that are too slow for the memory they hold, while others wait for some."""
        now = time.monotonic()
        for held in self._held.values():
            if held.is_too_slow(now) and held.awaited is not None and not held.awaited.expired():
                held.is_revoked = True
                held.awaited.reschedule(asyncio.get_running_loop().time())
        self._look_later()
