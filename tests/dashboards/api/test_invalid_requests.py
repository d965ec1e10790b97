"""Whatever goes wrong over the HTTP API is told in one form, with what is wrong and how to mend it."""

import asyncio
from pathlib import Path
from typing import Annotated, Any

import httpx
import pytest
from dash.exceptions import DependencyException
from fastapi import APIRouter, Depends, FastAPI, Query
from pydantic import BaseModel, Field
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.staticfiles import StaticFiles

from dashboards.api.faults import answered
from dashboards.api.invalid_requests import answer_invalid_requests
from dashboards.api.unknown_parameters import refuse_unknown_parameters
from dashboards.site.documents import Documents
from storage.full_disk import disk_full


def _ask(app: Any, method: str, path: str, **more: Any) -> httpx.Response:
    async def asked() -> httpx.Response:
        # What fails is raised again behind its answer, for the server to log it.
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://gatelens") as client:
            return await client.request(method, path, **more)

    return asyncio.run(asked())


class _Asked(BaseModel):
    start: str = Field(default="now-1h", alias="from")


@pytest.fixture
def server(tmp_path: Path) -> FastAPI:
    server = FastAPI(dependencies=[Depends(refuse_unknown_parameters)])
    answer_invalid_requests(server)

    @server.get("/api/v1/things")
    def things(limit: int) -> dict[str, int]:
        return {"limit": limit}

    @server.get("/api/v1/policies")
    def policies(asked: Annotated[_Asked, Query()]) -> str:
        return asked.start

    @server.get("/api/v1/broken")
    def broken() -> None:
        raise ZeroDivisionError

    @server.get("/page", include_in_schema=False)
    def page() -> str:
        return "A page reads its address itself."

    @server.post("/api/v1/full")
    def full() -> Any:
        def work() -> dict[str, Any]:
            raise disk_full(Path("data"), "No space left on device")

        return answered(work)

    @server.get("/suites/{name}")
    def suite(name: str) -> None:
        raise DependencyException(f"{name} is not registered")  # type: ignore[no-untyped-call]  # Dash has no types for it

    router = APIRouter(prefix="/api/v1")

    @router.post("/things")
    @router.put("/things")
    def change() -> None:
        raise AssertionError("Nobody asks for it.")

    server.include_router(router)
    server.mount("/assets", StaticFiles(directory=tmp_path))
    return server


@pytest.mark.parametrize(
    ("method", "path", "status", "kind", "told"),
    [
        ("GET", "/api/v1/nothing", 404, "UnknownAddress", "There is nothing at /api/v1/nothing."),
        ("DELETE", "/api/v1/things", 405, "MethodNotAllowed", "it takes GET, POST, PUT"),
        ("PATCH", "/assets/api/v1/things", 405, "MethodNotAllowed", "it takes GET, HEAD."),
        ("GET", "/suites/nothing", 404, "UnknownAddress", "There is nothing at /suites/nothing."),
        ("GET", "/api/v1/broken", 500, "InternalError", "Its log says why"),
        ("GET", "/api/v1/things?limit=many", 422, "InvalidRequest", "query.limit: Input should be a valid integer"),
        ("GET", "/api/v1/things?limit=1&api=a", 422, "InvalidRequest", "query.api: There is no such parameter; this"),
        ("GET", "/api/v1/things?limit=1&api=a", 422, "InvalidRequest", "this address takes limit."),
        ("POST", "/api/v1/full?really", 422, "InvalidRequest", "this address takes none."),
        ("POST", "/api/v1/full", 507, "DiskFull", "Free some space on it"),
    ],
)
def test_every_error_has_one_form(server: FastAPI, method: str, path: str, status: int, kind: str, told: str) -> None:
    answer = _ask(server, method, path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/json"
    assert answer.json()["kind"] == kind
    assert told in answer.json()["error"]


def test_the_parts_that_cannot_be_used_are_listed_and_not_repeated(server: FastAPI) -> None:
    answer = _ask(server, "GET", "/api/v1/things?limit=4711x")
    assert [fault["where"] for fault in answer.json()["faults"]] == [["query", "limit"]]
    assert "4711x" not in answer.text


def test_a_person_gets_a_page_but_for_what_programs_ask(server: FastAPI) -> None:
    async def document(_request: Any) -> PlainTextResponse:
        return PlainTextResponse("the document")

    server.mount("/", Starlette(routes=[Route("/", document)]))
    app = Documents(server, is_page=lambda _path: False)
    browser = {"Accept": "text/html,*/*"}
    page = _ask(app, "GET", "/nothing", headers=browser)
    assert (page.status_code, page.text) == (404, "the document")
    assert _ask(app, "GET", "/api/v1/things", headers=browser).json()["kind"] == "InvalidRequest"


def test_parameters_of_a_model_are_known_by_their_aliases_and_pages_take_any(server: FastAPI) -> None:
    assert _ask(server, "GET", "/api/v1/policies?from=now-2h").json() == "now-2h"
    refused = _ask(server, "GET", "/api/v1/policies?start=now-2h")
    assert (refused.status_code, refused.json()["faults"][0]["where"]) == (422, ["query", "start"])
    assert "this address takes from." in refused.json()["error"]
    assert _ask(server, "GET", "/page?from=now-2h").status_code == 200


def test_all_methods_of_a_path_are_listed(server: FastAPI) -> None:
    assert _ask(server, "DELETE", "/api/v1/things").headers["allow"] == "GET, POST, PUT"
