"""Objectives and what is unusual, over HTTP and as the page's tables have them."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast

import httpx
import pytest
from fastapi import FastAPI, Request
from fastapi.responses import Response
from plotly.utils import PlotlyJSONEncoder
from starlette.middleware.base import RequestResponseEndpoint

from dashboards.api.baselines import baselines_api
from dashboards.api.slos import slos_api
from dashboards.pages import slos as page
from dashboards.parts import PageParts
from dashboards.state.context import PageContext
from dashboards.state.view import View
from processors.query.questions import Questions
from processors.slo.objective import Kind, Objective
from processors.slo.objective_store import ObjectiveStore
from processors.slo.slos import SLOs
from storage.errors import GatelensError
from storage.store import Store

_NOW = datetime(2026, 5, 20, 12, 0, 40, tzinfo=UTC)
_ENVIRONMENT = "slos_page"
_OBJECTIVES = SLOs(
    [
        Objective.model_validate(
            {
                "name": f"{api} answers",
                "target": 0.995,
                "period": "7d",
                "filters": (f"environment={_ENVIRONMENT}", f"api={api}"),
            }
        )
        for api in ("orders", "payments", "nobody")
    ]
)


@dataclass(frozen=True)
class _Parts:
    slos: SLOs = _OBJECTIVES

    @staticmethod
    def clock() -> datetime:
        return _NOW


@pytest.fixture(scope="module")
def questions(store: Store) -> Iterator[Questions]:
    """A request a minute for 25 days of two APIs, three in the last hour; of orders each 200th minute fails."""
    for api, often in (("orders", 200), ("payments", 100_000)):
        store.command(
            f"""
            INSERT INTO requests (time, ingested_at, environment, gateway_kind, gateway, reporter, api, route, method,
                status, duration_us)
            SELECT
                toDateTime64('2026-04-25 12:00:00', 6, 'UTC') + toIntervalSecond(60 * minute) AS at, at,
                '{_ENVIRONMENT}', 'envoy', 'edge', 'gateway', '{api}', '/', 'GET',
                minute % {often} = 0 ? 500 : 200, 10000
            FROM (SELECT number AS minute FROM numbers(25 * 1440))
            ARRAY JOIN range(minute >= 25 * 1440 - 60 ? 3 : 1) AS copy
            """
        )
    asked = Questions(store, lambda: _NOW)
    yield asked
    asked.close()


def test_over_http(questions: Questions) -> None:
    server = FastAPI()
    server.include_router(slos_api(_OBJECTIVES, questions, lambda: _NOW))
    server.include_router(baselines_api(questions, lambda: _NOW))
    found = _get(server, "/api/v1/slos").json()["slos"]
    assert [(one["name"], one["total"], one["good"], one["is_met"]) for one in found] == [
        ("orders answers", 10_200, 10_200 - 50, True),
        ("payments answers", 10_200, 10_200, True),
        ("nobody answers", 0, 0, None),
    ]
    assert found[0]["budget_left"] == pytest.approx(1 - 50 / 51)
    assert [rate["long"] for rate in found[0]["burn_rates"]] == ["1h", "6h", "1d", "3d"]
    bands = _get(
        server, "/api/v1/baselines", filter=f"environment={_ENVIRONMENT}", **{"from": "now-2h", "limit": 1}
    ).json()
    assert [hour["is_unusual"] for hour in bands["baselines"][0]["hours"]] == [False, True]
    refused = _get(server, "/api/v1/baselines", measure="colour")
    assert (refused.status_code, "no baseline of 'colour'" in refused.json()["error"]) == (400, True)


def test_people_make_change_and_delete_objectives(store: Store, questions: Questions) -> None:
    stored = ObjectiveStore(store)
    server = FastAPI()

    @server.middleware("http")
    async def signed_in(request: Request, call_next: RequestResponseEndpoint) -> Response:
        request.state.writer = "ann"
        return await call_next(request)

    slos = SLOs(_OBJECTIVES.objectives[:1], stored)
    server.include_router(slos_api(slos, questions, lambda: _NOW))

    def send(method: str, path: str, **body: Any) -> tuple[int, Any]:
        answer = _send(server, method, f"/api/v1/slos{path}", json=body)
        return answer.status_code, answer.json()

    def told() -> list[tuple[str, str, float]]:
        found = _get(server, "/api/v1/slos").json()["slos"]
        return [(one["name"], one["source"], one["target"]) for one in found]

    of_config = ("orders answers", "configuration", 0.995)
    mine = {"name": "slos-page payments", "target": 0.9, "period": "7d", "filters": ["api=payments"]}
    status, made = send("POST", "", **mine)
    assert (status, made) == (200, {
        **mine, "kind": "availability", "threshold_ms": None, "description": "",
        "source": "people", "updated_by": "ann",
    })  # fmt: skip
    assert told() == [of_config, ("slos-page payments", "people", 0.9)]
    assert send("POST", "", **mine)[0] == 409
    assert send("PUT", "/slos-page payments", target=0.8, filters=["api=payments"])[0] == 200
    assert told() == [of_config, ("slos-page payments", "people", 0.8)]
    # As after a restart.
    assert [one.objective.target for one in stored.load() if one.objective.name == mine["name"]] == [0.8]
    assert send("PUT", "/slos-page payments", name="another", target=0.8)[0] == 400
    status, refused = send("POST", "", name="x", target=2, threshold_ms=5, colour="red")
    assert status == 400
    assert all(word in refused["error"] for word in ("target: ", "colour: is no key here; the keys are name, kind"))
    for method, more in (("PUT", {"target": 0.5}), ("DELETE", {})):
        status, refused = send(method, "/orders answers", **more)
        assert (status, "is in the configuration" in refused["error"]) == (409, True)
    assert send("DELETE", "/slos-page payments") == (200, {"name": "slos-page payments"})
    assert send("DELETE", "/slos-page payments")[0] == 404
    # A name may hold what parts an address.
    assert send("POST", "", **{**mine, "name": "slos-page/payments"})[0] == 200
    assert send("PUT", "/slos-page%2Fpayments", target=0.8)[0] == 200
    assert send("DELETE", "/slos-page%2Fpayments") == (200, {"name": "slos-page/payments"})
    assert told() == [of_config]
    assert [one for one in stored.load() if one.objective.name == mine["name"]] == []


def test_the_page(questions: Questions) -> None:
    made = page.page(cast(PageParts, _Parts()))
    context = PageContext(View("/slos"), _NOW)
    objectives, unusual, _ = (
        getattr(panel.draw(context, questions.ask_all(list(panel.questions(context)))), "rows", [])
        for panel in made.panels(context.view)
    )
    assert [row["cells"][0] for row in objectives] == ["orders answers", "payments answers", "nobody answers"]
    assert [row["cells"][1]["text"] for row in objectives] == ["met", "met", "unknown"]
    assert objectives[0]["cells"][2] == "99.5 %"
    assert objectives[1]["cells"][5]["bar"] == 1
    assert objectives[0]["href"].startswith("/apis/orders?filter=environment%3Dslos_page")
    mine = [row["cells"] for row in unusual if row["cells"][2] == _ENVIRONMENT]
    assert [(cells[1], cells[3], cells[4]) for cells in mine] == [
        ("orders", "Requests", "180"),
        ("payments", "Requests", "180"),
    ]


def test_the_forms_of_the_page(store: Store) -> None:
    slos = SLOs(_OBJECTIVES.objectives[:1], ObjectiveStore(store))
    made = page.page(cast(PageParts, _Parts(slos)))
    view = View("/slos")

    def form() -> str:
        [panel] = [panel for panel in made.panels(view) if panel.id == "slo-add"]
        return json.dumps(panel.draw(PageContext(view, _NOW), ()), cls=PlotlyJSONEncoder)

    entered = {
        "name": ["slos-form"], "kind": ["latency"], "target": ["99.9 %"], "threshold_ms": ["300"], "period": [""],
        "filters": ["api=orders\n\nroute^=/v2/\n"],
    }  # fmt: skip
    assert "slos-form" not in form()
    made.actions["make-objective"](view, entered, "ann")
    [own] = [objective for objective in slos.objectives if objective.name == "slos-form"]
    assert (own.kind, own.target, own.threshold_ms, own.period.days) == (Kind.LATENCY, 0.999, 300, 30)
    assert own.filters == ("api=orders", "route^=/v2/")
    assert "slos-form, by ann" in form()
    faults: tuple[tuple[dict[str, list[str]], str], ...] = (
        ({}, "already"),
        ({"target": ["much"]}, "not a number"),
        ({"threshold_ms": ["x"]}, "threshold"),
    )
    for changes, told in faults:
        with pytest.raises(GatelensError, match=told):
            made.actions["make-objective"](view, {**entered, **changes}, "ann")
    made.actions["delete-objective"](view, {"name": ["slos-form"]}, "bob")
    assert slos.objectives == _OBJECTIVES.objectives[:1]


def _get(server: FastAPI, path: str, **parameters: Any) -> httpx.Response:
    return _send(server, "GET", path, params=parameters)


def _send(server: FastAPI, method: str, path: str, **more: Any) -> httpx.Response:
    async def answer() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(server), base_url="http://gatelens") as client:
            return await client.request(method, path, **more)

    return asyncio.run(answer())
