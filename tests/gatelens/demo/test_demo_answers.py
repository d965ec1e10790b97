"""The demo's past has what analysis is for: a dead upstream, a consumer that bursts, gateways that differ."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import StringIO
from threading import Event
from typing import Any

import httpx
import pytest
from rich.console import Console

from dashboards.under_way import UnderWay
from gatelens.demo.model import BURST, FLEX, GATEWAY, INCIDENTS, KINDS, MULE
from gatelens.demo.past.history import ENVIRONMENT
from gatelens.demo.session import DemoSession
from processors.time.window import HOUR, Window, floor
from tests.e2e.gatelens_process import until
from tests.patience import PATIENCE
from tests.running import RunningGatelens

_RATE = 40
_GATEWAYS = {GATEWAY.cluster, FLEX.cluster, MULE.cluster}
_DEAD = next(incident for incident in INCIDENTS if incident.is_down)
_BURSTING = next(kind for kind in KINDS if kind.name == BURST.kind)


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[httpx.Client, Window]]:
    """A client of a Gatelens that holds the demo's last hours, and the hour of them that is whole."""
    directory = tmp_path_factory.mktemp("demo-answers")
    with RunningGatelens(directory / "data") as gatelens:
        now = datetime.now(UTC)
        output = Console(file=StringIO())
        DemoSession(directory, _RATE, "4h").backfill(gatelens.addresses, output, UnderWay(), Event())
        hour = Window(floor(now, HOUR) - 2 * HOUR, floor(now, HOUR) - HOUR)
        # What was handed over is stored a moment later, in the order of its times from each gateway.
        assert until(lambda: _heard_after(gatelens, hour.end), lambda heard: heard >= _GATEWAYS) >= _GATEWAYS
        with httpx.Client(base_url=gatelens.addresses.web, trust_env=False, timeout=PATIENCE) as client:
            yield client, hour


def test_explain_finds_the_upstream_that_died(past: tuple[httpx.Client, Window]) -> None:
    client, hour = past
    died = hour.start + timedelta(minutes=_DEAD.from_minute)
    asked = {
        "measure": "errors", "filter": [f"environment={ENVIRONMENT}"],
        **_times(Window(died, died + timedelta(minutes=_DEAD.minutes))),
    }  # fmt: skip
    found = _answer(client, "explain", asked)
    first = found["rows"][0]
    # Two of the three gateways do not tell which upstream they asked; it has the name of its API.
    assert first["dimensions"] == {"api": _DEAD.cluster}, found["summary"]
    assert first["after"] > first["before"]


def test_the_simulated_limit_refuses_the_consumer_that_bursts(past: tuple[httpx.Client, Window]) -> None:
    client, hour = past
    asked = {
        "policy": {"kind": "rate_limit", "limit": 120, "per": "10s", "key": "consumer"},
        "filter": [f"environment={ENVIRONMENT}", f"api={_BURSTING.api}"],
        **_times(hour),
    }
    found = _answer(client, "simulations", asked)
    assert found["refused"] > 0
    assert {who["key"] for who in found["who"] if who["refused"]} == {_BURSTING.consumer}, found["summary"]


def test_comparisons_of_envoy_with_the_others_have_their_sentence(past: tuple[httpx.Client, Window]) -> None:
    client, hour = past
    envoy = {"name": "Envoy", "filter": [f"gateway={GATEWAY.cluster}"]}
    found = {
        other.cluster: _answer(
            client,
            "comparisons",
            {
                "first": envoy,
                "second": {"name": "The other", "filter": [f"gateway={other.cluster}"]},
                "filter": [f"environment={ENVIRONMENT}", "api=catalog"],
                **_times(hour),
            },
        )
        for other in (FLEX, MULE)
    }
    # Mule takes 2.4 ms longer than Envoy. Of Flex it is 0.2 ms, which an hour of little traffic does not always prove.
    assert found[MULE.cluster]["verdict"].startswith("Envoy"), found[MULE.cluster]["verdict"]
    assert found[FLEX.cluster]["verdict"].endswith(".")
    for answer in found.values():
        assert answer["first"]["requests"] > answer["second"]["requests"] > 0


def test_an_api_has_routes_and_policies(past: tuple[httpx.Client, Window]) -> None:
    client, hour = past
    question = {
        "measures": ["requests"], "dimensions": ["route"], "filters": [f"environment={ENVIRONMENT}", "api=orders"],
        **_times(hour),
    }  # fmt: skip
    answer = client.post("/api/v1/questions", json=question).raise_for_status().json()
    assert {row["route"] for row in answer["rows"]} == {kind.route for kind in KINDS if kind.api == "orders"}
    asked = {"filter": [f"environment={ENVIRONMENT}"], **_times(hour)}
    policies = client.get("/api/v1/policies", params=asked).raise_for_status().json()["policies"]
    assert {"api_key", "ip_list", "client_id", "rate_limit"} <= {row["kind"] for row in policies}


def _heard_after(gatelens: RunningGatelens, moment: datetime) -> set[str]:
    """The gateways of which requests of after a moment are stored."""
    sql = f"SELECT DISTINCT gateway FROM requests WHERE environment = '{ENVIRONMENT}' AND time >= '{moment:%F %T}'"
    return {row["gateway"] for row in gatelens.query(sql)}


def _times(window: Window) -> dict[str, str]:
    return {"from": window.start.isoformat(), "to": window.end.isoformat()}


def _answer(client: httpx.Client, name: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = client.post(f"/api/v1/{name}", json=body)
    assert answer.is_success, answer.text
    found: dict[str, Any] = answer.json()
    return found
