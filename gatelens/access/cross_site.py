"""Pages of other sites get nothing, and cause nothing, through the browser of somebody who looks at them.

Browsers name a request's origin by Sec-Fetch-Site or at least by Origin, https://www.w3.org/TR/fetch-metadata/.
What sends neither is no browser: agents and curl are not affected.
"""

from collections.abc import Callable, Collection
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

_SAFE = ("GET", "HEAD", "OPTIONS")
_ORIGIN_HEADERS = frozenset({b"sec-fetch-site", b"origin"})
_OWN = ("same-origin", "none")
# What a browser sends for a page of another site without asking the server first.
_OF_FORMS = ("", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data")


class CrossSiteCheck:
    """ASGI middleware: 403 for requests from another site's page, 415 for a body that any page could have sent.

    `is_our_name` says whether an Origin is a configured name, as behind a proxy that changes the Host.
    `form_paths` are those that take forms.
    """

    def __init__(self, app: ASGIApp, is_our_name: Callable[[str], bool], form_paths: Collection[str] = ()) -> None:
        self._app = app
        self._is_our_name = is_our_name
        self._form_paths = frozenset(form_paths)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and (refusal := self._refusal(scope)) is not None:
            return await refusal(scope, receive, send)
        return await self._app(scope, receive, send)

    def _refusal(self, scope: Scope) -> JSONResponse | None:
        # Agents send neither, and many requests.
        if not any(name in _ORIGIN_HEADERS for name, _ in scope["headers"]):
            return None
        headers = Headers(scope=scope)
        site, origin = headers.get("sec-fetch-site"), headers.get("origin")
        is_safe = scope["method"] in _SAFE
        if not self._is_own(headers, site, origin) and not (is_safe and _is_followed_link(headers)):
            message = "Requests from pages of other sites are refused; use Gatelens' own pages, or a program."
            return JSONResponse({"error": message, "kind": "CrossSiteRequest"}, 403)
        content_type = headers.get("content-type", "").partition(";")[0].strip().lower()
        if not is_safe and content_type in _OF_FORMS and scope["path"] not in self._form_paths:
            message = f"A browser's body of Content-Type {content_type!r} is not taken; send application/json."
            return JSONResponse({"error": message, "kind": "CrossSiteRequest"}, 415)
        return None

    def _is_own(self, headers: Headers, site: str | None, origin: str | None) -> bool:
        if site is not None:
            return site in _OWN
        host = _host_and_port(origin or "")
        return bool(host) and (host == headers.get("host", "").lower() or self._is_our_name(host))


def _is_followed_link(headers: Headers) -> bool:
    """Whether somebody comes here by a link: the page that has it sees nothing of the answer."""
    return headers.get("sec-fetch-mode") == "navigate" and headers.get("sec-fetch-dest") == "document"


def _host_and_port(origin: str) -> str:
    """Those of an Origin; '' for null and for what is none."""
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return ""
