"""Prometheus' remote write, versions 1.0 and 2.0, at /api/v1/write.

https://prometheus.io/docs/specs/prw/remote_write_spec/ and https://prometheus.io/docs/specs/prw/remote_write_spec_2_0/
"""

import asyncio

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from collector.encoding import snappy
from collector.errors import PayloadTooLarge
from collector.formats.prometheus.descriptor import PROMETHEUS_WRITE, PROMETHEUS_WRITE_V2
from collector.formats.prometheus.families import Families
from collector.intake.intake import Intake
from collector.receivers.http.body import RequestBody
from collector.receivers.http.body_memory import BodyMemory
from collector.receivers.http.config import HttpConfig
from collector.receivers.http.request import RETRY_AFTER, HttpIntake
from collector.receivers.http.write_request import VERSION_1, VERSION_2, Contents, WriteRequest

_PROTOBUF = "application/x-protobuf"
_FORMATS = {VERSION_1: PROMETHEUS_WRITE.name, VERSION_2: PROMETHEUS_WRITE_V2.name}
_VERSIONS = {version.name: version for version in _FORMATS}


def routes(intake: Intake, config: HttpConfig, memory: BodyMemory) -> list[Route]:
    http = HttpIntake(intake, config, memory)
    limit = int(config.max_body_size)

    async def write(request: Request) -> Response:
        version = _version(request)
        if version is None:
            message = _unsupported(request)
            http.refused(request, "content_type", message)
            # 415 makes a sender try an older version.
            return PlainTextResponse(message, 415)

        def fault(status: int, message: str) -> Response:
            return _answer(version, status, Contents(), message)

        async def handle(request: Request, body: RequestBody) -> Response:
            return await _write(http, request, body, version, limit, intake.families)

        return await http.answer(request, handle, fault)

    return [Route("/api/v1/write", write, methods=["POST"])]


def _version(request: Request) -> WriteRequest | None:
    """The version of the message; None for what is neither, or not packed with snappy."""
    media_type, *parameters = request.headers.get("content-type", "").split(";")
    # A sender that names no encoding can be one of the first, which had no other.
    if media_type.strip().lower() != _PROTOBUF or _encoding(request) not in ("", "snappy"):
        return None
    named = [text.partition("=") for text in parameters]
    protos = [value.strip().strip('"') for name, _, value in named if name.strip().lower() == "proto"]
    return _VERSIONS.get(protos[0]) if protos else VERSION_1


def _encoding(request: Request) -> str:
    return request.headers.get("content-encoding", "").strip().lower()


async def _write(
    http: HttpIntake, request: Request, body: RequestBody, version: WriteRequest, limit: int, families: Families
) -> Response:
    packed = await body.packed()
    await body.hold(unpacked_size(packed, limit))
    message = await http.converted(packed, snappy.decode_block, limit)
    contents = await http.converted(message, version.contents)
    # Prometheus sends the metadata of metrics in requests of their own, without samples.
    if contents.families and families.learn(contents.families):
        await asyncio.to_thread(families.save)
    if contents.samples or contents.histograms:
        await http.accept(request, body, _FORMATS[version], message)
    return _answer(version, 204, contents)


def unpacked_size(packed: bytes, limit: int) -> int:
    """What a body in snappy's block format says that it unpacks to; raises PayloadTooLarge for more than `limit`."""
    size = snappy.block_size(packed)
    if size > limit:
        raise PayloadTooLarge(
            f"The body unpacks to {size} bytes, the limit is {limit}; set a smaller max_samples_per_send at the "
            "sender or raise collector.http.max_body_size."
        )
    return size


def _answer(version: WriteRequest, status: int, written: Contents, message: str = "") -> Response:
    headers = dict(RETRY_AFTER) if status == 503 else {}
    if version is VERSION_2:
        # Without these a sender takes us for a receiver that knows only 1.0. Exemplars are not kept.
        headers |= {
            "X-Prometheus-Remote-Write-Samples-Written": str(written.samples),
            "X-Prometheus-Remote-Write-Histograms-Written": str(written.histograms),
            "X-Prometheus-Remote-Write-Exemplars-Written": "0",
        }
    return PlainTextResponse(message, status, headers) if message else Response(status_code=status, headers=headers)


def _unsupported(request: Request) -> str:
    content_type = request.headers.get("content-type", "")
    return (
        f"Content-Type {content_type!r} and Content-Encoding {_encoding(request)!r} are not taken here; "
        f"send {_PROTOBUF} of {' or '.join(_VERSIONS)}, packed with snappy."
    )
