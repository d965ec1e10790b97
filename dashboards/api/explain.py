"""Explanations of changes, over HTTP and for the command."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict, Field

from dashboards.api.faults import fault_response
from processors.explain.baseline import parse_baseline
from processors.explain.explain import explain
from processors.explain.explanation import Cause, ChangeQuestion, Explanation
from processors.explain.measures import explained_measure
from processors.explain.sentences import sentence, summary
from processors.query.filters import parse_filter
from processors.query.questions import Questions
from processors.time.period import parse_period
from processors.time.window import Window
from storage.errors import GatelensError
from storage.faults import with_cure
from storage.store import Store

PATH = "/api/v1/explain"


class ExplainRequest(BaseModel):
    """What is to be explained: a parameter each of GET, or the body of POST."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    measure: str = "errors"
    from_: str = Field(default="now-1h", alias="from")
    to: str = ""
    baseline: str = "before"
    # As in URLs, e.g. `environment=production`; all have to hold.
    filter: list[str] = Field(default_factory=list, max_length=50)


def explain_api(store: Store, questions: Questions, clock: Callable[[], datetime]) -> APIRouter:
    """The routes, to be included in the web server before the pages."""
    router = APIRouter()

    def answered(request: ExplainRequest) -> Response:
        try:
            return JSONResponse(explain_answer(store, questions, request, clock()))
        except GatelensError as error:
            return fault_response(with_cure(error))

    @router.get(PATH)
    def explain_by_address(request: Annotated[ExplainRequest, Query()]) -> Response:
        return answered(request)

    @router.post(PATH)
    def explain_by_body(request: ExplainRequest) -> Response:
        return answered(request)

    return router


def explain_answer(store: Store, questions: Questions, request: ExplainRequest, now: datetime) -> Mapping[str, Any]:
    """The explanation as JSON. Raises GatelensError."""
    window = parse_period(request.from_, request.to, now)
    filters = tuple(parse_filter(text) for text in request.filter)
    baseline = parse_baseline(request.baseline, window, filters, now)
    question = ChangeQuestion(
        explained_measure(request.measure), window, baseline.window, filters, against=baseline.against
    )
    return _as_json(explain(store, questions, question))


def _as_json(explanation: Explanation) -> Mapping[str, Any]:
    question = explanation.question
    return {
        "measure": question.measure.name,
        "window": _window(question.window),
        "baseline": _window(question.baseline),
        "against": None if question.against is None else [one.text() for one in question.against],
        "summary": summary(explanation),
        "threshold_ms": explanation.threshold_ms,
        "sampled": explanation.sampled,
        "before": explanation.level(explanation.whole, after=False),
        "after": explanation.level(explanation.whole, after=True),
        "rows": [_row(explanation, cause) for cause in explanation.causes],
    }


def _row(explanation: Explanation, cause: Cause) -> Mapping[str, Any]:
    return {
        "kind": "symptom" if cause.is_symptom else "echo" if cause.is_echo else "cause",
        "dimensions": dict(zip(cause.dimensions, cause.values, strict=True)),
        "same_as": dict(cause.same_as),
        "before": explanation.level(cause.sums, after=False),
        "after": explanation.level(cause.sums, after=True),
        "contribution": round(cause.contribution, 4),
        "surprise": round(cause.surprise, 6),
        "sentence": sentence(explanation, cause),
    }


def _window(window: Window) -> Mapping[str, str]:
    return {"from": window.start.isoformat(), "to": window.end.isoformat()}
