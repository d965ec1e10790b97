"""Makes every page's address answer with the one document that shows all of them."""

from collections.abc import Collection

from starlette.types import ASGIApp, Receive, Scope, Send


class PagePaths:
    """ASGI middleware: the pages' paths reach Dash as '/'; the browser's address stays and chooses the page."""

    def __init__(self, app: ASGIApp, paths: Collection[str]) -> None:
        self._app = app
        self._paths = frozenset(paths)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] in self._paths:
            scope = {**scope, "path": "/", "raw_path": b"/"}
        await self._app(scope, receive, send)
