"""Comparisons of gateways, over HTTP and for the command."""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict, Field

from dashboards.api.faults import fault_response
from processors.comparison.comparison import PERCENTILES, Figures, Prices, Side, compare
from processors.comparison.intervals import Interval, faster_share
from processors.comparison.verdict import verdict
from processors.query.filters import parse_filter
from processors.query.questions import Questions
from processors.time.period import parse_period
from storage.errors import GatelensError
from storage.faults import with_cure
from storage.store import Store

PATH = "/api/v1/comparisons"


class SideRequest(BaseModel):
    """One side of a comparison: its filters besides those of both, and its own time if it has one."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    name: str = ""
    filter: list[str] = Field(default_factory=list, max_length=50)
    from_: str = Field(default="", alias="from")
    to: str = ""


class PricesRequest(BaseModel):
    """What things cost, in any one currency."""

    model_config = ConfigDict(extra="forbid")

    per_core_hour: float = Field(default=0, ge=0)
    per_gib_hour: float = Field(default=0, ge=0)
    per_million_requests: float = Field(default=0, ge=0)


class ComparisonRequest(BaseModel):
    """The body of POST."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    first: SideRequest
    second: SideRequest
    from_: str = Field(default="now-24h", alias="from")
    to: str = ""
    # Of both sides.
    filter: list[str] = Field(default_factory=list, max_length=50)
    prices: PricesRequest = PricesRequest()


def comparisons_api(store: Store, questions: Questions, handled: Questions, clock: Callable[[], datetime]) -> APIRouter:
    """The route, to be included in the web server before the pages; `handled` answers from HANDLED."""
    router = APIRouter()

    @router.post(PATH)
    def comparison(request: ComparisonRequest) -> Response:
        try:
            return JSONResponse(comparison_answer(store, questions, handled, request, clock()))
        except GatelensError as error:
            return fault_response(with_cure(error))

    return router


def comparison_answer(
    store: Store, questions: Questions, handled: Questions, request: ComparisonRequest, now: datetime
) -> Mapping[str, Any]:
    """The comparison as JSON. Raises GatelensError."""
    first, second = (_side(request, side, name, now) for side, name in
                     ((request.first, "The first"), (request.second, "The second")))  # fmt: skip
    found = compare(store, questions, handled, first, second)
    prices = Prices(**request.prices.model_dump())
    return {
        "verdict": verdict(found, prices),
        "first": _figures(found.first, prices),
        "second": _figures(found.second, prices),
        "error_rate_difference": _interval(found.error_difference),
        "percentiles_differ": {name: found.differs(name) for name, _ in PERCENTILES},
        "first_is_faster": faster_share(found.first.histogram, found.second.histogram),
        "other_routes": found.other_routes,
    }


def _side(request: ComparisonRequest, side: SideRequest, name: str, now: datetime) -> Side:
    window = parse_period(side.from_ or request.from_, side.to or request.to, now)
    filters = tuple(parse_filter(text) for text in (*request.filter, *side.filter))
    return Side(side.name or ", ".join(side.filter) or name, window, filters)


def _figures(figures: Figures, prices: Prices) -> Mapping[str, Any]:
    usage = figures.usage
    return {
        "name": figures.side.name,
        "window": {"from": figures.side.window.start.isoformat(), "to": figures.side.window.end.isoformat()},
        "requests": figures.requests,
        "errors": figures.errors,
        "client_errors": figures.client_errors,
        "error_rate": figures.error_rate,
        "error_rate_interval": _interval(figures.error_interval),
        **figures.durations,
        "intervals": {name: _interval(figures.percentile_interval(name)) for name, _ in PERCENTILES},
        "usage": usage
        and {
            **asdict(usage),
            "cpu_ms_per_1000_requests": 1000 * usage.cpu_seconds_per_1000,
            "gib_seconds_per_1000_requests": usage.gib_seconds_per_1000,
        },
        "cost_of_a_million_requests": figures.cost_of_a_million(prices),
    }


def _interval(interval: Interval | None) -> list[float] | None:
    return [interval.low, interval.high] if interval else None
