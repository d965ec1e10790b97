"""Work on what a client has sent: where it is much, in a thread, for all others wait for the event loop."""

import asyncio
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from collector.encoding.compression import decode, is_packed
from collector.errors import PayloadTooLarge

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")

# Less is worked on in a few milliseconds, and a thread costs more than it is worth.
LARGE_BYTES = 1 << 20
# Compressed data is about a tenth of its size.
_LARGE_PACKED_BYTES = 64 << 10
# They share one interpreter lock, so more would be no faster, and would take as many times the memory.
_AT_ONCE = 2


class Offload:
    """Must be used on one event loop, in whose default executor it works."""

    def __init__(self) -> None:
        self._room = asyncio.Semaphore(_AT_ONCE)

    async def run(
        self, is_large: bool, work: Callable[Arguments, Result], *args: Arguments.args, **kwargs: Arguments.kwargs
    ) -> Result:
        """What `work` returns or raises; `is_large`: it handles more than LARGE_BYTES, so it runs in a thread."""
        if not is_large:
            return work(*args, **kwargs)
        async with self._room:
            return await asyncio.to_thread(work, *args, **kwargs)

    async def unpacked(self, body: bytes, encoding: str, limit: int) -> bytes:
        """What `decode` makes of a body; raises PayloadError and PayloadTooLarge like it."""
        if not is_packed(encoding):
            return body
        if len(body) <= _LARGE_PACKED_BYTES:
            try:
                return decode(body, encoding, min(limit, LARGE_BYTES))
            except PayloadTooLarge:
                # How much it unpacks to is known only now.
                if limit <= LARGE_BYTES:
                    raise
        return await self.run(True, decode, body, encoding, limit)
