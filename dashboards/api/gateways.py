"""Gateways over HTTP: CPU and memory, instances, costs, policies, caches, who calls whom, and the hops of one call."""

import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Annotated

import pandas as pd
from fastapi import APIRouter, Query
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from dashboards.api.faults import fault_response
from processors.errors import InvalidQuestion
from processors.policies.cache import cache
from processors.policies.policies import hit, policies
from processors.query.filters import Filter, parse_filter
from processors.query.questions import Questions
from processors.resources.cost import DIMENSIONS, cost
from processors.resources.instance_filter import InstanceFilter
from processors.resources.instances import instances
from processors.resources.resources import resources
from processors.time.durations import parse_duration
from processors.time.expression import parse_window
from processors.time.steps import step_of
from processors.time.window import MINUTE, Window
from processors.topology.edges import edges
from processors.topology.hops import hops
from storage.errors import GatelensError
from storage.faults import with_cure
from storage.store import Store

_MOST_STEPS = 20_000


class _Period(BaseModel):
    """The time range of a request."""

    model_config = ConfigDict(frozen=True, populate_by_name=True)

    start: str = Field(default="now-1h", alias="from", description="Such as now-24h, 2026-05-01 or epoch milliseconds.")
    end: str = Field(default="now", alias="to", description="Likewise; not included.")

    def window(self, clock: Callable[[], datetime]) -> Window:
        return parse_window(self.start, self.end, clock())


class _Of(_Period):
    """The time range, and what gateways; exact names, '' for all."""

    environment: str = ""
    gateway: str = ""
    instance: str = ""

    @property
    def instances(self) -> InstanceFilter:
        return InstanceFilter(self.environment, self.gateway, self.instance)


class _Filtered(_Period):
    """The time range, and what traffic."""

    filters: list[str] = Field(default=[], alias="filter", max_length=100, description="Such as api=orders.")

    @property
    def parsed(self) -> tuple[Filter, ...]:
        return tuple(map(parse_filter, self.filters))


def gateways_api(store: Store, questions: Questions, handled: Questions, clock: Callable[[], datetime]) -> APIRouter:
    """The routes, to be included in the web server before the pages; `handled` answers from HANDLED."""
    router = APIRouter()
    _add_instances(router, store, handled, clock)
    _add_policies(router, store, questions, clock)
    _add_topology(router, store, handled, clock)
    return router


def _add_instances(router: APIRouter, store: Store, handled: Questions, clock: Callable[[], datetime]) -> None:
    @router.get("/api/v1/resources")
    def resources_of(asked: Annotated[_Of, Query()], step: str = "auto") -> Response:
        def answer() -> Mapping[str, pd.DataFrame]:
            window = asked.window(clock)
            return {"resources": resources(store, window, asked.instances, _step(step, window))}

        return _answered(answer)

    @router.get("/api/v1/instances")
    def instances_of(asked: Annotated[_Of, Query()]) -> Response:
        return _answered(lambda: {"instances": instances(store, handled, asked.window(clock), asked.instances)})

    @router.get("/api/v1/costs")
    def costs_of(asked: Annotated[_Of, Query()], by: str = "api") -> Response:
        def answer() -> Mapping[str, pd.DataFrame]:
            if by not in DIMENSIONS:
                raise InvalidQuestion(f"Costs cannot be split by {by!r}; use any of {', '.join(DIMENSIONS)}.")
            found = cost(store, handled, asked.window(clock), by, asked.instances)
            return {"costs": found.costs, "fits": found.fits}

        return _answered(answer)


def _add_policies(router: APIRouter, store: Store, questions: Questions, clock: Callable[[], datetime]) -> None:
    @router.get("/api/v1/policies")
    def policies_of(asked: Annotated[_Filtered, Query()], step: str = "") -> Response:
        def answer() -> Mapping[str, pd.DataFrame]:
            window = asked.window(clock)
            return {"policies": policies(questions, window, asked.parsed, _step(step, window) if step else None)}

        return _answered(answer)

    @router.get("/api/v1/policies/hit")
    def hit_by(
        asked: Annotated[_Filtered, Query()],
        by: str = "consumer",
        kind: str = "",
        limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    ) -> Response:
        return _answered(lambda: {"hit": hit(questions, asked.window(clock), by, asked.parsed, kind, limit)})

    @router.get("/api/v1/caches")
    def caches_of(asked: Annotated[_Of, Query()]) -> Response:
        return _answered(lambda: {"caches": cache(store, asked.window(clock), asked.environment, asked.gateway)})


def _add_topology(router: APIRouter, store: Store, handled: Questions, clock: Callable[[], datetime]) -> None:
    @router.get("/api/v1/topology")
    def topology_of(asked: Annotated[_Of, Query()]) -> Response:
        return _answered(lambda: {"edges": edges(store, handled, asked.window(clock), asked.instances)})

    @router.get("/api/v1/requests/{request}/hops")
    def hops_of(
        request: str,
        from_: Annotated[str, Query(alias="from")] = "now-24h",
        to: str = "now",
    ) -> Response:
        return _answered(lambda: {"hops": hops(store, request, parse_window(from_, to, clock()))})


def _step(text: str, window: Window) -> timedelta:
    if text == "auto":
        return step_of(window)
    try:
        step = parse_duration(text)
    except ValueError as error:
        raise InvalidQuestion(f"{error}, or auto.") from None
    if step < MINUTE or step % MINUTE or window.length / step > _MOST_STEPS:
        raise InvalidQuestion(
            f"A step is whole minutes, and a window has at most {_MOST_STEPS} of them; {text!r} is not such; use auto."
        )
    return step


def _answered(answer: Callable[[], Mapping[str, pd.DataFrame]]) -> Response:
    """Frames as lists of objects; what is not known is null."""
    try:
        found = {name: _records(frame) for name, frame in answer().items()}
    except GatelensError as error:
        return fault_response(with_cure(error))
    return Response(json.dumps(found, ensure_ascii=False, allow_nan=False), media_type="application/json")


def _records(frame: pd.DataFrame) -> list[dict[str, object]]:
    shown = frame.copy()
    for name in shown.columns:
        if isinstance(shown[name].dtype, pd.DatetimeTZDtype):
            shown[name] = [None if pd.isna(moment) else moment.isoformat() for moment in shown[name]]
    # A cell of a column of numbers cannot be None.
    objects = shown.astype(object)
    rows = objects.where(objects.notna(), None).to_dict("records")
    return [{str(key): value for key, value in row.items()} for row in rows]
