"""Requests that are answered with an error, whoever it was that refused them."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from starlette.requests import HTTPConnection, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# The reason, the peer, the message it got, and whether it has been counted.
OnRefused = Callable[[str, str, str, bool], None]

# The default reason by status.
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
# Wrong addresses and health probes are not counted as refusals.
OF_PAGES: Mapping[int, str] = {401: "unauthenticated", 421: "host", 429: "too_many_attempts", 500: "failed"}

_STATE = "refusal"
_LONGEST_READ = 4 << 10


def mark_refused(connection: HTTPConnection, reason: str, message: str = "") -> None:
    """Note why a request is refused, for whoever counts it; no reason if it has been reported already."""
    connection.scope.setdefault("state", {})[_STATE] = (reason, message)


class RefusedRequests:
    """ASGI middleware around all others."""

    def __init__(self, app: ASGIApp, reasons: Mapping[int, str], on_refused: OnRefused) -> None:
        self._app = app
        self._reasons = reasons
        self._on_refused = on_refused

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
            shown = message or answer.get("error") or answer.get("text") or f"Answered with {status}."
            self._on_refused(reason, _peer(scope), str(shown), known is not None)


def _as_json(body: bytes) -> Mapping[str, Any]:
    try:
        found = json.loads(body[:_LONGEST_READ])
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _peer(scope: Scope) -> str:
    client = Request(scope).client
    return client.host if client else ""
