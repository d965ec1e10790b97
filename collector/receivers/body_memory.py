"""How much of the bodies of requests is in memory at a time, however many clients send."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from starlette.requests import ClientDisconnect, Request

from storage.errors import PayloadStalled, ReceiverBusy

# A body that is larger, packed or unpacked, takes one of a few places.
LARGE_BYTES = 4 << 20
# What all others may take together. Beyond it they need a place too, unless they are so small that the server has them
# in memory before anybody asks for them.
_ROOM_BYTES = 128 << 20
_SMALL_BYTES = 64 << 10


@dataclass
class _Held:
    """What a request has of the memory: bytes of the common room, or a place."""

    size: int = 0
    has_place: bool = False


class BodyMemory:
    """Shared by all requests of a port; must be used on one event loop."""

    def __init__(self, places: int, patience: float) -> None:
        """A body waits for one of the `places` for `patience` seconds."""
        self._places = asyncio.Semaphore(places)
        self._patience = patience
        self._held: dict[Request, _Held] = {}
        self._size = 0

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
        if size > LARGE_BYTES or (self._size > _ROOM_BYTES and size > _SMALL_BYTES):
            await self._take_place(held)

    async def counted(self, request: Request, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """The same chunks, for somebody who keeps them; raises what `hold` raises."""
        size = 0
        async for chunk in chunks:
            size += len(chunk)
            await self.hold(request, size)
            yield chunk

    async def _take_place(self, held: _Held) -> None:
        try:
            async with asyncio.timeout(self._patience):
                await self._places.acquire()
        except TimeoutError as error:
            raise ReceiverBusy(
                "As many large bodies as may be are being taken in; send it again in a moment, send smaller batches or "
                "raise collector.http.max_large_bodies."
            ) from error
        held.has_place = True
        self._size -= held.size
        held.size = 0


async def timely(request: Request, seconds: float) -> AsyncIterator[bytes]:
    """The body of a request as it comes; raises PayloadStalled where nothing does for so many seconds."""
    # Not the chunks of `request.stream()`, which asks three times for the smallest body: each time would need a timer.
    is_whole = False
    while not is_whole:
        try:
            async with asyncio.timeout(seconds):
                message = await request.receive()
        except TimeoutError as error:
            raise PayloadStalled(
                f"Nothing of the body has come for {seconds:g} seconds; send it whole, without pauses."
            ) from error
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        is_whole = not message.get("more_body", False)
        if chunk := message.get("body", b""):
            yield chunk
