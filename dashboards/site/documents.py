"""Makes every page's address answer with the one document that shows all of them, and an unknown one with it as 404."""

from collections.abc import Callable

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# What is there for programs answers a person as it answers them.
_OF_PROGRAMS = "/api/"


class Documents:
    """ASGI middleware: pages' paths reach Dash as '/'; the browser's address stays and chooses the page."""

    def __init__(self, app: ASGIApp, is_page: Callable[[str], bool]) -> None:
        self._app = app
        self._is_page = is_page

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif self._is_page(_path(scope)):
            await self._app(_document(scope), receive, send)
        elif _is_of_a_person(scope):
            await self._known_or_not(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _known_or_not(self, scope: Scope, receive: Receive, send: Send) -> None:
        """What answers 404 to a person answers with the document, whose page says that there is none."""
        is_unknown = False

        async def look(message: Message) -> None:
            nonlocal is_unknown
            if message["type"] == "http.response.start" and message["status"] == 404:
                is_unknown = True
            if not is_unknown:
                await send(message)

        async def send_as_unknown(message: Message) -> None:
            await send({**message, "status": 404} if message["type"] == "http.response.start" else message)

        await self._app(scope, receive, look)
        if is_unknown:
            await self._app(_document(scope), receive, send_as_unknown)


def _is_of_a_person(scope: Scope) -> bool:
    is_document = scope["method"] == "GET" and "text/html" in Headers(scope=scope).get("accept", "")
    return is_document and not scope["path"].startswith(_OF_PROGRAMS)


def _path(scope: Scope) -> str:
    return str(scope["path"]).rstrip("/") or "/"


def _document(scope: Scope) -> Scope:
    return {**scope, "path": "/", "raw_path": b"/"}
