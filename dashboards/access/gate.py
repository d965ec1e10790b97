"""Admits sessions and tokens; shows everybody else how to get one."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote, unquote

from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from dashboards.access.cookie import session_cookie
from dashboards.access.policy import SignInPolicy
from dashboards.access.sessions import Sessions
from dashboards.access.shared_cookies import shared_secrets
from storage.access.shared_links import SharedLink
from storage.errors import AccessUnavailable

_log = logging.getLogger(__name__)

SIGN_IN, SIGN_OUT, SETUP, STYLE = "/sign-in", "/sign-out", "/setup", "/sign-in/style.css"
# Where view-only links lead.
SHARED, SHARED_SCRIPT = "/shared", "/shared/open.js"

# Who writes where nobody signs in, and who does on this machine.
ANYBODY, LOCAL = "anybody", "command"

ANNOTATIONS = "/api/v1/annotations"

_READY, _METRICS, _API = "/readyz", "/metrics", "/api/"
_OPEN = frozenset({"/healthz", _READY, SIGN_IN, SIGN_OUT, SETUP, STYLE, SHARED, SHARED_SCRIPT})
# Fonts, pictures and scripts of the pages, which are the same for everybody.
_OPEN_FOLDER = "/assets/"
# What a page asks that is opened by a view-only link; dashboards/site/shared_view.py sees to what it is answered.
_OF_SHARED = frozenset(
    {
        ("GET", "/_dash-layout"),
        ("GET", "/_dash-dependencies"),
        ("POST", "/page/frame"),
        ("POST", "/page/data"),
        ("POST", "/page/signs"),
        ("POST", "/page/xlsx"),
    }
)
_FOLDERS_OF_SHARED = ("/_dash-component-suites/", "/page/panels/")


@dataclass(frozen=True)
class _Visitor:
    """Who asks: whether it is somebody who may read, in whose name they may write, and what links show them."""

    is_known: bool = False
    writer: str = ""
    shared: tuple[SharedLink, ...] = ()


class AccessGate:
    """ASGI middleware around everything on the pages' port.

    `request.state.is_known` says whether somebody may see more than strangers, and
    `request.state.writer` in whose name something may be changed; '' where nothing may. `request.state.shared` are the
    view-only links of somebody who sees nothing but what they show.
    """

    def __init__(
        self,
        app: ASGIApp,
        policy: SignInPolicy,
        sessions: Sessions,
        is_read_token: Callable[[str], bool],
        is_local_token: Callable[[str], bool],
        find_sender: Callable[[str], str | None],
        find_shared: Callable[[str], SharedLink | None],
    ) -> None:
        self._app = app
        self._policy = policy
        self._sessions = sessions
        self._is_read_token = is_read_token
        self._is_local_token = is_local_token
        self._find_sender = find_sender
        self._find_shared = find_shared

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            raise RuntimeError(f"Only HTTP is served, not {scope['type']}.")
        answer, visitor = self._app, _Visitor()
        is_open = self._is_open(scope["path"])
        if not is_open or scope["path"] == _READY:
            try:
                visitor = self._who(scope)
            except AccessUnavailable as error:
                answer = answer if is_open else _unavailable(error)
            else:
                is_let = visitor.is_known or is_open or _is_shown(scope, visitor.shared)
                answer = answer if is_let else _refusal(scope, visitor.shared)
        state = {"is_known": visitor.is_known, "writer": visitor.writer, "shared": visitor.shared}
        scope["state"] = {**scope.get("state", {}), **state}
        await answer(scope, receive, send)

    def _who(self, scope: Scope) -> _Visitor:
        path, token = scope["path"], _bearer(scope)
        if not self._policy.is_required():
            return _Visitor(is_known=True, writer=LOCAL if self._is_local_token(token) else ANYBODY)
        # Tokens are for programs: no page is drawn for one.
        if token and (path.startswith(_API) or path in (_READY, _METRICS)):
            if self._is_read_token(token):
                return _Visitor(is_known=True, writer=LOCAL if self._is_local_token(token) else "")
            # Deployments report themselves with the tokens of gateways, which may read nothing.
            sender = self._find_sender(token)
            if sender is not None and (scope["method"], path) == ("POST", ANNOTATIONS):
                return _Visitor(is_known=True, writer=sender)
        connection = HTTPConnection(scope)
        session = self._sessions.find(session_cookie(connection))
        if session is not None:
            return _Visitor(is_known=True, writer=session.administrator)
        found = (self._find_shared(secret) for secret in shared_secrets(connection))
        return _Visitor(shared=tuple(link for link in found if link is not None))

    def _is_open(self, path: str) -> bool:
        return path in _OPEN or path.startswith(_OPEN_FOLDER) or (path == _METRICS and self._policy.open_metrics)


def _bearer(scope: Scope) -> str:
    """The token that a program shows; empty where there is none."""
    scheme, _, token = Headers(scope=scope).get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _is_shown(scope: Scope, shared: tuple[SharedLink, ...]) -> bool:
    """Whether it is the page of a view-only link, or what that page asks."""
    if not shared:
        return False
    method, path = scope["method"], scope["path"]
    if (method, path) in _OF_SHARED or (method == "GET" and path.startswith(_FOLDERS_OF_SHARED)):
        return True
    return method in ("GET", "HEAD") and any(path == unquote(link.path) for link in shared)


def _refusal(scope: Scope, shared: tuple[SharedLink, ...]) -> Response:
    """Sends a person to the sign-in page and back, and answers a program with what to send."""
    headers, path = Headers(scope=scope), scope["path"]
    is_page = not path.startswith((_API, "/_dash", _METRICS))
    if is_page and scope["method"] in ("GET", "HEAD") and "text/html" in headers.get("accept", ""):
        query = scope["query_string"].decode("latin-1")
        wanted = quote(path) + (f"?{query}" if query else "")
        target = SIGN_IN if wanted == "/" else f"{SIGN_IN}?next={quote(wanted, safe='/')}"
        return RedirectResponse(target, 303, {"Cache-Control": "no-store"})
    if shared:
        message = "A view-only link shows one page and nothing else; sign in to see more."
        return JSONResponse({"error": message, "kind": "NotShared"}, 403)
    message = (
        "Sign in, or send a valid token as `Authorization: Bearer <token>`; `gatelens token create NAME` makes one."
    )
    return JSONResponse({"error": message, "kind": "NotSignedIn"}, 401, {"WWW-Authenticate": "Bearer"})


def _unavailable(error: AccessUnavailable) -> Response:
    # The reason names files, and is not for strangers.
    _log.error("Nobody can be let in. %s", error)
    message = "Sessions cannot be read now; the log of Gatelens says why."
    return JSONResponse({"error": message, "kind": type(error).__name__}, 503)
