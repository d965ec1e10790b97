"""Any format over HTTP under /ingest/{format}."""

import re

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from collector.receivers.http_intake import RETRY_AFTER, HttpConfig, HttpIntake
from collector.receivers.intake import Intake
from collector.transforms.formats import ingestible
from storage.errors import PayloadError

# What may name a segment, and so a file.
_KEY = re.compile(r"^[A-Za-z0-9_-]{1,100}$")


def routes(intake: Intake, config: HttpConfig) -> list[Route]:
    http = HttpIntake(intake, config)

    async def ingest(request: Request) -> Response:
        return await http.answer(request, lambda request: _ingest(http, request), json_fault)

    return [Route("/ingest/{format}", ingest, methods=["POST"])]


async def _ingest(http: HttpIntake, request: Request) -> Response:
    name = request.path_params["format"]
    known = ingestible().get(name)
    if known is None:
        raise PayloadError(f"Format {name!r} is not known; use one of {', '.join(ingestible())}.")
    body = await http.body(request)
    if known.is_text and b"\0" in body:
        raise PayloadError(f"The body is binary, and {name} is lines of text; check the format in the address.")
    key = request.headers.get("idempotency-key", "")
    if key and not _KEY.match(key):
        raise PayloadError("Idempotency-Key may hold up to 100 letters, digits, '-' and '_'.")
    await http.accept(request, name, body, key)
    return JSONResponse({"accepted_bytes": len(body)})


def json_fault(status: int, message: str) -> Response:
    """A fault as `{"error": …}`, with the time to wait where the client should come again."""
    headers = RETRY_AFTER if status == 503 else {}
    return JSONResponse({"error": message}, status_code=status, headers=headers)
