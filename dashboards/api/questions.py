"""Questions about traffic over HTTP."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request
from fastapi.responses import JSONResponse, Response
from starlette.concurrency import run_in_threadpool

from dashboards.api.faults import fault_response
from processors.query.answer import Answer
from processors.query.dimensions import DIMENSIONS, Dimension
from processors.query.document import QuestionDocument
from processors.query.formats import FORMATS, format_accepted, format_named
from processors.query.measures import MEASURES, Measure
from processors.query.question import Question
from processors.query.questions import Questions
from storage.errors import GatelensError
from storage.faults import with_cure

# How often it is looked whether a client is still there.
_LOOK_SECONDS = 0.5

_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {"description": "The answer.", "content": {known.media_type: {} for known in FORMATS}}
}


def questions_api(questions: Questions, clock: Callable[[], datetime]) -> APIRouter:
    """The routes, to be included in the web server before the pages."""
    router = APIRouter()

    @router.post("/api/v1/questions", response_class=Response, responses=_ANSWERS)
    async def ask(
        request: Request,
        document: QuestionDocument,
        accept: Annotated[str, Header()] = "",
        format: Annotated[str, Query(description="json, csv or arrow; by Accept where not given.")] = "",  # noqa: A002
    ) -> Response:
        try:
            chosen = format_named(format) if format else format_accepted(accept)
            answer = await _while_connected(request, questions, document.question(clock()))
            return Response(await run_in_threadpool(chosen.render, answer), media_type=chosen.media_type)
        except GatelensError as error:
            return fault_response(with_cure(error))

    @router.get("/api/v1/measures")
    def measures() -> JSONResponse:
        return JSONResponse({"measures": [_documented_measure(each) for each in MEASURES.values()]})

    @router.get("/api/v1/dimensions")
    def dimensions() -> JSONResponse:
        return JSONResponse({"dimensions": [_documented_dimension(each) for each in DIMENSIONS.values()]})

    @router.get("/api/v1/dimensions/{name:path}/values")
    def values(
        name: str,
        from_: Annotated[str, Query(alias="from")] = "now-1h",
        to: str = "now",
        filters: Annotated[
            list[str] | None, Query(alias="filter", max_length=100, description="Such as status!=404.")
        ] = None,
        limit: Annotated[int, Query(ge=1, le=10_000)] = 100,
    ) -> Response:
        try:
            document = QuestionDocument.model_validate(
                {
                    "measures": ["requests"],
                    "dimensions": [name],
                    "from": from_,
                    "to": to,
                    "filters": filters or [],
                    "limit": limit,
                }
            )
            found = questions.ask(document.question(clock())).frame
        except GatelensError as error:
            return fault_response(with_cure(error))
        pairs = zip(found[name].tolist(), found["requests"].tolist(), strict=True)
        return JSONResponse({"values": [{"value": value, "requests": requests} for value, requests in pairs]})

    return router


def _documented_measure(each: Measure) -> dict[str, str | None]:
    return {"name": each.name, "unit": each.unit, "title": each.title, "description": each.description}


def _documented_dimension(each: Dimension) -> dict[str, str]:
    type_name = "integer" if each.is_number else "string"
    return {"name": each.name, "type": type_name, "description": each.description}


async def _while_connected(request: Request, questions: Questions, question: Question) -> Answer:
    """The answer; it is cancelled where the client goes away before it is there."""
    asking = asyncio.ensure_future(run_in_threadpool(questions.ask, question))
    while not (await asyncio.wait([asking], timeout=_LOOK_SECONDS))[0]:
        if await request.is_disconnected():
            await run_in_threadpool(questions.cancel, question)
            break
    return await asking
