"""What the routes of the HTTP port share: a body read within limits, a payload accepted, a fault answered."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Concatenate

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from collector.errors import DeliveryConflict, PayloadStalled, PayloadTooLarge, ReceiverBusy, SpoolFull
from collector.intake.intake import Intake
from collector.intake.keyed_body import KeyedBody
from collector.intake.offload import LARGE_BYTES, Arguments, Result
from collector.receivers.http.arriving_body import announced_size
from collector.receivers.http.body_memory import HELD_BYTES, BodyMemory
from collector.receivers.http.config import HttpConfig
from collector.receivers.net.body import read_body
from storage.errors import PayloadError

RETRY_AFTER = {"Retry-After": "1"}

# Status and reason, the first that fits. 503, not 429: OpenTelemetry's Python exporter drops a batch that is answered
# with 429.
_REFUSALS: dict[type[Exception], tuple[int, str]] = {
    PayloadStalled: (408, "stalled"),
    PayloadTooLarge: (413, "too_large"),
    DeliveryConflict: (409, "key_reused"),
    PayloadError: (400, "malformed"),
    ReceiverBusy: (503, "busy"),
    SpoolFull: (503, "spool_full"),
}


class HttpIntake:
    """The way from a request to the intake; each module of routes makes its own."""

    def __init__(self, intake: Intake, config: HttpConfig, memory: BodyMemory) -> None:
        self._intake = intake
        self._config = config
        self._memory = memory

    def chunks(self, request: Request) -> AsyncIterator[bytes]:
        """The body as it comes; raises PayloadStalled where it does not."""
        return self._memory.timely(request, self._config.body_timeout, self._config.min_rate)

    async def body(
        self, request: Request, *, may_be_empty: bool = False, chunks: AsyncIterator[bytes] | None = None
    ) -> bytes:
        """The body, unpacked; raises PayloadError, PayloadTooLarge before more than the limit is read, ReceiverBusy.

        `chunks` is what comes of it, where somebody has begun to read.
        """
        packed = await self.packed_body(request, chunks)
        if not packed and not may_be_empty:
            raise PayloadError("The body is empty; send the telemetry in it.")
        return await self._unpacked(request, packed)

    async def converted(
        self,
        body: bytes,
        convert: Callable[Concatenate[bytes, Arguments], Result],
        *args: Arguments.args,
        **kwargs: Arguments.kwargs,
    ) -> Result:
        """What `convert` makes of a body or raises about it; while it is at a large one, other clients are served."""
        return await self._intake.offload.run(len(body) > LARGE_BYTES, convert, body, *args, **kwargs)

    async def packed_body(self, request: Request, chunks: AsyncIterator[bytes] | None = None) -> bytes:
        """The body as it was sent; raises what `body` raises."""
        limit = self.check_size(request)
        return await read_body(self._memory.counted(request, chunks or self.chunks(request)), limit)

    async def hold(self, request: Request, size: int) -> None:
        """Wait until there is room in memory for a body of so many bytes, unpacked; raises ReceiverBusy."""
        await self._memory.hold(request, size)

    async def _unpacked(self, request: Request, packed: bytes) -> bytes:
        encoding, limit = request.headers.get("content-encoding", ""), int(self._config.max_body_size)
        unpacked = self._intake.offload.unpacked
        try:
            # How large it is shows only when it is unpacked, and few bodies are large.
            body = await unpacked(packed, encoding, min(limit, HELD_BYTES))
        except PayloadTooLarge:
            if limit <= HELD_BYTES:
                raise
            await self.hold(request, limit)
            return await unpacked(packed, encoding, limit)
        await self.hold(request, len(body))
        return body

    def check_size(self, request: Request) -> int:
        """The largest size of a body; raises PayloadTooLarge where a larger one is announced."""
        limit, announced = int(self._config.max_body_size), announced_size(request)
        if announced > limit:
            raise PayloadTooLarge(
                f"The body is {announced} bytes, the limit is {limit}; send smaller batches or raise "
                "collector.http.max_body_size."
            )
        return limit

    def refused(self, reason: str) -> None:
        """Count a request that a route turns away by itself."""
        self._intake.refused("http", reason)

    async def accept(self, request: Request, format_name: str, body: bytes) -> None:
        """Make a payload durable under what the address says of it; raises SpoolFull."""
        await self._intake.accept("http", format_name, body, **self._told(request))

    async def accept_together(self, request: Request, parts: Sequence[tuple[str, bytes]]) -> None:
        """The same for (format, body) parts of a body: all of them, or none."""
        told = self._told(request)
        await self._intake.accept_together("http", [self._intake.stamped(name, body, **told) for name, body in parts])

    async def accept_once(self, request: Request, keyed: KeyedBody, parts: Sequence[tuple[str, bytes]]) -> None:
        """The same for a body with a key: what is durable of it is not stored again. Raises what the intake raises."""
        told = self._told(request)
        await self._intake.accept_once(
            "http", keyed, [self._intake.stamped(name, body, **told) for name, body in parts]
        )

    async def accept_arriving(
        self, request: Request, format_name: str, chunks: AsyncIterator[bytes], keyed: KeyedBody | None
    ) -> int:
        """The same for a body that is not packed, while it arrives; returns its size. Raises what `chunks` raises."""
        self.check_size(request)
        size = announced_size(request)
        payload = self._intake.stamped(format_name, b"", **self._told(request))
        await self._intake.accept_arriving("http", payload, chunks, size, keyed)
        return size

    def _told(self, request: Request) -> dict[str, str]:
        """What the address says of a payload, and where it does not, the connection and the settings."""
        query = request.query_params
        return {
            "peer": query.get("peer", request.client.host if request.client else ""),
            "environment": query.get("environment", self._config.environment),
            "gateway": query.get("gateway", ""),
        }

    async def answer(
        self,
        request: Request,
        handle: Callable[[Request], Awaitable[Response]],
        fault: Callable[[int, str], Response],
    ) -> Response:
        """What `handle` answers; what it raises is counted and told by `fault`, from a status and a message."""
        with self._memory.released(request):
            try:
                return await handle(request)
            except (PayloadError, ReceiverBusy, SpoolFull) as error:
                return self._refusal(error, fault)
            except ClientDisconnect:
                self._intake.refused("http", "disconnected")
                return fault(400, "The client left before its body had arrived.")

    def _refusal(self, error: Exception, fault: Callable[[int, str], Response]) -> Response:
        status, reason = next(answer for kind, answer in _REFUSALS.items() if isinstance(error, kind))
        if not isinstance(error, SpoolFull):
            # That one has been counted where it was raised.
            self._intake.refused("http", reason)
        response = fault(status, str(error))
        if isinstance(error, PayloadStalled):
            # Nobody waits for the rest.
            response.headers["Connection"] = "close"
        return response
