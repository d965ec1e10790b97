"""The Idempotency-Key of a request."""

import re

from starlette.requests import Request

from collector.intake.keyed_body import KeyedBody
from storage.errors import PayloadError

# What may begin the id of a segment, and so the name of a file.
_KEY = re.compile(r"^[A-Za-z0-9_-]{1,100}$")
_TOLD_BY_ADDRESS = ("environment", "gateway", "peer")


def sender_of(request: Request) -> str:
    """Whom a key belongs to, a token or else an address: two senders may use the same key."""
    host = request.client.host if request.client else ""
    token = getattr(request.state, "sender", "")
    return f"{f'token {token}' if token else host} {request.url.path}"


def keyed_body(request: Request) -> KeyedBody | None:
    """What a request says of its body; None without a key. Raises PayloadError."""
    name = request.headers.get("idempotency-key", "")
    owns_segment = request.query_params.get("own_segment", "") == "true"
    if not name:
        if owns_segment:
            raise PayloadError("A segment of its own needs an Idempotency-Key, which its id begins with.")
        return None
    if not _KEY.match(name):
        raise PayloadError("Idempotency-Key may hold up to 100 letters, digits, '-' and '_'.")
    identity = [request.url.path, request.headers.get("content-type", "")]
    identity += [request.query_params.get(parameter, "") for parameter in _TOLD_BY_ADDRESS]
    return KeyedBody.of(name, sender_of(request), "\0".join([*identity, ""]), owns_segment=owns_segment)
