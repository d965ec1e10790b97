"""What a request says of its body that makes it known when it comes again."""

from starlette.requests import Request

from collector.errors import PayloadError
from collector.intake.keyed_body import KeyedBody, SentBody

_PARAMETERS = ("environment", "gateway", "peer")
_HEC_PARAMETERS = ("sourcetype", "host")


def sender_of(request: Request) -> str:
    """Whom a body belongs to, a token or else an address: two senders may use the same key."""
    host = request.client.host if request.client else ""
    token = getattr(request.state, "sender", "")
    return f"{f'token {token}' if token else host} {request.url.path}"


def keyed_body(request: Request) -> KeyedBody | None:
    """A body with an Idempotency-Key; None without one. Raises PayloadError."""
    name = request.headers.get("idempotency-key", "")
    query = request.query_params
    owns_segment = query.get("own_segment", "") == "true"
    if not name:
        if owns_segment:
            raise PayloadError("A segment of its own needs an Idempotency-Key, which its id begins with.")
        return None
    identity = [request.url.path, request.headers.get("content-type", "")]
    identity += [query.get(parameter, "") for parameter in _PARAMETERS]
    identity += [query[parameter] for parameter in _HEC_PARAMETERS if parameter in query]
    return KeyedBody(name, sender_of(request), "\0".join([*identity, ""]), owns_segment=owns_segment)


def sent_body(request: Request, window: float) -> SentBody:
    """A body without one, which is known by its bytes for so many seconds."""
    headers = request.headers
    identity = [
        request.url.query,
        headers.get("content-type", ""),
        headers.get("content-encoding", ""),
        # HEC's own tokens say what comes with them.
        headers.get("authorization", ""),
    ]
    return SentBody(sender_of(request), "\0".join(identity), window)
