"""Gateways over HTTP: each answer is the processors' own, and what cannot be asked is told with its cure."""

import asyncio
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from dashboards.api.gateways import gateways_api
from processors.query.questions import Questions
from processors.query.tables import HANDLED
from storage.store import Store

_ENVIRONMENT = "gateways_api"
_START = datetime(2026, 11, 12, 8, 0, tzinfo=UTC)
_NOW = _START + timedelta(minutes=30)
_METRICS = ("time", "environment", "gateway", "instance", "name", "kind", "labels", "value")
_REQUESTS = (
    "time", "environment", "gateway_kind", "gateway", "instance", "reporter", "api", "consumer", "status", "fault",
    "policy", "policy_outcome", "duration_us", "upstream_us", "request_id", "attributes",
)  # fmt: skip

Get = Callable[..., httpx.Response]


@pytest.fixture(scope="module")
def app(store: Store) -> Iterator[FastAPI]:
    metrics: list[tuple[object, ...]] = []
    requests: list[tuple[object, ...]] = []
    for minute in range(30):
        at = _START + timedelta(minutes=minute)
        metrics.append((at, _ENVIRONMENT, "edge", "edge-1", "process_cpu_seconds_total", "sum", {}, minute * 6.0))
        ended = minute % 3 == 0
        requests.append(
            (at, _ENVIRONMENT, "envoy", "edge", "edge-1", "gateway", "orders", "web", 429 if ended else 200,
             "policy" if ended else "", "rate-limit" if ended else "", "violation" if ended else "", 5000, 4000,
             f"r-{minute}", {"cache": "HIT"} if minute == 1 else {})
        )  # fmt: skip
    store.insert("metrics", _METRICS, metrics)
    store.insert("requests", _REQUESTS, requests)
    questions = Questions(store, lambda: _NOW)
    server = FastAPI()
    handled = Questions(store, lambda: _NOW, tables=HANDLED)
    server.include_router(gateways_api(store, questions, handled, lambda: _NOW))
    yield server
    questions.close()
    handled.close()


@pytest.fixture
def get(app: FastAPI) -> Get:
    async def answer(path: str, **parameters: Any) -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://gatelens") as client:
            return await client.get(f"/api/v1/{path}", params={"from": "now-30m", **parameters})

    return lambda path, **parameters: asyncio.run(answer(path, **parameters))


def test_instances_and_their_resources(get: Get) -> None:
    (instance,) = get("instances", environment=_ENVIRONMENT).json()["instances"]
    assert (instance["gateway"], instance["instance"], instance["requests"]) == ("edge", "edge-1", 30)
    assert instance["cores"] == pytest.approx(0.1)
    assert instance["memory_bytes"] is None
    assert instance["last_seen"] == "2026-11-12T08:29:00+00:00"
    found = get("resources", environment=_ENVIRONMENT, step="5m").json()["resources"]
    assert [each["time"] for each in found] == [
        (_START + timedelta(minutes=5 * number)).isoformat() for number in range(6)
    ]


def test_costs_say_why_they_are_silent(get: Get) -> None:
    answer = get("costs", environment=_ENVIRONMENT).json()
    assert [each["cpu_ms_per_1000"] for each in answer["costs"]] == [None]
    assert answer["fits"][0]["silent_because"]


def test_policies_and_whom_they_hit(get: Get) -> None:
    of = f"environment={_ENVIRONMENT}"
    assert get("policies", filter=of).json()["policies"] == [
        {"kind": "rate_limit", "policy": "rate-limit", "outcome": "violation", "status": 429, "requests": 10}
    ]
    assert len(get("policies", filter=of, step="1m").json()["policies"]) == 10
    assert get("policies", filter=[of, "api=other"]).json()["policies"] == []
    (hit,) = get("policies/hit", filter=of).json()["hit"]
    assert (hit["consumer"], hit["requests"], hit["share"]) == ("web", 10, pytest.approx(1 / 3))
    assert [each["outcome"] for each in get("caches", environment=_ENVIRONMENT).json()["caches"]] == ["hit"]


def test_topology_and_hops(get: Get) -> None:
    edges = get("topology", environment=_ENVIRONMENT).json()["edges"]
    assert {(each["source"], each["target"], each["requests"]) for each in edges} == {
        ("clients", "edge", 30),
        ("edge", "orders", 30),
    }
    (hop,) = get("requests/r-3/hops").json()["hops"]
    assert (hop["gateway"], hop["duration_ms"], hop["gateway_ms"], hop["between_ms"]) == ("edge", 5, 1, None)
    assert get("requests/none/hops").json() == {"hops": []}


@pytest.mark.parametrize(
    ("path", "parameters", "cure"),
    [
        ("resources", {"from": "yesterday"}, "write now"),
        ("resources", {"step": "soon"}, "write one such as"),
        ("resources", {"from": "now-300d", "step": "1m"}, "use auto"),
        ("costs", {"by": "route"}, "api, consumer"),
        ("policies", {"filter": "nonsense"}, "is no filter"),
        ("policies/hit", {"by": "status"}, "consumer, client_address"),
    ],
)
def test_what_cannot_be_asked(get: Get, path: str, parameters: dict[str, str], cure: str) -> None:
    answer = get(path, **parameters)
    assert answer.status_code == 400
    assert cure in answer.json()["error"]
