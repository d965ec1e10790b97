"""Where a view-only link leads: it becomes a cookie, and its page is opened.

The secret stands behind the '#', which browsers send to nobody: no log, no proxy and no preview of a message has it.
"""

from collections.abc import Callable

from fastapi import APIRouter, FastAPI, Request
from starlette.responses import RedirectResponse, Response

from dashboards.access.form_page import open_link_page, over_link_page
from dashboards.access.forms import form_of
from dashboards.access.gate import SHARED, SHARED_SCRIPT
from dashboards.access.shared_cookies import set_shared_cookie
from storage.access.shared_links import SharedLinks

_SCRIPT = """// Hands the secret of the address on, and takes it out of what the browser remembers.
const secret = location.hash.slice(1);
history.replaceState(null, "", location.pathname);
document.querySelector("input[name=secret]").value = secret;
document.querySelector("form").submit();
"""


def add_shared_routes(server: FastAPI, links: SharedLinks, clock: Callable[[], float]) -> None:
    """Add the routes to a web server, before the pages."""
    router = APIRouter(include_in_schema=False)

    @router.get(SHARED)
    async def show() -> Response:
        return open_link_page()

    @router.get(SHARED_SCRIPT)
    async def script() -> Response:
        return Response(_SCRIPT, media_type="text/javascript", headers={"Cache-Control": "max-age=300"})

    @router.post(SHARED)
    async def open_link(request: Request) -> Response:
        secret, now = (await form_of(request)).get("secret", ""), clock()
        link = links.find(secret, now)
        if link is None:
            return over_link_page()
        response = RedirectResponse(link.address, 303, {"Cache-Control": "no-store"})
        set_shared_cookie(response, request, link, secret, now)
        return response

    server.include_router(router)
