"""The HTTP API: health, our own metrics, queries and usage reports for programs."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Literal, Protocol

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from pydantic import BaseModel, ConfigDict, Field

from dashboards.errors import QueryQueueFull
from dashboards.health import Health
from dashboards.query_queue import QueryQueue
from processors.errors import InvalidReport
from storage.errors import GatelensError, QueryFailed, QueryLimitExceeded, QueryRefused, StoreUnavailable

_MEDIA_TYPES = {
    "table": "text/plain; charset=utf-8",
    "csv": "text/csv; charset=utf-8",
    "csv_raw": "text/csv; charset=utf-8",
    "json": "application/json",
    "jsonl": "application/x-ndjson",
    "parquet": "application/vnd.apache.parquet",
}

_RETRY_AFTER_SECONDS = "5"


class Exposition(Protocol):
    """Our own metrics in Prometheus' text format."""

    content_type: str

    def exposition(self) -> bytes: ...


class QueryRequest(BaseModel):
    """The body of POST /api/v1/query."""

    model_config = ConfigDict(extra="forbid")

    sql: str = Field(min_length=1)
    format: Literal["table", "csv", "csv_raw", "json", "jsonl", "parquet"] = "json"


def http_api(
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
    async def query(request: QueryRequest) -> Response:
        try:
            answer = await queries.run(request.sql, request.format)
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


def fault_response(error: GatelensError) -> Response:
    """What went wrong as JSON, under the status that says who can cure it."""
    status = next((status for kind, status in _STATUS if isinstance(error, kind)), 500)
    body = {"error": str(error), "kind": type(error).__name__}
    headers = {"Retry-After": _RETRY_AFTER_SECONDS} if status == 503 else None
    return Response(json.dumps(body), status_code=status, headers=headers, media_type="application/json")


_STATUS: tuple[tuple[type[GatelensError], int], ...] = (
    (InvalidReport, 400),
    (QueryRefused, 403),
    (QueryLimitExceeded, 422),
    (QueryFailed, 400),
    (StoreUnavailable, 503),
    (QueryQueueFull, 503),
)
