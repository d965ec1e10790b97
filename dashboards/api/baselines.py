"""What is usual, over HTTP."""

import math
from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse, Response

from dashboards.api.faults import fault_response
from processors.baselines.baselines import Baseline, BaselineQuestion
from processors.query.filters import parse_filter
from processors.query.questions import Questions
from processors.time.expression import parse_window
from storage.errors import GatelensError
from storage.faults import with_cure


def baselines_api(questions: Questions, clock: Callable[[], datetime]) -> APIRouter:
    """The route, to be included in the web server before the pages."""
    router = APIRouter()

    @router.get("/api/v1/baselines")
    def bands(
        measure: str = "requests",
        from_: Annotated[str, Query(alias="from")] = "now-24h",
        to: str = "now",
        filters: Annotated[
            list[str] | None, Query(alias="filter", max_length=100, description="Such as api=orders.")
        ] = None,
        limit: Annotated[int, Query(ge=1, le=200, description="Of APIs, those with the most requests.")] = 20,
    ) -> Response:
        try:
            window = parse_window(from_, to, clock())
            asked = BaselineQuestion(measure, window, tuple(map(parse_filter, filters or [])), limit)
            found = asked.bands(questions.ask(asked.question))
            return JSONResponse({"measure": measure, "baselines": [_as_json(each) for each in found]})
        except GatelensError as error:
            return fault_response(with_cure(error))

    return router


def _as_json(baseline: Baseline) -> dict[str, Any]:
    hours = [
        {"time": time.isoformat(), **{name: _known(value) for name, value in row.items()}}
        for time, row in zip(baseline.frame.index, baseline.frame.to_dict("records"), strict=True)
    ]
    return {"environment": baseline.environment, "api": baseline.api, "hours": hours}


def _known(value: Any) -> Any:
    """A number, or None for what JSON has no number for."""
    return None if isinstance(value, float) and not math.isfinite(value) else value
