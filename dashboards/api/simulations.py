"""Simulated policies, over HTTP and for the command."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict, Field

from dashboards.api.faults import fault_response
from processors.query.filters import parse_filter
from processors.simulation.bursts import burst_percentile, least_limit
from processors.simulation.outcome import Outcome
from processors.simulation.policies import Algorithm, AnyPolicy, RateLimit
from processors.simulation.sentences import summary
from processors.simulation.simulate import simulate
from processors.time.period import parse_period
from storage.errors import GatelensError
from storage.faults import with_cure
from storage.store import Store

PATH = "/api/v1/simulations"

_PERCENTILES = (("p50", 0.5), ("p95", 0.95), ("p99", 0.99), ("max", 1.0))


class SimulationRequest(BaseModel):
    """The body of POST: a policy, and the traffic that it is tried on."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    policy: AnyPolicy
    from_: str = Field(default="now-24h", alias="from")
    to: str = ""
    filter: list[str] = Field(default_factory=list, max_length=50)
    # The share of requests that an advised limit may refuse.
    refuse_at_most: float = Field(default=0.01, ge=0, le=1)


def simulations_api(store: Store, clock: Callable[[], datetime]) -> APIRouter:
    """The route, to be included in the web server before the pages."""
    router = APIRouter()

    @router.post(PATH)
    def simulation(request: SimulationRequest) -> Response:
        try:
            return JSONResponse(simulation_answer(store, request, clock()))
        except GatelensError as error:
            return fault_response(with_cure(error))

    return router


def simulation_answer(store: Store, request: SimulationRequest, now: datetime) -> Mapping[str, Any]:
    """The outcome as JSON. Raises GatelensError."""
    window = parse_period(request.from_, request.to, now)
    outcome = simulate(store, request.policy, window, tuple(parse_filter(text) for text in request.filter))
    return {
        "policy": request.policy.model_dump(mode="json"),
        "window": {"from": window.start.isoformat(), "to": window.end.isoformat()},
        "summary": summary(outcome),
        "requests": outcome.requests,
        # Of a cache they are answered, not refused.
        "cached" if outcome.is_cache else "refused": outcome.stopped,
        "delayed": outcome.delayed,
        "share": outcome.share,
        "saved_seconds": outcome.saved_seconds,
        "concerned": outcome.counters_concerned,
        "who": [_counter(outcome, place) for place in range(len(outcome.counters))],
        "when": [
            {"time": step.time.isoformat(), "requests": step.requests, "refused": step.stopped, "delayed": step.delayed}
            for step in outcome.steps
        ],
        **(_advice(outcome, request.refuse_at_most) if outcome.bursts else {}),
        "caveats": list(outcome.caveats),
    }


def _counter(outcome: Outcome, place: int) -> Mapping[str, Any]:
    counter = outcome.counters[place]
    return {
        "key": counter.key,
        "requests": counter.requests,
        "cached" if outcome.is_cache else "refused": counter.stopped,
        "delayed": counter.delayed,
        "share": counter.share,
        "most_in_a_window": counter.highest,
        "first": counter.first and counter.first.isoformat(),
        "last": counter.last and counter.last.isoformat(),
    }


def _advice(outcome: Outcome, share: float) -> Mapping[str, Any]:
    policy = outcome.policy
    is_sliding = isinstance(policy, RateLimit) and policy.algorithm is Algorithm.SLIDING
    return {
        "bursts": {name: burst_percentile(outcome.bursts, part) for name, part in _PERCENTILES},
        "advised_limit": {"refuse_at_most": share, "limit": least_limit(outcome.bursts, share, sliding=is_sliding)},
    }
