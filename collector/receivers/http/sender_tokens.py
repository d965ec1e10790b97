"""Only senders with a token are taken: over HTTP as Bearer, as Splunk's clients send one, or as a basic password."""

from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from collector.intake.intake import Intake
from collector.receivers.net.refused_requests import mark_refused
from collector.receivers.net.sender_tokens import NEEDED, FindSender, token_of

_HEC = "/services/collector"
_HEC_HEALTH = f"{_HEC}/health"


class SenderTokens:
    """ASGI middleware. `scope["state"]["sender"]` is then the name of the token.

    Without one, what HEC's own tokens are for goes on: they are looked at there.
    """

    def __init__(self, app: ASGIApp, find_sender: FindSender, intake: Intake, *, has_hec_tokens: bool) -> None:
        self._app = app
        self._find_sender = find_sender
        self._intake = intake
        self._has_hec_tokens = has_hec_tokens

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            authorization = Headers(scope=scope).get("authorization", "")
            token = token_of(authorization)
            sender = self._find_sender(token) if token else None
            if sender is not None:
                scope["state"] = {**scope.get("state", {}), "sender": sender}
            elif not self._is_taken_without(scope["method"], scope["path"]):
                self._intake.refused("http", "unauthenticated")
                mark_refused(HTTPConnection(scope), "unauthenticated")
                return await _refusal(scope["path"], authorization)(scope, receive, send)
        return await self._app(scope, receive, send)

    def _is_taken_without(self, method: str, path: str) -> bool:
        if not path.startswith(_HEC):
            return False
        return self._has_hec_tokens or method == "OPTIONS" or path.startswith(_HEC_HEALTH)


def _refusal(path: str, authorization: str) -> Response:
    if path.startswith(_HEC):
        # Splunk's own codes, the only ones that its clients know.
        code, text, status = (4, "Invalid token", 403) if authorization else (2, "Token is required", 401)
        return JSONResponse({"text": text, "code": code}, status)
    headers = {"WWW-Authenticate": "Bearer"}
    return JSONResponse({"error": f"{NEEDED}, as `Authorization: Bearer <token>`."}, 401, headers)
