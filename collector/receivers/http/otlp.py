"""OTLP over HTTP, https://opentelemetry.io/docs/specs/otlp/#otlphttp: three signals, in Protobuf or JSON.

Of the codes that ask a client to come again, 503 is the only one that is ever sent.
"""

from collections.abc import Awaitable, Callable
from functools import partial

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from collector.formats.otlp.descriptor import JSON_SIGNALS
from collector.formats.otlp.json_check import check_json
from collector.intake.intake import Intake
from collector.receivers.http.body import RequestBody
from collector.receivers.http.body_memory import BodyMemory
from collector.receivers.http.config import HttpConfig
from collector.receivers.http.request import RETRY_AFTER, HttpIntake
from collector.receivers.otlp import (
    FORMATS,
    INVALID_ARGUMENT,
    LOGS,
    RESOURCE_EXHAUSTED,
    check_protobuf,
    json_status,
    status,
)
from collector.receivers.otlp_bodies import LogBodies

_PROTOBUF = "application/x-protobuf"
_JSON = "application/json"
_LONGEST_SHOWN = 100


def routes(intake: Intake, config: HttpConfig, memory: BodyMemory) -> list[Route]:
    http = HttpIntake(intake, config, memory)
    bodies = LogBodies(intake.formats)
    return [
        Route(f"/v1/{signal}", _export(http, signal, bodies if signal == LOGS else None), methods=["POST"])
        for signal in FORMATS
    ]


def _export(http: HttpIntake, signal: str, bodies: LogBodies | None) -> Callable[[Request], Awaitable[Response]]:
    """`bodies` looks into those of log records."""

    async def protobuf(request: Request, body: RequestBody) -> Response:
        message = await body.unpacked(may_be_empty=True)
        await http.converted(message, check_protobuf)
        if parts := await http.converted(message, bodies.of_protobuf) if bodies else {}:
            await http.accept_of_environments(request, body, message, parts)
        elif message:
            await http.accept(request, body, FORMATS[signal], message)
        return Response(b"", media_type=_PROTOBUF)

    async def json(request: Request, body: RequestBody) -> Response:
        message = await body.unpacked()
        await http.converted(message, partial(check_json, signal))
        if parts := await http.converted(message, bodies.of_json) if bodies else {}:
            await http.accept_of_environments(request, body, message, parts)
        else:
            await http.accept(request, body, JSON_SIGNALS[signal].name, message)
        return Response(b"{}", media_type=_JSON)

    async def export(request: Request) -> Response:
        content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if content_type == _PROTOBUF:
            return await http.answer(request, protobuf, _protobuf_fault)
        if content_type == _JSON:
            return await http.answer(request, json, _json_fault)
        message = f"Content-Type {content_type[:_LONGEST_SHOWN]!r} is not taken here; send {_PROTOBUF} or {_JSON}."
        http.refused(request, "content_type", message)
        return _protobuf_fault(415, message)

    return export


def _protobuf_fault(code: int, message: str) -> Response:
    return Response(status(_rpc_code(code), message), code, _headers(code), _PROTOBUF)


def _json_fault(code: int, message: str) -> Response:
    return Response(json_status(_rpc_code(code), message), code, _headers(code), _JSON)


def _rpc_code(code: int) -> int:
    return RESOURCE_EXHAUSTED if code == 503 else INVALID_ARGUMENT


def _headers(code: int) -> dict[str, str]:
    return RETRY_AFTER if code == 503 else {}
