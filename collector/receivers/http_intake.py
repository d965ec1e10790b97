"""What the routes of the HTTP port share: a body read within limits, a payload accepted, a fault answered."""

from collections.abc import Awaitable, Callable

from pydantic import BaseModel, ByteSize, ConfigDict, Field
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from collector.receivers.body import decode, read_body
from collector.receivers.hec_config import HecConfig
from collector.receivers.intake import Intake
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

    async def body(self, request: Request, *, may_be_empty: bool = False) -> bytes:
        """The body, unpacked; raises PayloadError, and PayloadTooLarge before more than the limit is read."""
        limit = int(self._config.max_body_size)
        announced = request.headers.get("content-length", "")
        if announced.isdigit() and int(announced) > limit:
            raise PayloadTooLarge(
                f"The body is {announced} bytes, the limit is {limit}; send smaller batches or raise "
                "collector.http.max_body_size."
            )
        body = await read_body(request.stream(), limit)
        if not body and not may_be_empty:
            raise PayloadError("The body is empty; send the telemetry in it.")
        return decode(body, request.headers.get("content-encoding", ""), limit)

    def refused(self, reason: str) -> None:
        """Count a request that a route turns away by itself."""
        self._intake.refused("http", reason)

    async def accept(self, request: Request, format_name: str, body: bytes, key: str = "") -> None:
        """Make a payload durable under what the address says of it; raises SpoolFull.

        The same `key` is stored once, however often it comes.
        """
        query = request.query_params
        address = request.client.host if request.client else ""
        await self._intake.accept(
            "http",
            format_name,
            body,
            peer=query.get("peer", address),
            environment=query.get("environment", self._config.environment),
            gateway=query.get("gateway", ""),
            segment_id=key,
        )

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
