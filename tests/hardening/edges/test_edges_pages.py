"""Every page on telemetry whose every name was invented by an attacker, and at times that no calendar has."""

import json
import time
from collections.abc import Iterator
from urllib.parse import quote, urlencode

import httpx
import pytest

from tests.e2e.gatelens_process import GatelensProcess
from tests.patience import PATIENCE

_NAMES = (
    "<img src=x onerror=alert(1)>",
    "=1+1",
    "a\r\nX: y",
    "\x00",
    "../..",
    "'; DROP",
    "\u202ex",
    "x" * 3_000,
    "orders",
)
_PATHS = (
    *(
        "/",
        "/apis",
        "/consumers",
        "/gateways",
        "/mesh",
        "/requests",
        "/traces",
        "/logs",
        "/alerts",
        "/slos",
        "/reports",
    ),
    *("/annotations", "/dashboards", "/explain", "/what-if", "/ingest", "/settings", "/sql"),
)
_OF_AN_API = ("", "failures", "performance", "requests", "alerts", "policies", "compare", "resources")
_OF_ALERTS = ("rules", "silences", "receivers", "history")
_FAR = (
    "9999-12-31T23:59:59",
    "9999-12-31",
    "0001-01-01",
    "0001-01-01T00:00Z",
    "253402300799999",
    "2105-12-31",
    "1970-01-01",
)
_ZONES = ("Pacific/Kiritimati", "Etc/GMT+12")


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatelensProcess]:
    with GatelensProcess(tmp_path_factory.mktemp("pages") / "data") as started:
        _send(started)
        yield started


@pytest.fixture(scope="module")
def client(process: GatelensProcess) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=process.addresses.web, trust_env=False, timeout=PATIENCE) as opened:
        yield opened


def _send(process: GatelensProcess) -> None:
    now = time.time_ns()
    attributes = [
        [
            {"key": key, "value": {"stringValue": name}}
            for key in ("service.name", "deployment.environment", "k8s.pod.name")
        ]
        for name in _NAMES
    ]
    logs = [
        {
            "resource": {"attributes": held},
            "scopeLogs": [
                {"logRecords": [{"timeUnixNano": str(now), "severityNumber": 17, "body": {"stringValue": name}}]}
            ],
        }
        for name, held in zip(_NAMES, attributes, strict=True)
    ]
    stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now // 10**9))
    lines = [
        {
            "start_time": stamp, "method": "GET", "path": f"/{name}", "response_code": 503, "response_flags": name,
            "duration": 5, "authority": name, "user_agent": name, "route_name": name, "upstream_cluster": name,
            "request_id": name,
        }
        for name in _NAMES
    ]  # fmt: skip
    for path, body in (
        ("/v1/logs", json.dumps({"resourceLogs": logs})),
        ("/ingest/envoy_json?gateway=edge&environment=test", "\n".join(map(json.dumps, lines))),
    ):
        address, headers = process.addresses.http + path, {"Content-Type": "application/json"}
        assert httpx.post(address, content=body, headers=headers, trust_env=False, timeout=PATIENCE).status_code == 200
    end = time.monotonic() + PATIENCE
    while any(
        int(process.rows(f"SELECT count() AS n FROM {table}")[0]["n"]) < len(_NAMES) for table in ("requests", "logs")
    ):
        assert time.monotonic() < end, "The telemetry was not stored in time."
        time.sleep(0.1)


def _ask(
    client: httpx.Client, part: str, path: str, search: str = "", zone: str = "UTC", **more: object
) -> httpx.Response:
    body = json.dumps({"path": path, "search": search, "zone": zone, **more})
    return client.post(f"/page/{part}", content=body, headers={"Content-Type": "application/json"})


def test_every_panel_is_drawn(process: GatelensProcess, client: httpx.Client) -> None:
    name = quote(_NAMES[0], safe="")
    asked = [(path, "") for path in _PATHS]
    asked += [(f"/{page}/{name}", "") for page in ("consumers", "gateways", "apis", "traces", "slos", "dashboards")]
    asked += [(f"/apis/{name}", f"?tab={tab}") for tab in _OF_AN_API]
    asked += [("/alerts", f"?tab={tab}") for tab in _OF_ALERTS]
    for path, search in asked:
        for part in ("frame", "data"):
            answer = _ask(client, part, path, search)
            assert answer.status_code == 200, (path, search, answer.text[:300])
    assert "could not be drawn" not in process.log
    assert "Traceback" not in process.log


@pytest.mark.parametrize("zone", _ZONES)
def test_no_time_is_too_far_for_a_page(process: GatelensProcess, client: httpx.Client, zone: str) -> None:
    for edge in _FAR:
        for search in (urlencode({"from": edge}), urlencode({"from": "1970-01-01", "to": edge})):
            for part, path in (("frame", "/"), ("data", "/annotations")):
                answer = _ask(client, part, path, f"?{search}", zone)
                assert answer.status_code == 200, (path, search, answer.text[:300])
        answer = _ask(client, "forms/range", "/", "", zone, values=[["from", edge], ["to", "now"]])
        assert answer.status_code == 200, answer.text[:300]
    assert "Traceback" not in process.log
