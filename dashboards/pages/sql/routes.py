"""What the workbench asks: the first rows of a statement, or what is wrong with it and where."""

import json
import math
import time
from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict

from dashboards.connection import while_connected
from dashboards.pages.sql.fault_place import fault_place, shortened
from dashboards.query_queue import QueryQueue
from storage.errors import GatelensError
from storage.faults import with_cure

ROWS_SHOWN = 2000

# A cell is cut there; a download has all of it.
_LONGEST_CELL = 4000
_WRAPPERS = ("Nullable(", "LowCardinality(")
# How the names of ClickHouse's types begin.
_NUMBERS = ("Int", "UInt", "Float", "Decimal", "BFloat")
_TIMES = ("Date",)


class Statement(BaseModel):
    """One statement, as it was typed."""

    model_config = ConfigDict(extra="forbid")

    sql: str


def sql_routes(queries: QueryQueue) -> APIRouter:
    """The route of the page; a browser that hangs up stops its query."""
    router = APIRouter(prefix="/page", include_in_schema=False)

    @router.post("/sql")
    async def first_rows(statement: Statement, request: Request) -> JSONResponse:
        started = time.monotonic()
        try:
            # One row more than is shown, to see whether there are more.
            answer = await while_connected(request, queries.first(statement.sql, ROWS_SHOWN + 1))
        except GatelensError as error:
            return JSONResponse(_fault(statement.sql, error))
        return JSONResponse({**_result(answer), "took_ms": (time.monotonic() - started) * 1000})

    return router


def _fault(sql: str, error: GatelensError) -> dict[str, object]:
    """`at` is where in the text, from and to, as the browser counts."""
    message = str(with_cure(error))
    return {"fault": shortened(message), "kind": type(error).__name__, "at": fault_place(sql, message)}


def _result(answer: bytes) -> dict[str, Any]:
    found = json.loads(answer)
    rows: Sequence[Sequence[Any]] = found["data"]
    return {
        "columns": [
            {
                "name": column["name"],
                "type": column["type"],
                "numeric": _bare(column["type"]).startswith(_NUMBERS),
                "time": _bare(column["type"]).startswith(_TIMES),
            }
            for column in found["meta"]
        ],
        "rows": [[_shown(value) for value in row] for row in rows[:ROWS_SHOWN]],
        "more": len(rows) > ROWS_SHOWN,
    }


def _bare(kind: str) -> str:
    for wrapper in _WRAPPERS:
        kind = kind.removeprefix(wrapper)
    return kind


def _shown(value: Any) -> str | None:
    """As a reader would write it: whole numbers exactly, others to twelve digits; None is NULL."""
    if value is None:
        return None
    if isinstance(value, float):
        text = f"{value:.12g}" if math.isfinite(value) else str(value)
    elif isinstance(value, str):
        text = value
    else:
        text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST_CELL else f"{text[:_LONGEST_CELL]}…"
