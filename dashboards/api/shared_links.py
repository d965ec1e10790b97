"""View-only links over HTTP: made, listed and revoked."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import BaseModel, BeforeValidator, ConfigDict

from dashboards.access.writer import writer_of
from dashboards.api.faults import answered
from processors.time.durations import parse_duration
from storage.access.shared_links import SharedLink, SharedLinks

# Makes a link to an address, and what to send of it. Raises InvalidSharedLink.
Share = Callable[[str, timedelta, str], tuple[SharedLink, str]]


class SharedLinkBody(BaseModel):
    """What is shared, an address of the pages without its host, and for how long."""

    model_config = ConfigDict(extra="forbid")

    address: str
    lasts: Annotated[timedelta, BeforeValidator(parse_duration)] = timedelta(days=7)


def shared_links_api(links: SharedLinks, share: Share, clock: Callable[[], datetime]) -> APIRouter:
    """The routes, to be included in the web server before the pages."""
    router = APIRouter(prefix="/api/v1")

    @router.get("/shared-links")
    def listed() -> Response:
        return answered(lambda: {"shared_links": [_json(one) for one in links.in_force(clock().timestamp())]})

    @router.post("/shared-links")
    def make(body: SharedLinkBody, request: Request) -> Response:
        def work() -> dict[str, Any]:
            link, path = share(body.address, body.lasts, writer_of(request))
            return {**_json(link), "link": f"{str(request.base_url).rstrip('/')}{path}"}

        return answered(work)

    @router.delete("/shared-links/{link}")
    def revoke(link: str, request: Request) -> Response:
        def work() -> dict[str, Any]:
            writer_of(request)
            links.revoke(link)
            return {"id": link}

        return answered(work)

    return router


def _json(one: SharedLink) -> dict[str, Any]:
    return {
        "id": one.id,
        "title": one.title,
        "address": one.address,
        "created_by": one.created_by,
        "created_at": datetime.fromtimestamp(one.created_at, UTC).isoformat(),
        "expires_at": datetime.fromtimestamp(one.expires_at, UTC).isoformat(),
    }
