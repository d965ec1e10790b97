"""Makes what browsers load small, and lets them keep what never changes."""

import re
from collections.abc import Callable

import cramjam
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_STATIC = ("/assets/", "/_dash-component-suites/")
_OF_PAGES = (*_STATIC, "/page/", "/_dash-")
_TEXT = ("text/", "application/json", "application/javascript", "image/svg+xml")
_SMALLEST = 1024
_YEAR_SECONDS = 365 * 24 * 3600
_HOUR_SECONDS = 3600
# A version or a time of change in the address, as Dash and our own names have it.
_VERSIONED = re.compile(r"\.v[0-9_]+m[0-9]+\.|-[0-9]+\.[0-9]+\.[0-9]+\.min\.js$")
# Of files, which are compressed once, and of answers, which are not.
_FILE_QUALITY, _ANSWER_QUALITY = 9, 4


class Compression:
    """ASGI middleware: Brotli, or gzip where a browser knows no other; files are compressed once and kept."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._files: dict[tuple[str, str, str], bytes] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not _is_of_pages(scope):
            await self._app(scope, receive, send)
            return
        encoding = _encoding(Headers(scope=scope).get("accept-encoding", ""))
        start: Message = {}
        parts: list[bytes] = []

        async def collect(message: Message) -> None:
            if message["type"] == "http.response.start":
                start.update(message)
                return
            parts.append(message.get("body", b""))
            if not message.get("more_body"):
                body = self._body(scope, start, parts, encoding)
                await send(start)
                await send({"type": "http.response.body", "body": body})

        await self._app(scope, receive, collect)

    def _body(self, scope: Scope, start: Message, parts: list[bytes], encoding: str) -> bytes:
        """What is sent, with the headers of it."""
        headers, body = MutableHeaders(raw=list(start["headers"])), b"".join(parts)
        start["headers"] = headers.raw
        is_file = scope["path"].startswith(_STATIC)
        if is_file and start["status"] in (200, 304):
            headers["Cache-Control"] = _cache_control(scope)
        is_text = headers.get("content-type", "").startswith(_TEXT)
        if not encoding or not is_text or len(body) < _SMALLEST or "content-encoding" in headers:
            return body
        key = (scope["path"], headers.get("etag", ""), encoding)
        if is_file and key in self._files:
            body = self._files[key]
        else:
            body = _COMPRESS[encoding](body, _FILE_QUALITY if is_file else _ANSWER_QUALITY)
            if is_file:
                self._files[key] = body
        headers["Content-Encoding"] = encoding
        headers["Content-Length"] = str(len(body))
        headers.add_vary_header("Accept-Encoding")
        return body


_COMPRESS: dict[str, Callable[[bytes, int], bytes]] = {
    "br": lambda body, quality: bytes(cramjam.brotli.compress(body, level=quality)),
    "gzip": lambda body, quality: bytes(cramjam.gzip.compress(body, level=quality)),
}


def _is_of_pages(scope: Scope) -> bool:
    is_document = scope["method"] == "GET" and "text/html" in Headers(scope=scope).get("accept", "")
    return is_document or scope["path"].startswith(_OF_PAGES)


def _encoding(accepted: str) -> str:
    names = {one.partition(";")[0].strip() for one in accepted.split(",")}
    return next((name for name in _COMPRESS if name in names), "")


def _cache_control(scope: Scope) -> str:
    is_versioned = scope["query_string"].startswith(b"m=") or _VERSIONED.search(scope["path"])
    return f"public, max-age={_YEAR_SECONDS}, immutable" if is_versioned else f"public, max-age={_HOUR_SECONDS}"
