"""What the browser asks of the pages: the frame, the data, forms, values, search, and the numbers behind a panel."""

import asyncio
from collections.abc import Callable
from typing import Annotated, Any, Self

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field, model_validator

from dashboards.access.writer import writer_of
from dashboards.errors import NotShared
from dashboards.site.encoding import encoded
from dashboards.site.export import panel_file, workbook
from dashboards.site.forms import Forms
from dashboards.site.pages import Site
from dashboards.site.search import search
from dashboards.site.shared_view import link_for
from dashboards.state.view import View, parse_view
from storage.access.shared_links import SharedLink
from storage.errors import GatelensError
from storage.faults import with_cure

_JSON = "application/json"
# What a view-only link gives of a panel.
_SHARED_FILES = ("csv", "xlsx")
_MOST_ROWS, _MOST_COLUMNS = 100_000, 500


class Address(BaseModel):
    """Where the browser is."""

    model_config = ConfigDict(extra="forbid")

    path: str = Field(max_length=4096)
    search: str = Field(default="", max_length=65_536)
    zone: str = Field(default="UTC", max_length=128)

    def view(self) -> View:
        return parse_view(self.path, self.search, self.zone)


class PartRequest(Address):
    """`known` are the digests of what the browser shows; `timed` where it asks by the clock."""

    known: dict[str, str] = {}
    timed: bool = False


class FormRequest(Address):
    """Names and values of a form's fields, in their order."""

    values: list[tuple[str, str]] = []


class ShownRows(BaseModel):
    """What a table or chart shows, the headings first."""

    model_config = ConfigDict(extra="forbid")

    rows: list[Annotated[list[str | float | None], Field(max_length=_MOST_COLUMNS)]] = Field(
        min_length=1, max_length=_MOST_ROWS
    )

    @model_validator(mode="after")
    def _is_a_table(self) -> Self:
        if any(len(row) != len(self.rows[0]) for row in self.rows):
            raise ValueError("every row has as many cells as there are headings")
        return self


def page_routes(site: Site, forms: Forms) -> APIRouter:
    """The routes, to be included in the web server before Dash's."""
    router = APIRouter(prefix="/page", include_in_schema=False)

    async def answer(part: Callable[[], dict[str, Any]]) -> Response:
        # In a thread: the server stays free meanwhile.
        content = await asyncio.to_thread(lambda: bytes(encoded(part())))
        return Response(content, media_type=_JSON)

    @router.post("/frame")
    async def frame(asked: PartRequest, request: Request) -> Response:
        if links := _shared(request):
            return await answer(lambda: site.shared_frame(asked.view(), asked.known, links))
        return await answer(lambda: site.frame(asked.view(), asked.known))

    @router.post("/data")
    async def data(asked: PartRequest, request: Request) -> Response:
        if links := _shared(request):
            return await answer(lambda: site.shared_data(asked.view(), asked.known, links, is_timed=asked.timed))
        return await answer(lambda: site.data(asked.view(), asked.known, is_timed=asked.timed))

    @router.post("/signs")
    async def signs(asked: PartRequest, request: Request) -> Response:
        if _shared(request):
            return await answer(lambda: {"regions": {}})
        return await answer(lambda: site.signs(asked.known))

    @router.post("/forms/{name}")
    async def form(name: str, asked: FormRequest, request: Request) -> Response:
        result = await asyncio.to_thread(forms.take, name, asked.view(), asked.values, lambda: writer_of(request))
        return Response(bytes(encoded(result)), media_type=_JSON)

    @router.get("/search")
    async def found(text: str = "", query: Annotated[str, Query(alias="search")] = "") -> Response:
        hits = await asyncio.to_thread(search, site, parse_view("/", query), text[:200])
        return Response(bytes(encoded({"found": hits})), media_type=_JSON)

    @router.get("/panels/{panel}.{kind}")
    async def file(
        panel: str,
        kind: str,
        path: str,
        request: Request,
        query: Annotated[str, Query(alias="search")] = "",
        zone: str = "UTC",
    ) -> Response:
        view, links = parse_view(path, query, zone), _shared(request)
        try:
            if links and (kind not in _SHARED_FILES or link_for(links, view, site.clock()) is None):
                raise NotShared("A view-only link shows one page and the figures on it; sign in to see more.")
            return await asyncio.to_thread(panel_file, site, view, panel, kind)
        except GatelensError as error:
            return Response(str(with_cure(error)), 400, media_type="text/plain; charset=utf-8")

    @router.post("/xlsx")
    async def xlsx(shown: ShownRows) -> Response:
        return await asyncio.to_thread(workbook, shown.rows)

    return router


def _shared(request: Request) -> tuple[SharedLink, ...]:
    """The view-only links of somebody who sees nothing else; without a gate in front there are none."""
    found: tuple[SharedLink, ...] = getattr(request.state, "shared", ())
    return found
