"""Requests that are answered with an error, whoever it was that refused them."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from starlette.requests import HTTPConnection, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# The reason, the peer, what it was told, and whether it has been counted.
TellRefused = Callable[[str, str, str, bool], None]

# Of each status, the reason where nobody has told one.
OF_COLLECTOR: Mapping[int, str] = {
    400: "malformed",
    401: "unauthenticated",
    403: "cross_site",
    404: "not_found",
    405: "method",
    413: "too_large",
    415: "content_type",
    421: "host",
    500: "failed",
    503: "busy",
}
# What people ask for in vain, and probes of health, are no refusals at the door.
OF_PAGES: Mapping[int, str] = {401: "unauthenticated", 421: "host", 429: "too_many_attempts", 500: "failed"}

_STATE = "refusal"
_LONGEST_READ = 4 << 10


def tell_refusal(connection: HTTPConnection, reason: str, message: str = "") -> None:
    """Say why a request is refused, by somebody who counts it; no reason where it has been told of."""
    connection.scope.setdefault("state", {})[_STATE] = (reason, message)


class RefusedRequests:
    """ASGI middleware around all others."""

    def __init__(self, app: ASGIApp, reasons: Mapping[int, str], tell: TellRefused) -> None:
        self._app = app
        self._reasons = reasons
        self._tell = tell

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        status = 0

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            elif status >= 400:
                self._look(scope, status, message.get("body", b""))
                status = 0
            await send(message)

        await self._app(scope, receive, watched)

    def _look(self, scope: Scope, status: int, body: bytes) -> None:
        answer = _as_json(body)
        known = scope.get("state", {}).get(_STATE)
        reason, message = known or (self._reasons.get(status, ""), "")
        if not known and answer.get("kind") == "CrossSiteRequest":
            reason = "cross_site"
        if reason:
            told = message or answer.get("error") or answer.get("text") or f"Answered with {status}."
            self._tell(reason, _peer(scope), str(told), known is not None)


def _as_json(body: bytes) -> Mapping[str, Any]:
    try:
        found = json.loads(body[:_LONGEST_READ])
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _peer(scope: Scope) -> str:
    client = Request(scope).client
    return client.host if client else ""
