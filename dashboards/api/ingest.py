"""How telemetry comes in, over HTTP, and reading dead letters again."""

import math
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any

import pandas as pd
from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict, Field

from dashboards.access.writer import writer_of
from dashboards.api.faults import fault_response
from processors.ingest.pipeline import Pipeline, troubles
from processors.ingest.records import came_in, doubts, ledger, senders, unparsed
from processors.ingest.replays import ReplayRequest, Replays, ReplayState
from processors.time.expression import InvalidRange, parse_time, parse_window
from processors.time.window import Window
from storage.errors import GatelensError
from storage.faults import with_cure
from storage.store import Store

REPLAY_PATH = "/api/v1/ingest/replay"


class _Period(BaseModel):
    model_config = ConfigDict(extra="forbid")

    start: str = Field(default="now-1h", alias="from")
    end: str = Field(default="now", alias="to")


class ReplayBody(BaseModel):
    """The body of POST /api/v1/ingest/replay; without times, all that is kept."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    format: str = ""
    reason: str = ""
    start: str = Field(default="", alias="from")
    end: str = Field(default="", alias="to")
    read_as: str = Field(default="", alias="as")
    dry_run: bool = False

    def request(self, now: datetime) -> ReplayRequest:
        """Raises InvalidTimeExpression and InvalidRange."""
        start, end = (parse_time(text, now) if text else None for text in (self.start, self.end))
        if start is not None and end is not None and end <= start:
            raise InvalidRange(f"The time range ends ({self.end}) before it starts ({self.start}); swap them.")
        return ReplayRequest(self.format, self.reason, start, end, self.read_as, self.dry_run)


def ingest_api(
    store: Store, pipeline: Callable[[], Pipeline], replays: Replays, clock: Callable[[], datetime]
) -> APIRouter:
    """The routes, to be included in the web server before the pages."""
    router = APIRouter()

    @router.get("/api/v1/ingest")
    def ingest(period: Annotated[_Period, Query()]) -> Response:
        now = clock()
        return _answered(lambda: ingest_document(store, pipeline(), parse_window(period.start, period.end, now), now))

    @router.get(REPLAY_PATH)
    def state() -> Response:
        return JSONResponse(replay_document(replays.state))

    @router.post(REPLAY_PATH)
    def replay(body: ReplayBody, request: Request) -> Response:
        def begin() -> Mapping[str, Any]:
            writer_of(request)
            return replay_document(replays.begin(body.request(clock())))

        return _answered(begin, status=202)

    return router


def ingest_document(store: Store, pipeline: Pipeline, window: Window, now: datetime) -> Mapping[str, Any]:
    """All of it as JSON. Raises StoreError."""
    entered, dead = ledger(store, window), unparsed(store, window)
    wrong = troubles(pipeline, came_in(entered))
    return {
        "from": window.start.isoformat(),
        "to": window.end.isoformat(),
        "troubles": [{"severity": one.severity, "kind": one.kind, "text": one.text} for one in wrong],
        "inputs": [{**asdict(one), "last_seen": one.last_seen.isoformat()} for one in pipeline.inputs],
        "senders": _rows(senders(store, now)),
        "refusals": pipeline.refusals,
        "lag_seconds": pipeline.lag_seconds,
        "spool": {
            "bytes": pipeline.spool_bytes,
            "capacity": pipeline.spool_capacity,
            "segments_waiting": pipeline.backlog,
            "seconds_until_full": pipeline.seconds_until_full,
        },
        "ledger": _rows(entered),
        "unparsed": _rows(dead),
        "doubts": _rows(doubts(store, window)),
        "rollups_waiting": pipeline.rollups_waiting,
    }


def replay_document(state: ReplayState | None) -> Mapping[str, Any]:
    """A run as JSON; `running` is false and nothing else is there where there was none."""
    if state is None:
        return {"running": False}
    chosen = state.request
    return {
        "running": state.is_running,
        "format": chosen.format,
        "reason": chosen.reason,
        "from": chosen.start and chosen.start.isoformat(),
        "to": chosen.end and chosen.end.isoformat(),
        "as": chosen.read_as,
        "dry_run": chosen.is_dry,
        "started_at": state.started_at.isoformat(),
        "ended_at": state.ended_at and state.ended_at.isoformat(),
        "read": state.read,
        "understood": dict(state.understood),
        "stored": state.stored,
        "left": [asdict(one) for one in state.left],
        "skipped": dict(state.skipped),
        "fault": state.fault,
    }


def _answered(work: Callable[[], Mapping[str, Any]], status: int = 200) -> Response:
    try:
        return JSONResponse(work(), status_code=status)
    except GatelensError as error:
        return fault_response(with_cure(error))


def _rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(name): _plain(value) for name, value in row.items()} for row in frame.to_dict("records")]


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return None if pd.isna(value) else value.isoformat()
    if hasattr(value, "item"):
        value = value.item()
    return None if isinstance(value, float) and math.isnan(value) else value
