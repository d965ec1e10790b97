"""Every address of the HTTP API and of the pages, as each who may not use it, whatever is added to it next."""

import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.e2e.gatelens_process import GatelensProcess, run
from tests.patience import PATIENCE

_NAME, _PASSWORD = "ann", "correct horse battery"
# Which change nothing, or only answer; all others need somebody in whose name something is changed.
_ASKING = frozenset(
    {
        "/api/v1/query", "/api/v1/questions", "/api/v1/explain", "/api/v1/simulations", "/api/v1/comparisons",
        "/api/v1/alerts/rules/check", "/api/v1/alerts/rules/backtest",
    }
)  # fmt: skip
_OF_PAGES = (
    *(("POST", f"/page/{part}") for part in ("frame", "data", "signs", "forms/filter", "forms/undo", "xlsx", "sql")),
    *(("GET", path) for path in ("/", "/sql", "/nowhere", "/page/search", "/page/panels/apis.csv?path=/", "/docs")),
    *(("GET", path) for path in ("/_dash-layout", "/_dash-dependencies", "/openapi.json", "/redoc", "/metrics")),
    ("POST", "/_dash-update-component"),
)
_BODIES = {
    "/api/v1/alerts/{fingerprint}/acknowledge": {"owner": "x"},
    "/api/v1/alerts/rules": {"definition": "{alert: a, measure: errors, window: 5m, threshold: 5}"},
    "/api/v1/alerts/receivers": {"definition": "{name: a, webhook: {url: 'http://127.0.0.1:1/'}}"},
    "/api/v1/silences": {"matchers": [{"name": "api", "value": "x"}], "duration": "1h"},
    "/api/v1/annotations": {"text": "x"},
    "/api/v1/dashboards/{name}": {"panels": []},
    "/api/v1/saved-views/{name}": {"address": "/"},
    "/api/v1/shared-links": {"address": "/?from=now-1h"},
    "/api/v1/slos": {"name": "x", "kind": "availability", "target": 0.9},
    "/api/v1/slos/{name}": {"kind": "availability", "target": 0.9},
    "/api/v1/rollups/rebuild": {"from": "now-1h"},
    "/api/v1/ingest/replay": {},
}
_ANNOTATIONS = ("POST", "/api/v1/annotations")


@pytest.fixture(scope="module")
def gatelens(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatelensProcess]:
    data: Path = tmp_path_factory.mktemp("routes") / "data"
    with GatelensProcess(data) as process:
        link = process.log.partition("/setup?token=")[2].split()[0]
        form = {"token": link, "name": _NAME, "password": _PASSWORD, "repeated": _PASSWORD}
        with httpx.Client(base_url=process.addresses.web, trust_env=False, timeout=PATIENCE) as client:
            assert client.post("/setup", data=form).status_code == 303
        yield process


@pytest.fixture(scope="module")
def routes(gatelens: GatelensProcess, session: httpx.Client) -> list[tuple[str, str]]:
    described = session.get("/api/v1/openapi.json").json()["paths"]
    found = [(method.upper(), path) for path, methods in described.items() for method in methods]
    assert len(found) > 50
    return [one for one in found if one[1] not in ("/healthz", "/readyz")]


@pytest.fixture(scope="module")
def session(gatelens: GatelensProcess) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=gatelens.addresses.web, trust_env=False, timeout=PATIENCE) as client:
        assert client.post("/sign-in", data={"name": _NAME, "password": _PASSWORD}).status_code == 303
        yield client


def _token(gatelens: GatelensProcess, name: str, kind: str) -> str:
    made = run("token", "create", name, "--for", kind, "--data", gatelens.data)
    assert made.returncode == 0, made.stderr
    return next(word for word in made.stdout.decode().split() if word.startswith("gl"))


def _ask(client: httpx.Client, route: tuple[str, str], headers: dict[str, str]) -> httpx.Response:
    method, path = route
    body = json.dumps(_BODIES.get(path, {})) if method in ("POST", "PUT") else None
    address = path.replace("{", "").replace("}", "")
    return client.request(method, address, content=body, headers={"Content-Type": "application/json", **headers})


def test_strangers_and_senders_reach_nothing(gatelens: GatelensProcess, routes: list[tuple[str, str]]) -> None:
    sender = _token(gatelens, "edge", "send")
    revoked = _token(gatelens, "gone", "read")
    assert run("token", "revoke", "gone", "--data", gatelens.data).returncode == 0
    with httpx.Client(base_url=gatelens.addresses.web, trust_env=False, timeout=PATIENCE) as client:
        for token in ("", "wrong", "glr_", f"{sender}x", sender, revoked):
            headers = {"Authorization": f"Bearer {token}"} if token else {}
            let = [
                (token[:4], *route)
                for route in (*routes, *_OF_PAGES)
                if _ask(client, route, headers).status_code not in (401, 404)
                and not (token == sender and route == _ANNOTATIONS)
            ]
            assert let == []
            assert all(_ask(client, route, headers).status_code == 401 for route in _OF_PAGES if "/page" in route[1])


def test_a_read_token_changes_nothing(gatelens: GatelensProcess, routes: list[tuple[str, str]]) -> None:
    headers = {"Authorization": f"Bearer {_token(gatelens, 'reader', 'read')}"}
    with httpx.Client(base_url=gatelens.addresses.web, trust_env=False, timeout=PATIENCE) as client:
        assert _ask(client, ("GET", "/api/v1/measures"), headers).status_code == 200
        changing = [route for route in routes if route[0] != "GET" and route[1] not in _ASKING]
        assert len(changing) > 15
        answers = {route: _ask(client, route, headers) for route in changing}
        assert {route: answer.text for route, answer in answers.items() if answer.status_code != 403} == {}
        # Pages are for sessions alone.
        assert all(_ask(client, route, headers).status_code == 401 for route in _OF_PAGES if "/page" in route[1])


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "same-origin", "Content-Type": "text/plain"},
        {"Host": "evil.example"},
    ],
    ids=lambda headers: " ".join(headers.values()),
)
def test_no_other_site_uses_a_session(
    session: httpx.Client, routes: list[tuple[str, str]], headers: dict[str, str]
) -> None:
    expected = {421} if "Host" in headers else {415} if "Content-Type" in headers else {403}
    asked = [route for route in (*routes, *_OF_PAGES) if route[0] != "GET" or "Content-Type" not in headers]
    answers = {route: _ask(session, route, headers).status_code for route in asked}
    assert {route: status for route, status in answers.items() if status not in expected} == {}


def test_a_new_password_ends_every_session(gatelens: GatelensProcess) -> None:
    with httpx.Client(base_url=gatelens.addresses.web, trust_env=False, timeout=PATIENCE) as client:
        assert client.post("/sign-in", data={"name": _NAME, "password": _PASSWORD}).status_code == 303
        assert client.get("/api/v1/measures").status_code == 200
        made = run("admin", "link", "--data", gatelens.data)
        link = made.stdout.decode().partition("/setup?token=")[2].split()[0]
        with httpx.Client(base_url=gatelens.addresses.web, trust_env=False, timeout=PATIENCE) as other:
            form = {"token": link, "password": f"{_PASSWORD} 2", "repeated": f"{_PASSWORD} 2"}
            assert other.post("/setup", data=form).status_code == 303
            assert other.get("/api/v1/measures").status_code == 200
        assert client.get("/api/v1/measures").status_code == 401
        assert client.post("/page/data", json={"path": "/"}).status_code == 401
