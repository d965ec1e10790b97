"""OTLP over HTTP, https://opentelemetry.io/docs/specs/otlp/#otlphttp."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from collector.receivers.http_intake import RETRY_AFTER, HttpConfig, HttpIntake
from collector.receivers.intake import Intake
from collector.receivers.protobuf_fields import fields, length_delimited
from collector.spool.frame import varint
from storage.errors import PayloadError

_PROTOBUF = "application/x-protobuf"

# google.rpc.Code, https://github.com/googleapis/googleapis/blob/master/google/rpc/code.proto
_INVALID_ARGUMENT, _RESOURCE_EXHAUSTED = 3, 8


def routes(intake: Intake, config: HttpConfig) -> list[Route]:
    http = HttpIntake(intake, config)

    async def logs(request: Request) -> Response:
        return await http.answer(request, lambda request: _export(http, request), _otlp_fault)

    return [Route("/v1/logs", logs, methods=["POST"])]


async def _export(http: HttpIntake, request: Request) -> Response:
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type != _PROTOBUF:
        raise PayloadError(f"Content-Type {content_type!r} is not taken here; send {_PROTOBUF}.")
    body = await http.body(request)
    for _ in fields(memoryview(body)):
        pass
    await http.accept(request, "otlp_logs", body)
    return Response(b"", media_type=_PROTOBUF)


def _otlp_fault(status: int, message: str) -> Response:
    code = _RESOURCE_EXHAUSTED if status == 503 else _INVALID_ARGUMENT
    body = varint(1 << 3) + varint(code) + length_delimited(2, message.encode())
    headers = RETRY_AFTER if status == 503 else {}
    return Response(body, status_code=status, headers=headers, media_type=_PROTOBUF)
