"""The HTTP API: health, our own metrics, queries and usage reports for programs."""

import json
from collections.abc import Callable, Mapping
from typing import Annotated, Literal, Protocol

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from pydantic import BaseModel, ConfigDict, Field

from dashboards.health import Health
from storage.errors import (
    GatelensError,
    InvalidReport,
    QueryFailed,
    QueryLimitExceeded,
    QueryRefused,
    StoreUnavailable,
)

_MEDIA_TYPES = {
    "table": "text/plain; charset=utf-8",
    "csv": "text/csv; charset=utf-8",
    "csv_raw": "text/csv; charset=utf-8",
    "json": "application/json",
    "jsonl": "application/x-ndjson",
    "parquet": "application/vnd.apache.parquet",
}


class QueryRunner(Protocol):
    """Runs a person's statement: storage.reader.Reader."""

    def run(self, sql: str, output_format: str) -> bytes:
        """The result in a format; raises StoreError."""


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
    runner: QueryRunner,
    health: Health,
    own_metrics: Exposition,
    find_segments: Callable[[str], Mapping[str, object]],
) -> APIRouter:
    """The routes, to be included in the web server before the pages."""
    router = APIRouter()

    @router.get("/healthz")
    def healthz() -> PlainTextResponse:
        return PlainTextResponse("ok\n")

    @router.get("/readyz")
    def readyz() -> JSONResponse:
        faults = health.faults()
        return JSONResponse({"ready": not faults, "faults": faults}, status_code=503 if faults else 200)

    @router.get("/metrics")
    def metrics() -> Response:
        return Response(own_metrics.exposition(), media_type=own_metrics.content_type)

    @router.post("/api/v1/query")
    def query(request: QueryRequest) -> Response:
        try:
            return Response(runner.run(request.sql, request.format), media_type=_MEDIA_TYPES[request.format])
        except GatelensError as error:
            return fault_response(error)

    @router.get("/api/v1/segments")
    def segments(prefix: Annotated[str, Query(min_length=1)]) -> JSONResponse:
        return JSONResponse(find_segments(prefix))

    return router


def fault_response(error: GatelensError) -> Response:
    """What went wrong as JSON, under the status that says who can cure it."""
    status = next((status for kind, status in _STATUS if isinstance(error, kind)), 500)
    body = {"error": str(error), "kind": type(error).__name__}
    return Response(json.dumps(body), status_code=status, media_type="application/json")


_STATUS: tuple[tuple[type[GatelensError], int], ...] = (
    (InvalidReport, 400),
    (QueryRefused, 403),
    (QueryLimitExceeded, 422),
    (QueryFailed, 400),
    (StoreUnavailable, 503),
)
