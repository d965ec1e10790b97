"""Health, our own metrics, people's queries, and what became of what was sent."""

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Literal, Protocol

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from pydantic import BaseModel, ConfigDict, Field

from dashboards.api.faults import fault_response
from dashboards.connection import while_connected
from dashboards.health import Health
from dashboards.query_queue import QueryQueue
from storage.errors import GatelensError

_MEDIA_TYPES = {
    "table": "text/plain; charset=utf-8",
    "csv": "text/csv; charset=utf-8",
    "csv_raw": "text/csv; charset=utf-8",
    "json": "application/json",
    "jsonl": "application/x-ndjson",
    "parquet": "application/vnd.apache.parquet",
}


class Exposition(Protocol):
    """Our own metrics in Prometheus' text format."""

    content_type: str

    def exposition(self) -> bytes: ...


class QueryRequest(BaseModel):
    """The body of POST /api/v1/query."""

    model_config = ConfigDict(extra="forbid")

    sql: str = Field(min_length=1)
    format: Literal["table", "csv", "csv_raw", "json", "jsonl", "parquet"] = "json"


def basics_api(
    queries: QueryQueue,
    health: Health,
    own_metrics: Exposition,
    find_segments: Callable[[str], Mapping[str, object]],
    recent_refusals: Callable[[], Sequence[Mapping[str, object]]],
) -> APIRouter:
    """The routes, to be included in the web server before the pages."""
    router = APIRouter()

    # None of these three waits for a thread that queries or pages use.
    @router.get("/healthz")
    async def healthz() -> PlainTextResponse:
        return PlainTextResponse("ok\n")

    @router.get("/readyz")
    async def readyz(request: Request) -> JSONResponse:
        faults = await health.faults()
        # Strangers learn whether, not why.
        details = {"faults": faults} if getattr(request.state, "is_known", True) else {}
        return JSONResponse({"ready": not faults, **details}, status_code=503 if faults else 200)

    @router.get("/metrics")
    async def metrics() -> Response:
        return Response(own_metrics.exposition(), media_type=own_metrics.content_type)

    @router.post("/api/v1/query")
    async def query(request: QueryRequest, connection: Request) -> Response:
        try:
            answer = await while_connected(connection, queries.run(request.sql, request.format))
            return Response(answer, media_type=_MEDIA_TYPES[request.format])
        except GatelensError as error:
            return fault_response(error)

    @router.get("/api/v1/segments")
    def segments(prefix: Annotated[str, Query(min_length=1)]) -> JSONResponse:
        return JSONResponse(find_segments(prefix))

    @router.get("/api/v1/ingest/refusals")
    async def refusals() -> JSONResponse:
        return JSONResponse({"refusals": recent_refusals()})

    return router
