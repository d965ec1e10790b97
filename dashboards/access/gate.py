"""Admits sessions and tokens; tells everybody else how to get one."""

import logging
from collections.abc import Callable
from urllib.parse import quote

from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from dashboards.access.cookie import session_cookie
from dashboards.access.policy import SignInPolicy
from dashboards.access.sessions import Sessions
from storage.errors import AccessUnavailable

_log = logging.getLogger(__name__)

SIGN_IN, SIGN_OUT, SETUP, STYLE = "/sign-in", "/sign-out", "/setup", "/sign-in/style.css"

_READY, _METRICS, _API = "/readyz", "/metrics", "/api/"
_OPEN = frozenset({"/healthz", _READY, SIGN_IN, SIGN_OUT, SETUP, STYLE})
# Fonts, pictures and scripts of the pages, which are the same for everybody.
_OPEN_FOLDER = "/assets/"


class AccessGate:
    """ASGI middleware around everything on the pages' port.

    `request.state.is_known` tells what is behind it whether somebody may see more than strangers.
    """

    def __init__(
        self, app: ASGIApp, policy: SignInPolicy, sessions: Sessions, is_read_token: Callable[[str], bool]
    ) -> None:
        self._app = app
        self._policy = policy
        self._sessions = sessions
        self._is_read_token = is_read_token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            raise RuntimeError(f"Only HTTP is served, not {scope['type']}.")
        answer, is_known = self._app, False
        is_open = self._is_open(scope["path"])
        if not is_open or scope["path"] == _READY:
            try:
                is_known = self._is_known(scope)
            except AccessUnavailable as error:
                answer = answer if is_open else _unavailable(error)
            else:
                answer = answer if is_known or is_open else _refusal(scope)
        scope["state"] = {**scope.get("state", {}), "is_known": is_known}
        await answer(scope, receive, send)

    def _is_known(self, scope: Scope) -> bool:
        if not self._policy.is_required():
            return True
        path, headers = scope["path"], Headers(scope=scope)
        # Tokens are for programs: no page is drawn for one.
        if path.startswith(_API) or path in (_READY, _METRICS):
            scheme, _, token = headers.get("authorization", "").partition(" ")
            if scheme.lower() == "bearer" and self._is_read_token(token.strip()):
                return True
        return self._sessions.find(session_cookie(HTTPConnection(scope))) is not None

    def _is_open(self, path: str) -> bool:
        return path in _OPEN or path.startswith(_OPEN_FOLDER) or (path == _METRICS and self._policy.open_metrics)


def _refusal(scope: Scope) -> Response:
    """Sends a person to the sign-in page and back; tells a program what to send."""
    headers, path = Headers(scope=scope), scope["path"]
    is_page = not path.startswith((_API, "/_dash", _METRICS))
    if is_page and scope["method"] in ("GET", "HEAD") and "text/html" in headers.get("accept", ""):
        query = scope["query_string"].decode("latin-1")
        wanted = quote(path) + (f"?{query}" if query else "")
        target = SIGN_IN if wanted == "/" else f"{SIGN_IN}?next={quote(wanted, safe='/')}"
        return RedirectResponse(target, 303, {"Cache-Control": "no-store"})
    message = (
        "Sign in, or send a valid token as `Authorization: Bearer <token>`; `gatelens token create NAME` makes one."
    )
    return JSONResponse({"error": message, "kind": "NotSignedIn"}, 401, {"WWW-Authenticate": "Bearer"})


def _unavailable(error: AccessUnavailable) -> Response:
    # The reason names files, and is not for strangers.
    _log.error("Nobody can be let in. %s", error)
    message = "Sessions cannot be read now; the log of Gatelens says why."
    return JSONResponse({"error": message, "kind": type(error).__name__}, 503)
