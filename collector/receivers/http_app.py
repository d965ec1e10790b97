"""The HTTP port: OTLP, and any format under /ingest/{format}."""

import re
from collections.abc import Awaitable, Callable

from pydantic import BaseModel, ByteSize, ConfigDict, Field
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from collector.receivers.body import read_body
from collector.receivers.intake import Intake
from collector.receivers.protobuf_fields import fields, length_delimited
from collector.spool.frame import varint
from collector.transforms.formats import ingestible
from storage.errors import PayloadError, PayloadTooLarge, SpoolFull

_PROTOBUF = "application/x-protobuf"

# google.rpc.Code, https://github.com/googleapis/googleapis/blob/master/google/rpc/code.proto
_INVALID_ARGUMENT, _RESOURCE_EXHAUSTED = 3, 8

# What may name a segment, and so a file.
_KEY = re.compile(r"^[A-Za-z0-9_-]{1,100}$")

_RETRY_AFTER = {"Retry-After": "1"}


class HttpConfig(BaseModel):
    """OTLP over HTTP, and plain ingest."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    listen: str = Field(default="127.0.0.1:4318", description="Address and port; port 0 picks a free one.")
    max_body_size: ByteSize = Field(
        default=ByteSize(64 << 20), description="Larger bodies, packed or unpacked, are refused."
    )
    environment: str = Field(default="", description="The environment of what arrives here and names none.")


def http_app(intake: Intake, config: HttpConfig) -> Starlette:
    """The ASGI application of the HTTP port."""
    handlers = _Handlers(intake, config)
    return Starlette(
        routes=[
            Route("/v1/logs", handlers.otlp_logs, methods=["POST"]),
            Route("/ingest/{format}", handlers.ingest, methods=["POST"]),
        ]
    )


class _Handlers:
    def __init__(self, intake: Intake, config: HttpConfig) -> None:
        self._intake = intake
        self._config = config

    async def otlp_logs(self, request: Request) -> Response:
        """OTLP/HTTP, https://opentelemetry.io/docs/specs/otlp/#otlphttp."""
        return await self._answer(request, self._otlp_logs, _otlp_fault)

    async def ingest(self, request: Request) -> Response:
        return await self._answer(request, self._ingest, _json_fault)

    async def _otlp_logs(self, request: Request) -> Response:
        content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if content_type != _PROTOBUF:
            raise PayloadError(f"Content-Type {content_type!r} is not taken here; send {_PROTOBUF}.")
        body = await self._body(request)
        for _ in fields(memoryview(body)):
            pass
        await self._accept(request, "otlp_logs", body)
        return Response(b"", media_type=_PROTOBUF)

    async def _ingest(self, request: Request) -> Response:
        name = request.path_params["format"]
        known = ingestible().get(name)
        if known is None:
            raise PayloadError(f"Format {name!r} is not known; use one of {', '.join(ingestible())}.")
        body = await self._body(request)
        if known.is_text and b"\0" in body:
            raise PayloadError(f"The body is binary, and {name} is lines of text; check the format in the address.")
        key = request.headers.get("idempotency-key", "")
        if key and not _KEY.match(key):
            raise PayloadError("Idempotency-Key may hold up to 100 letters, digits, '-' and '_'.")
        await self._accept(request, name, body, key)
        return JSONResponse({"accepted_bytes": len(body)})

    async def _body(self, request: Request) -> bytes:
        limit = int(self._config.max_body_size)
        announced = request.headers.get("content-length", "")
        if announced.isdigit() and int(announced) > limit:
            raise PayloadTooLarge(
                f"The body is {announced} bytes, the limit is {limit}; send smaller batches or raise "
                "collector.http.max_body_size."
            )
        return await read_body(request.stream(), request.headers.get("content-encoding", ""), limit)

    async def _accept(self, request: Request, format_name: str, body: bytes, key: str = "") -> None:
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

    async def _answer(
        self,
        request: Request,
        handle: Callable[[Request], Awaitable[Response]],
        fault: Callable[[int, str], Response],
    ) -> Response:
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


def _headers(status: int) -> dict[str, str]:
    return _RETRY_AFTER if status == 503 else {}


def _json_fault(status: int, message: str) -> Response:
    return JSONResponse({"error": message}, status_code=status, headers=_headers(status))


def _otlp_fault(status: int, message: str) -> Response:
    code = _RESOURCE_EXHAUSTED if status == 503 else _INVALID_ARGUMENT
    body = varint(1 << 3) + varint(code) + length_delimited(2, message.encode())
    return Response(body, status_code=status, headers=_headers(status), media_type=_PROTOBUF)
