"""Saved views over HTTP: pages with their range and filters under a name, made by scripts or carried elsewhere."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict

from dashboards.access.writer import writer_of
from dashboards.api.faults import answered
from dashboards.api.kept_by_name import delete_from
from processors.saved_views.saved_view import SavedView
from processors.saved_views.saved_view_store import SavedViewStore


class SavedViewBody(BaseModel):
    """Where the view is: an address of the pages without its host, such as '/apis/orders?from=now-6h'."""

    model_config = ConfigDict(extra="forbid")

    address: str


def saved_views_api(store: SavedViewStore, clock: Callable[[], datetime]) -> APIRouter:
    """The routes, to be included in the web server before the pages."""
    router = APIRouter(prefix="/api/v1")

    @router.get("/saved-views")
    def views() -> Response:
        return answered(lambda: {"saved_views": [_json(one) for one in store.load()]})

    @router.put("/saved-views/{name:path}")
    def put(name: str, body: SavedViewBody, request: Request) -> Response:
        def work() -> dict[str, Any]:
            path, query = _parts(body.address)
            view = SavedView(name, path, query, writer_of(request), clock())
            store.save(view)
            return _json(view)

        return answered(work)

    router.delete("/saved-views/{name:path}")(delete_from(store, clock))
    return router


def _parts(address: str) -> tuple[str, str]:
    """Path and '?…'; what names a host is left whole, for SavedView to refuse."""
    try:
        found = urlsplit(address)
    except ValueError:
        return address, ""
    if found.scheme or found.netloc:
        return address, ""
    return found.path, f"?{found.query}" if found.query else ""


def _json(one: SavedView) -> dict[str, Any]:
    return {
        "name": one.name,
        "address": f"{one.path}{one.query}",
        "updated_by": one.author,
        "updated_at": one.updated_at.isoformat(),
    }
