"""Dashboards that people made, over HTTP: in and out as YAML."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse, Response
from starlette.concurrency import run_in_threadpool

from dashboards.access.writer import writer_of
from dashboards.api.faults import answered, fault_response
from dashboards.api.kept_by_name import delete_from
from processors.custom_dashboards.dashboard_store import DashboardStore, StoredDashboard
from processors.errors import InvalidDashboard
from storage.errors import GatelensError
from storage.faults import with_cure

_YAML = "application/yaml; charset=utf-8"


def dashboards_api(store: DashboardStore, clock: Callable[[], datetime]) -> APIRouter:
    """The routes, to be included in the web server before the pages."""
    router = APIRouter(prefix="/api/v1")

    @router.get("/dashboards")
    def dashboards() -> Response:
        return answered(lambda: {"dashboards": [_json(one) for one in store.load()]})

    @router.get("/dashboards/{name}", responses={200: {"content": {"application/yaml": {}}}})
    def definition(name: str) -> Response:
        try:
            return PlainTextResponse(store.get(name).definition, media_type=_YAML)
        except GatelensError as error:
            return fault_response(with_cure(error))

    @router.put("/dashboards/{name}")
    async def put(name: str, request: Request) -> Response:
        body = await request.body()

        def work() -> dict[str, Any]:
            try:
                text = body.decode()
            except UnicodeDecodeError:
                raise InvalidDashboard("The dashboard is not UTF-8 text. Save it as UTF-8.") from None
            return _json(store.put(name, text, writer_of(request), clock()))

        return await run_in_threadpool(answered, work)

    router.delete("/dashboards/{name}")(delete_from(store, clock))
    return router


def _json(one: StoredDashboard) -> dict[str, Any]:
    return {"name": one.name, "updated_by": one.updated_by, "updated_at": one.updated_at.isoformat()}
