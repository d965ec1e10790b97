"""What the routes of the HTTP port share: a body read within limits, a payload accepted, a fault answered."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Concatenate

from pydantic import BaseModel, ByteSize, ConfigDict, Field
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from collector.receivers.arriving_body import announced_size
from collector.receivers.body import read_body
from collector.receivers.hec_config import HecConfig
from collector.receivers.intake import Intake
from collector.receivers.offload import LARGE_BYTES, Arguments, Result
from collector.receivers.tls import TlsConfig
from storage.errors import PayloadError, PayloadTooLarge, SpoolFull

RETRY_AFTER = {"Retry-After": "1"}


class HttpConfig(BaseModel):
    """OTLP over HTTP, and plain ingest."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    listen: str = Field(default="127.0.0.1:4318", description="Address and port; port 0 picks a free one.")
    max_body_size: ByteSize = Field(
        default=ByteSize(64 << 20), description="Larger bodies, packed or unpacked, are refused."
    )
    environment: str = Field(default="", description="The environment of what arrives here and names none.")
    tls: TlsConfig | None = Field(default=None, description="Without it the port speaks plain HTTP.")
    hec: HecConfig = HecConfig()


class HttpIntake:
    """The way from a request to the intake; each module of routes makes its own."""

    def __init__(self, intake: Intake, config: HttpConfig) -> None:
        self._intake = intake
        self._config = config

    async def body(
        self, request: Request, *, may_be_empty: bool = False, chunks: AsyncIterator[bytes] | None = None
    ) -> bytes:
        """The body, unpacked; raises PayloadError, and PayloadTooLarge before more than the limit is read.

        `chunks` is what comes of it, where somebody has begun to read.
        """
        limit = self.check_size(request)
        body = await read_body(request.stream() if chunks is None else chunks, limit)
        if not body and not may_be_empty:
            raise PayloadError("The body is empty; send the telemetry in it.")
        return await self._intake.offload.unpacked(body, request.headers.get("content-encoding", ""), limit)

    async def converted(
        self,
        body: bytes,
        convert: Callable[Concatenate[bytes, Arguments], Result],
        *args: Arguments.args,
        **kwargs: Arguments.kwargs,
    ) -> Result:
        """What `convert` makes of a body or raises about it; while it is at a large one, other clients are served."""
        return await self._intake.offload.run(len(body) > LARGE_BYTES, convert, body, *args, **kwargs)

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

    async def accept(self, request: Request, format_name: str, body: bytes, key: str = "") -> None:
        """Make a payload durable under what the address says of it; raises SpoolFull.

        The same `key` is stored once, however often it comes.
        """
        await self._intake.accept("http", format_name, body, **self._told(request), segment_id=key)

    async def accept_together(self, request: Request, parts: Sequence[tuple[str, bytes]]) -> None:
        """The same for (format, body) parts of a body: all of them, or none."""
        told = self._told(request)
        await self._intake.accept_together("http", [self._intake.stamped(name, body, **told) for name, body in parts])

    async def accept_arriving(
        self, request: Request, format_name: str, chunks: AsyncIterator[bytes], key: str = ""
    ) -> int:
        """The same for a body that is not packed, while it arrives; returns its size. Raises what `chunks` raises."""
        self.check_size(request)
        size = announced_size(request)
        await self._intake.accept_arriving("http", format_name, chunks, size, **self._told(request), segment_id=key)
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
        try:
            return await handle(request)
        except PayloadTooLarge as error:
            self._intake.refused("http", "too_large")
            return fault(413, str(error))
        except PayloadError as error:
            self._intake.refused("http", "malformed")
            return fault(400, str(error))
        except SpoolFull as error:
            # 503, not 429: OpenTelemetry's Python exporter drops a batch that is answered with 429.
            return fault(503, str(error))
        except ClientDisconnect:
            self._intake.refused("http", "disconnected")
            return fault(400, "The client left before its body had arrived.")
