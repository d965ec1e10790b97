"""The body of a request on its one way: announced, in time, in memory, whole, unpacked."""

from collections.abc import AsyncIterator

from starlette.requests import Request
from xxhash import xxh3_128_digest

from collector.encoding.compression import is_packed
from collector.errors import PayloadError, PayloadTooLarge
from collector.intake.offload import Offload
from collector.receivers.http.body_memory import HELD_BYTES, BodyMemory
from collector.receivers.http.config import HttpConfig
from collector.receivers.net.body import read_body


class RequestBody:
    """What a request carries, read once; all of it raises PayloadError, PayloadTooLarge and ReceiverBusy."""

    def __init__(self, request: Request, config: HttpConfig, memory: BodyMemory, offload: Offload) -> None:
        self._request = request
        self._memory = memory
        self._offload = offload
        self._encoding = request.headers.get("content-encoding", "")
        self._limit = int(config.max_body_size)
        self._chunks = memory.timely(request, config.body_timeout, config.min_rate)
        self._beginning: list[bytes] = []
        # Of its bytes as they were sent, once all of them are there.
        self.digest = b""

    @property
    def announced_size(self) -> int:
        """What the client says that the body takes, packed or not; 0 where it says nothing."""
        announced = self._request.headers.get("content-length", "")
        return int(announced) if announced.isdecimal() else 0

    @property
    def is_packed(self) -> bool:
        return is_packed(self._encoding)

    def check_size(self) -> None:
        """Raise PayloadTooLarge where a body is announced that is larger than the limit."""
        if self.announced_size > self._limit:
            raise PayloadTooLarge(
                f"The body is {self.announced_size} bytes, the limit is {self._limit}; send smaller batches or raise "
                "collector.http.max_body_size."
            )

    async def beginning(self, size: int) -> bytes:
        """About this much of it; it is returned again with the rest."""
        missing = size
        while missing > 0 and (chunk := await anext(self._chunks, None)) is not None:
            self._beginning.append(chunk)
            missing -= len(chunk)
        return b"".join(self._beginning)

    async def chunks(self) -> AsyncIterator[bytes]:
        """The body in chunks, for callers that do not keep them; raises PayloadStalled if it stalls."""
        for chunk in self._beginning:
            yield chunk
        self._beginning.clear()
        async for chunk in self._chunks:
            yield chunk

    async def packed(self) -> bytes:
        """All of it, as it was sent."""
        self.check_size()
        packed = await read_body(self._memory.counted(self._request, self.chunks()), self._limit)
        self.digest = xxh3_128_digest(packed)
        return packed

    async def unpacked(self, *, may_be_empty: bool = False) -> bytes:
        """All of it, unpacked by its Content-Encoding, with no more in memory than its limit."""
        packed = await self.packed()
        if not packed and not may_be_empty:
            raise PayloadError("The body is empty; send the telemetry in it.")
        try:
            # How large it is shows only when it is unpacked, and few bodies are large.
            body = await self._offload.unpacked(packed, self._encoding, min(self._limit, HELD_BYTES))
        except PayloadTooLarge:
            if self._limit <= HELD_BYTES:
                raise
            await self.hold(self._limit)
            return await self._offload.unpacked(packed, self._encoding, self._limit)
        await self.hold(len(body))
        return body

    async def hold(self, size: int) -> None:
        """Wait until there is room in memory for so many bytes of it, unpacked; raises ReceiverBusy."""
        await self._memory.hold(self._request, size)
