"""The catalogue, its drift, routes and consumers, over HTTP and for commands."""

import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict, Field

from dashboards.api.faults import fault_response
from processors.catalogue.catalogue import catalogue
from processors.catalogue.config import CataloguedApi
from processors.catalogue.document import Document
from processors.catalogue.drift import drift
from processors.consumers.consumers import consumers, quotas
from processors.consumers.directory import ConsumerDirectory
from processors.errors import InvalidQuestion
from processors.query.filters import parse_filter
from processors.query.questions import Questions
from processors.routes.decisions import decided_routes
from processors.routes.worker import RouteStatus
from processors.time.period import parse_period
from storage.errors import GatelensError
from storage.faults import with_cure
from storage.store import Store

CATALOGUE_PATH = "/api/v1/catalogue"
CONSUMERS_PATH = "/api/v1/consumers"
ROUTES_PATH = "/api/v1/routes"


class PeriodRequest(BaseModel):
    """A time."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    from_: str = Field(default="now-7d", alias="from")
    to: str = ""


class ConsumersRequest(PeriodRequest):
    """A time, and filters of requests; all have to hold."""

    filter: list[str] = Field(default_factory=list, max_length=50)


@dataclass
class Catalogued:
    """What people say of APIs and consumers; what follows their files replaces it while it is used."""

    apis: tuple[CataloguedApi, ...] = ()
    documents: tuple[Document, ...] = ()
    directory: ConsumerDirectory = field(default_factory=ConsumerDirectory)


def catalogue_api(
    store: Store,
    questions: Questions,
    catalogued: Catalogued,
    routes: Callable[[], RouteStatus | None],
    clock: Callable[[], datetime],
) -> APIRouter:
    """The routes, to be included in the web server before the pages."""
    router = APIRouter()

    def answered(ask: Callable[[], Any]) -> Response:
        try:
            return JSONResponse(_plain(ask()))
        except GatelensError as error:
            return fault_response(with_cure(error))

    @router.get(CATALOGUE_PATH)
    def apis(request: Annotated[PeriodRequest, Query()]) -> Response:
        return answered(lambda: catalogue_answer(store, catalogued, request, clock()))

    @router.get(f"{CATALOGUE_PATH}/{{api}}/drift")
    def drifts(api: str, request: Annotated[PeriodRequest, Query()]) -> Response:
        return answered(lambda: drift_answer(questions, catalogued, api, request, clock()))

    @router.get(CONSUMERS_PATH)
    def users(request: Annotated[ConsumersRequest, Query()]) -> Response:
        return answered(lambda: consumers_answer(questions, catalogued, request, clock()))

    @router.get(ROUTES_PATH)
    def decided() -> Response:
        return answered(lambda: _routes(store, routes()))

    return router


def catalogue_answer(store: Store, catalogued: Catalogued, request: PeriodRequest, now: datetime) -> Mapping[str, Any]:
    """Every API as JSON. Raises GatelensError."""
    window = parse_period(request.from_, request.to, now)
    return {"apis": [asdict(entry) for entry in catalogue(store, window, catalogued.apis, catalogued.documents)]}


def drift_answer(
    questions: Questions, catalogued: Catalogued, api: str, request: PeriodRequest, now: datetime
) -> Mapping[str, Any]:
    """Where an API's document and traffic disagree. Raises GatelensError."""
    document = next((document for document in catalogued.documents if document.api == api), None)
    if document is None:
        raise InvalidQuestion(f"The API {api!r} has no document; name one in `catalogue.apis`.")
    window = parse_period(request.from_, request.to, now)
    found = drift(questions, document, window)
    return {"api": api, "title": document.title, "version": document.version, "drift": [asdict(one) for one in found]}


def consumers_answer(
    questions: Questions, catalogued: Catalogued, request: ConsumersRequest, now: datetime
) -> Mapping[str, Any]:
    """Consumers and quotas. Raises GatelensError."""
    window = parse_period(request.from_, request.to, now)
    filters = tuple(parse_filter(text) for text in request.filter)
    return {
        "consumers": [asdict(entry) for entry in consumers(questions, catalogued.directory, window, filters)],
        "quotas": [{**asdict(use), "share": use.share} for use in quotas(questions, catalogued.directory, now)],
    }


def _routes(store: Store, status: RouteStatus | None) -> Mapping[str, Any]:
    """What was decided of routes, and how the last run went."""
    run = status.run if status else None
    return {
        "last_run": status and {"at": status.at, "seconds": status.seconds, "fault": status.fault},
        "observed": run.observed if run else None,
        "warnings": run.warnings if run else (),
        "routes": [
            {"api": api, "route": route, "reason": reason, "observed": observed}
            for api, route, reason, observed in decided_routes(store)
        ],
    }


def _plain(value: Any) -> Any:
    """As JSON has it: times as text, no NaN."""
    if isinstance(value, Mapping):
        return {name: _plain(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if isinstance(value, datetime):
        return value.isoformat()
    return None if isinstance(value, float) and math.isnan(value) else value
