"""Service level objectives over HTTP."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from dashboards.access.writer import writer_of
from dashboards.api.faults import answered
from dashboards.api.kept_by_name import delete_from
from processors.errors import InvalidObjective
from processors.query.questions import Questions
from processors.slo.objective import Objective
from processors.slo.objective_store import parse_objective
from processors.slo.slos import SLOs, Standing
from processors.time.durations import show_duration


def slos_api(slos: SLOs, questions: Questions, clock: Callable[[], datetime]) -> APIRouter:
    """The routes, to be included in the web server before the pages."""
    router = APIRouter(prefix="/api/v1")

    @router.get("/slos")
    def standings() -> Response:
        def work() -> dict[str, Any]:
            found = slos.standings(questions.ask_all(slos.questions(clock())))
            return {"slos": [_as_json(standing, slos) for standing in found]}

        return answered(work)

    @router.post("/slos")
    def make(body: dict[str, Any], request: Request) -> Response:
        def work() -> dict[str, Any]:
            objective = parse_objective(body)
            slos.make(objective, writer_of(request), clock(), is_new=True)
            return _definition(objective, slos)

        return answered(work)

    @router.put("/slos/{name:path}")
    def put(name: str, body: dict[str, Any], request: Request) -> Response:
        def work() -> dict[str, Any]:
            objective = parse_objective({"name": name, **body})
            if objective.name != name:
                raise InvalidObjective(
                    f"The address names {name!r} and the body {objective.name!r}; leave `name` out, or make another "
                    "objective and delete this one."
                )
            slos.make(objective, writer_of(request), clock())
            return _definition(objective, slos)

        return answered(work)

    router.delete("/slos/{name:path}")(delete_from(slos, clock))
    return router


def _definition(objective: Objective, slos: SLOs) -> dict[str, Any]:
    author = slos.made_by(objective.name)
    return {**objective.definition, "source": "people" if author else "configuration", "updated_by": author}


def _as_json(standing: Standing, slos: SLOs) -> dict[str, Any]:
    forecast = standing.exhausted_in
    return {
        **_definition(standing.objective, slos),
        "at": standing.at.isoformat(),
        "total": standing.counts.total,
        "good": standing.counts.good,
        "share_good": standing.counts.share_good,
        "is_met": standing.is_met,
        "budget_left": standing.budget_left,
        "burn_rates": [
            {
                "long": show_duration(each.pair.long),
                "short": show_duration(each.pair.short),
                "factor": each.factor,
                "long_rate": each.long,
                "short_rate": each.short,
                "is_too_fast": each.is_too_fast,
                "urgency": each.pair.urgency,
            }
            for each in standing.burning
        ],
        "exhausted_in_seconds": None if forecast is None else int(forecast.total_seconds()),
        "words": standing.words,
    }
