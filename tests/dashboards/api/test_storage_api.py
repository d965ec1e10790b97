"""Making rollups anew over HTTP: for those who may change something, and with a cure for what cannot be made."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, Request, Response
from opentelemetry.metrics import NoOpMeter

from dashboards.api.storage import storage_api
from processors.rollups.filler import RollupFiller
from processors.time.window import Window
from storage.store import Store
from tests.processors.rollups.rollup_rows import make_rollups

# Of a day that no other test has anything in: it is dropped.
_HOUR = datetime(2003, 5, 8, 10, tzinfo=UTC)
_NOW = _HOUR + timedelta(days=2)
_BODY = {"from": "2003-05-08T10:00", "to": "2003-05-08T11:00", "tables": ["route_1h"]}


def _rebuild(store: Store, body: Mapping[str, object], writer: str = "ann") -> httpx.Response:
    app = FastAPI(openapi_url=None)
    app.include_router(storage_api(store, RollupFiller(store, lambda: _NOW, NoOpMeter("test")), lambda: _NOW))

    @app.middleware("http")
    async def known(request: Request, call_next: Any) -> Response:
        request.state.writer = writer
        answer: Response = await call_next(request)
        return answer

    async def asked() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://gatelens") as client:
            return await client.post("/api/v1/rollups/rebuild", json=body)

    return asyncio.run(asked())


@pytest.mark.parametrize(
    ("body", "writer", "status", "cure"),
    [
        (_BODY, "", 403, "Sign in"),
        ({**_BODY, "tables": ["api_1h"]}, "ann", 400, "use any of api_10m"),
        (_BODY, "ann", 202, "windows"),
    ],
)
def test_who_may_have_what_made_anew(
    store: Store, body: Mapping[str, object], writer: str, status: int, cure: str
) -> None:
    answer = _rebuild(store, body, writer)
    assert (answer.status_code, cure in answer.text) == (status, True), answer.text


def test_what_has_been_deleted_is_a_conflict(store: Store) -> None:
    columns = ("time", "environment", "reporter")
    store.insert("requests", columns, [(_HOUR, "storage-api", "gateway"), (_HOUR, "storage-api", "gateway")])
    make_rollups(store, Window(_HOUR, _HOUR + timedelta(hours=1)), _NOW)
    store.command(f"ALTER TABLE requests DROP PARTITION '{_HOUR:%F}'")
    answer = _rebuild(store, _BODY)
    assert (answer.status_code, answer.json()["kind"]) == (409, "RebuildImpossible"), answer.text
