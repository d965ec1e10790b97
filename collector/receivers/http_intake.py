"""What the routes of the HTTP port share: a body read within limits, a payload accepted, a fault answered."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Concatenate

from pydantic import ByteSize, Field
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from collector.payload import Payload
from collector.receivers.arriving_body import announced_size
from collector.receivers.body import read_body
from collector.receivers.body_memory import HELD_BYTES, BodyMemory
from collector.receivers.hec_config import HecConfig
from collector.receivers.idempotency import KeyedBody, UnderWay
from collector.receivers.intake import Intake
from collector.receivers.net.limits import HttpLimits
from collector.receivers.offload import LARGE_BYTES, Arguments, Result
from collector.receivers.sender_tokens import SenderTokenMode
from collector.receivers.tls import TlsConfig
from collector.records.place import Part
from collector.spool.arriving import ArrivingPayload
from storage.errors import DeliveryConflict, PayloadError, PayloadStalled, PayloadTooLarge, ReceiverBusy, SpoolFull

RETRY_AFTER = {"Retry-After": "1"}

# Each costs an insert of its own: beyond so many, those who want one wait.
_MOST_SEGMENTS_WAITING = 8

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


class HttpConfig(HttpLimits):
    """OTLP over HTTP, and plain ingest."""

    listen: str = Field(default="127.0.0.1:4318", description="Address and port; port 0 picks a free one.")
    sender_tokens: SenderTokenMode = Field(
        default="auto", description="Whether senders need a token; auto: on other addresses than those of loopback."
    )
    allow_unauthenticated: bool = Field(default=False, description="Take telemetry from anybody, on whatever address.")
    allowed_hosts: tuple[str, ...] = Field(
        default=(), description="Names under which the port answers, beside those of loopback and addresses."
    )
    max_body_size: ByteSize = Field(
        default=ByteSize(64 << 20), description="Larger bodies, packed or unpacked, are refused."
    )
    max_large_bodies: int = Field(
        default=4, ge=1, le=1000, description="How many bodies of more than 4 MiB are in memory at a time."
    )
    large_body_wait: float = Field(
        default=5.0, ge=0, le=60, description="Seconds that a large body waits for others; then it is to come again."
    )
    environment: str = Field(default="", description="The environment of what arrives here and names none.")
    tls: TlsConfig | None = Field(default=None, description="Without it the port speaks plain HTTP.")
    hec: HecConfig = HecConfig()


class HttpIntake:
    """The way from a request to the intake; each module of routes makes its own."""

    def __init__(self, intake: Intake, config: HttpConfig, memory: BodyMemory) -> None:
        self._intake = intake
        self._config = config
        self._memory = memory
        self._under_way = UnderWay()

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

    async def accept_together(self, request: Request, parts: Sequence[Part]) -> None:
        """The same for the parts of a body: all of them, or none."""
        told = self._told(request)
        await self._intake.accept_together("http", [self._stamped(part, told) for part in parts])

    async def accept_once(self, request: Request, keyed: KeyedBody, parts: Sequence[Part]) -> None:
        """The same for a body with a key: what is durable of it is not stored again.

        Raises DeliveryConflict where the key is that of another body, ReceiverBusy where too many want a segment.
        """
        told = self._told(request)
        async with self._under_way.alone(keyed.key):
            missing = self._intake.deliveries.missing(keyed.key, keyed.digest, len(parts))
            payloads = {
                number: replace(self._stamped(part, told), delivery=keyed.delivery(number, len(parts)))
                for number, part in enumerate(parts)
                if number in missing
            }
            if not payloads:
                return
            if keyed.owns_segment:
                self._check_backlog()
                for number, payload in payloads.items():
                    await self._intake.accept_segment("http", keyed.segment_id(number), payload)
            else:
                await self._intake.accept_together("http", list(payloads.values()))

    async def accept_arriving(
        self, request: Request, format_name: str, chunks: AsyncIterator[bytes], keyed: KeyedBody | None
    ) -> int:
        """The same for a body that is not packed, while it arrives; returns its size. Raises what `chunks` raises."""
        self.check_size(request)
        size = announced_size(request)
        payload = self._intake.stamped(format_name, b"", **self._told(request))
        if keyed is None:
            await self._intake.accept_arriving("http", payload, chunks, size)
            return size
        if keyed.owns_segment:
            self._check_backlog()

        async def finish(arriving: ArrivingPayload) -> bool:
            async with self._under_way.alone(keyed.key):
                if not self._intake.deliveries.missing(keyed.key, keyed.digest, 1):
                    arriving.abandon()
                    return False
                await asyncio.to_thread(arriving.finish, keyed.segment_id(), keyed.delivery())
                return True

        await self._intake.accept_arriving("http", payload, keyed.noted(chunks), size, finish)
        return size

    def _check_backlog(self) -> None:
        if self._intake.backlog >= _MOST_SEGMENTS_WAITING:
            raise ReceiverBusy(
                f"{_MOST_SEGMENTS_WAITING} segments wait to be stored, and one more would delay what others send; send "
                "it again in a moment, or without own_segment."
            )

    def _stamped(self, part: Part, told: Mapping[str, str]) -> Payload:
        """What the records say of their place comes before what the address says."""
        gateway, peer = part.place.gateway or told["gateway"], part.place.instance or told["peer"]
        environment = told["environment"]
        return self._intake.stamped(part.format, part.body, peer=peer, environment=environment, gateway=gateway)

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
