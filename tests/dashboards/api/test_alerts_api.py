"""Alerts over HTTP, before a real engine: who may change what, and what becomes of it."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import httpx
import pytest
import yaml
from fastapi import FastAPI, Request, Response
from opentelemetry.metrics import get_meter

from dashboards.api.alerts import alerts_api
from processors.alerts.engine import AlertEngine
from processors.alerts.rule_file import RuleFile
from processors.alerts.rule_source import RuleSource
from storage.store import Store
from tests.processors.alerts import rig
from tests.processors.alerts.conftest import TABLES
from tests.processors.alerts.hook import Hook

_BUSY = datetime(2026, 3, 2, 12, tzinfo=UTC)
_NOW = _BUSY + timedelta(seconds=95)
_RULE = """alert: stored
measure: requests
window: 1m
op: ">"
threshold: 4
by: [api]
filters: {environment: alerts-api}
receiver: on-call
"""


@dataclass
class Port:
    """The API as somebody sees it."""

    engine: AlertEngine
    hook: Hook
    writer: str = "ann"
    now: datetime = _NOW

    def __post_init__(self) -> None:
        self.app = FastAPI(openapi_url=None)
        self.app.include_router(alerts_api(self.engine, lambda: self.now))

        @self.app.middleware("http")
        async def known(request: Request, call_next: Any) -> Response:
            request.state.writer = self.writer
            answer: Response = await call_next(request)
            return answer

    def ask(self, method: str, path: str, body: object = None, status: int = 200) -> Any:
        async def asked() -> httpx.Response:
            transport = httpx.ASGITransport(app=self.app)
            async with httpx.AsyncClient(transport=transport, base_url="http://gatelens") as client:
                return await client.request(method, f"/api/v1{path}", json=body)

        answer = asyncio.run(asked())
        assert answer.status_code == status, answer.text
        return answer.json() if answer.headers["content-type"].startswith("application/json") else answer.text

    def tick(self, seconds: float = 0) -> None:
        self.now = _NOW + timedelta(seconds=seconds)
        self.engine.tick(self.now)


@pytest.fixture
def port(store: Store) -> Iterator[Port]:
    for table in TABLES:
        store.command(f"TRUNCATE TABLE {table}")
    hook = Hook()
    rule = yaml.safe_load(_RULE) | {"alert": "filed", "threshold": 1e9}
    file = RuleFile.model_validate({"rules": [rule], "receivers": [{"name": "on-call", "webhook": {"url": hook.url}}]})
    engine = AlertEngine(
        store, RuleSource(file=file), lambda: _NOW, get_meter("test"), "http://gatelens", rig.questions_of(store),
        rig.Sources(),
    )  # fmt: skip
    engine.tick(_NOW - timedelta(minutes=1))
    yield Port(engine, hook)
    engine.stop()
    hook.close()


@pytest.fixture(scope="module")
def _traffic(store: Store) -> None:
    row = {"environment": "alerts-api", "time": _BUSY, "gateway": "edge", "reporter": "gateway", "api": "orders"}
    store.insert("requests", tuple(row), [tuple(row.values())] * 5)


@pytest.mark.usefixtures("_traffic")
def test_from_a_rule_to_a_page_to_an_acknowledgement(port: Port) -> None:
    made = port.ask("POST", "/alerts/rules", {"definition": _RULE})
    assert (made["name"], made["origin"], made["definition"]) == ("stored", "stored", _RULE)
    port.tick()
    assert [body["status"] for body in port.hook.bodies] == ["firing"]
    rules = {rule["name"]: rule for rule in port.ask("GET", "/alerts/rules")["rules"]}
    assert (rules["filed"]["origin"], rules["filed"]["state"], rules["filed"]["definition"]) == ("file", "inactive", "")
    assert (rules["stored"]["state"], rules["stored"]["lastEvaluation"]) == ("firing", _NOW.isoformat())
    (alert,) = port.ask("GET", "/alerts?state=firing")["alerts"]
    assert (alert["labels"]["api"], alert["annotations"]["value"], alert["acknowledgement"]) == ("orders", "5", None)
    assert alert["window"] == {"start": "2026-03-02T12:00:00+00:00", "end": "2026-03-02T12:01:00+00:00"}
    taken = port.ask("POST", f"/alerts/{alert['fingerprint']}/acknowledge", {"note": "looking"})
    assert taken["acknowledgement"] == {"owner": "ann", "note": "looking", "at": _NOW.isoformat()}
    port.ask("POST", "/alerts/0000000000000000/acknowledge", {}, status=404)
    (delivery,) = port.ask("GET", "/alerts/deliveries")["deliveries"]
    assert (delivery["receiver"], delivery["outcome"], delivery["tries"]) == ("on-call", "delivered", 1)
    changes = port.ask("GET", "/alerts/history?limit=10000")["changes"]
    assert [change["state"] for change in changes if change["rule"] == "stored"] == ["firing"]

    assert yaml.safe_load(port.ask("GET", "/alerts/rules/export")) == {"rules": [yaml.safe_load(_RULE)]}
    port.ask("DELETE", "/alerts/rules/stored")
    port.tick(15)
    assert [body["status"] for body in port.hook.bodies] == ["firing", "resolved"]


@pytest.mark.usefixtures("_traffic")
def test_a_silence_from_beginning_to_end(port: Port) -> None:
    port.ask("POST", "/alerts/rules", {"definition": _RULE})
    matcher = {"name": "api", "value": "orders"}
    silence = port.ask("POST", "/silences", {"matchers": [matcher], "duration": "30s", "comment": "known"})
    assert (silence["createdBy"], silence["status"]) == ("ann", {"state": "active", "holds": True})
    assert silence["matchers"] == [matcher | {"isRegex": False, "isEqual": True}]
    port.tick()
    assert port.hook.bodies == []
    assert port.ask("GET", "/alerts")["alerts"][0]["silencedBy"] == silence["id"]
    assert port.ask("DELETE", f"/silences/{silence['id']}")["status"]["state"] == "expired"
    port.tick(15)
    assert len(port.hook.bodies) == 1
    assert [one["id"] for one in port.ask("GET", "/silences")["silences"]] == [silence["id"]]
    port.ask("DELETE", "/silences/none", status=404)


def test_a_token_that_reads_changes_nothing(port: Port) -> None:
    port.writer = ""
    matcher = {"name": "api", "value": "orders"}
    for method, path, body in (
        ("POST", "/silences", {"matchers": [matcher], "duration": "1h", "comment": "x"}),
        ("DELETE", "/silences/x", None),
        ("POST", "/alerts/rules", {"definition": _RULE}),
        ("DELETE", "/alerts/rules/filed", None),
        ("POST", "/alerts/x/acknowledge", {}),
        ("POST", "/alerts/receivers/on-call/test", None),
    ):
        assert port.ask(method, path, body, status=403)["kind"] == "WriteNotAllowed"
    assert (port.ask("GET", "/silences")["silences"], port.hook.bodies) == ([], [])


@pytest.mark.parametrize(
    ("path", "body", "cure"),
    [
        ("/silences", {"matchers": [], "duration": "1h", "comment": "x"}, "would silence every alert"),
        ("/silences", {"matchers": [{"name": "api", "value": "("}, {"name": "a", "value": "(", "isRegex": True}],
                       "duration": "1h", "comment": "x"}, "no regular expression of RE2"),
        ("/silences", {"matchers": [{"name": "1h", "value": "x"}], "duration": "1h", "comment": "x"}, "no digit first"),
        ("/silences", {"matchers": [{"name": "api", "value": "x"}], "endsAt": "3000-01-01T00:00:00Z", "comment": "x"},
         "within the years"),
        ("/silences", {"matchers": [{"name": "api", "value": "x"}], "startsAt": "9999-12-31T23:00:00Z",
                       "duration": "2h", "comment": "x"}, "earlier start"),
        ("/silences", {"matchers": [{"name": "api", "value": "x"}], "endsAt": "2026-03-02T13:00:00", "comment": "x"},
         "has no time zone"),
        *(
            ("/silences", {"matchers": [{"name": "api", "value": "x"}], "duration": "1h", "comment": "x", **more}, cure)
            for more, cure in (
                ({"comment": "x" * 10_001}, "too long"),
                ({"createdBy": "x" * 10_001}, "too long"),
                ({"id": "../x"}, "letters, digits and"),
                ({"id": "x" * 101}, "leave it out"),
                ({"matchers": [{"name": "api", "value": "x"}] * 201}, "make several"),
                ({"intervals": [{"weekdays": ["monday"]}] * 201}, "make several"),
            )
        ),
        ("/alerts/rules", {"definition": "alert: x"}, "measure: is missing; add it"),
        ("/alerts/rules", {"definition": _RULE.replace("on-call", "nobody")}, "is no receiver; use one of on-call"),
        ("/alerts/rules", {"definition": _RULE.replace("stored", "filed")}, "stands in the rule file"),
        ("/alerts/rules/check", {"definition": "["}, "is not YAML"),
        ("/alerts/rules/check", {"definition": "alert: 2026-13-45"}, "is not YAML"),
        ("/alerts/rules/check", {"definition": "[" * 5000}, "is not YAML"),
        ("/alerts/rules/backtest", {"rules": [{}], "from": "now-90d"}, "31 days"),
    ],
)  # fmt: skip
def test_what_is_refused_names_the_cure(port: Port, path: str, body: dict[str, Any], cure: str) -> None:
    assert cure in port.ask("POST", path, body, status=400)["error"]


def test_receivers_are_listed_without_secrets_and_tried(port: Port) -> None:
    (receiver,) = port.ask("GET", "/alerts/receivers")["receivers"]
    address = f"http://127.0.0.1:{port.hook.port}/…"
    channels = [{"name": "webhook", "address": address, "fault": ""}]
    assert receiver == {"name": "on-call", "origin": "file", "channels": channels}
    made = {"definition": f"name: made\nwebhook: {{url: {address.removesuffix('…')}s3cret}}"}
    assert port.ask("POST", "/alerts/receivers", made) == {"name": "made", "channels": ["webhook"]}
    assert "s3cret" not in str(port.ask("GET", "/alerts/receivers"))
    assert port.ask("DELETE", "/alerts/receivers/made") == {"name": "made"}
    # A name may hold what parts an address.
    port.ask("POST", "/alerts/receivers", {"definition": made["definition"].replace("name: made", "name: shop/night")})
    assert port.ask("POST", "/alerts/receivers/shop%2Fnight/test")["channels"]["webhook"]["delivered"] is True
    assert port.ask("DELETE", "/alerts/receivers/shop%2Fnight") == {"name": "shop/night"}
    port.ask("POST", "/alerts/rules", {"definition": _RULE.replace("alert: ", "alert: shop/", 1)})
    (rule,) = [one["name"] for one in port.ask("GET", "/alerts/rules")["rules"] if one["name"].startswith("shop/")]
    assert port.ask("DELETE", f"/alerts/rules/{quote(rule, safe='')}") == {"name": rule}
    port.hook.bodies.clear()
    tried = port.ask("POST", "/alerts/receivers/on-call/test")
    assert tried == {"channels": {"webhook": {"delivered": True, "error": ""}}}
    assert port.hook.bodies[0]["commonLabels"]["alertname"] == "GatelensTest"
    port.hook.answers.append(404)
    failed = port.ask("POST", "/alerts/receivers/on-call/test")["channels"]["webhook"]
    assert (failed["delivered"], "refused the notification with 404" in failed["error"]) == (False, True)
    port.ask("POST", "/alerts/receivers/nobody/test", status=404)


@pytest.mark.usefixtures("_traffic")
def test_a_backtest(port: Port) -> None:
    body = {"rules": [yaml.safe_load(_RULE)], "from": "2026-03-02T11:58:00Z", "to": "2026-03-02T12:05:00Z"}
    found = port.ask("POST", "/alerts/rules/backtest", body)
    (page,) = found["pages"]
    assert (page["rule"], page["labels"]["api"], page["worst"]) == ("stored", "orders", 5)
    assert (page["fired"], page["seconds"]) == ("2026-03-02T12:01:00+00:00", 120)
    assert (found["faults"], found["skipped"]) == ({}, [])
