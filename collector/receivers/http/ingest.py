"""Any format over HTTP: under /ingest/{format}, or under /ingest, where records are classified."""

from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from collector.errors import PayloadError
from collector.formats.descriptor import Format
from collector.formats.registry import Formats
from collector.formats.shared.extra_fields import name_alone
from collector.intake.intake import Intake
from collector.receivers.http import arriving_body, msgpack_body
from collector.receivers.http.body import RequestBody
from collector.receivers.http.body_memory import BodyMemory
from collector.receivers.http.config import HttpConfig
from collector.receivers.http.idempotency import keyed_body
from collector.receivers.http.request import RETRY_AFTER, HttpIntake
from collector.records.headed.log import unheaded
from collector.records.json_body import unframed
from collector.records.place import Part
from collector.records.unwrap import parts


def routes(intake: Intake, config: HttpConfig, memory: BodyMemory) -> list[Route]:
    http = HttpIntake(intake, config, memory)
    limit = int(config.max_body_size)

    async def ingest(request: Request) -> Response:
        return await http.answer(
            request, lambda request, body: _ingest(http, request, body, limit, intake.formats), json_fault
        )

    return [
        Route("/ingest", ingest, methods=["POST"]),
        Route("/ingest/{format}", ingest, methods=["POST"]),
    ]


async def _ingest(http: HttpIntake, request: Request, body: RequestBody, limit: int, formats: Formats) -> Response:
    name = request.path_params.get("format", "")
    known = formats.find(name)
    if name and (known is None or not known.is_ingestible):
        raise PayloadError(f"Format {name!r} is not known; use one of {', '.join(formats.ingestible)}.")
    # A malformed Idempotency-Key is refused before the body is read.
    keyed = keyed_body(request)
    if known is not None and arriving_body.is_large(body, known, keyed is not None and keyed.owns_segment):
        body.check_size()
        head = await body.beginning(arriving_body.HEAD_BYTES)
        if arriving_body.is_plain(head, known, formats) and _content_type(request) not in msgpack_body.CONTENT_TYPES:
            size = await http.accept_arriving(request, name, body, keyed or http.by_its_bytes(request, [head]))
            return JSONResponse({"accepted_bytes": size})
    content = await body.unpacked()
    found_parts = await http.converted(content, _payloads, _content_type(request), known, limit, formats)
    payloads = http.stamped(request, found_parts)
    records = [payload.body for payload in payloads] if known is None or known.is_text else None
    await http.accept_known(body, content, payloads, keyed or http.by_its_bytes(request, records))
    found: dict[str, object] = {} if name else {"format": name_alone(payloads[0].format)}
    if len(names := sorted({name_alone(payload.format) for payload in payloads})) > 1:
        found["formats"] = names
    return JSONResponse({"accepted_bytes": len(content)} | found)


def _payloads(body: bytes, content_type: str, known: Format | None, limit: int, formats: Formats) -> Sequence[Part]:
    """What is to be stored; more than one part only where records are not of one format, or of one place."""
    name = known.name if known else ""
    if known is not None and not known.is_text:
        return [Part(name, body)]
    if content_type in msgpack_body.CONTENT_TYPES:
        return msgpack_body.payloads(body, name, limit, formats)
    body = unheaded(body, limit, formats, name)
    if b"\0" in body:
        hint = f", and {name} is lines of text; check the format in the address" if name else "; name its format"
        raise PayloadError(f"The body is binary{hint}, and where it is packed its Content-Encoding.")
    records = unframed(body)
    if not records or records.isspace():
        raise PayloadError("The body holds no records; send some.")
    found = parts(records, formats, name)
    if not found:
        raise PayloadError(
            "The format is not recognised from the first lines; name it in the address, as in "
            f"/ingest/{formats.names_of_text[0]}."
        )
    return found


def _content_type(request: Request) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def json_fault(status: int, message: str) -> Response:
    """A fault as `{"error": …}`, with the time to wait where the client should come again."""
    headers = RETRY_AFTER if status == 503 else {}
    return JSONResponse({"error": message}, status_code=status, headers=headers)
