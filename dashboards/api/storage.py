"""Storage over HTTP: what it uses, and rebuilding rollups."""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict, Field

from dashboards.access.writer import writer_of
from dashboards.api.faults import fault_response
from processors.rollups.filler import RollupFiller
from processors.storage_use.report import StorageReport, storage_report
from processors.time.expression import parse_window
from storage.errors import GatelensError
from storage.faults import with_cure
from storage.store import Store


class RebuildRequest(BaseModel):
    """The body of POST /api/v1/rollups/rebuild."""

    model_config = ConfigDict(extra="forbid")

    start: str = Field(alias="from", min_length=1)
    end: str = Field(default="now", alias="to")
    tables: tuple[str, ...] = ()


def storage_api(store: Store, filler: RollupFiller, clock: Callable[[], datetime]) -> APIRouter:
    """The routes, to be included in the web server before the pages."""
    router = APIRouter()

    @router.get("/api/v1/storage")
    def storage() -> Response:
        try:
            return JSONResponse(report_document(storage_report(store, clock())))
        except GatelensError as error:
            return fault_response(with_cure(error))

    @router.get("/api/v1/rollups")
    def rollups() -> JSONResponse:
        return JSONResponse({"waiting": filler.waiting, "wanted": filler.wanted, "fault": filler.fault})

    @router.post("/api/v1/rollups/rebuild")
    def rebuild(body: RebuildRequest, request: Request) -> Response:
        try:
            writer_of(request)
            window = parse_window(body.start, body.end, clock())
            return JSONResponse({"windows": filler.rebuild(window, body.tables)}, status_code=202)
        except GatelensError as error:
            return fault_response(with_cure(error))

    return router


def report_document(report: StorageReport) -> Mapping[str, Any]:
    """The report as JSON has it."""
    return {
        "bytes": report.bytes,
        "bytes_per_request": report.bytes_per_request,
        "free_bytes": report.free_bytes,
        "bytes_per_day": report.bytes_per_day,
        "days_left": report.days_left,
        "rollups_waiting": report.rollups_waiting,
        "tables": [
            {
                **asdict(table),
                "bytes_per_row": table.bytes_per_row,
                "oldest": table.oldest and table.oldest.isoformat(),
                "newest": table.newest and table.newest.isoformat(),
            }
            for table in report.tables
        ],
    }
