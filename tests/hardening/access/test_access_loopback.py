"""DNS rebinding and cross-site requests against the ports of a Gatelens on loopback, where nobody has to sign in."""

from collections.abc import Iterator

import httpx
import pytest

from tests.collector.rigs.access_logs import json_line
from tests.e2e.gatelens_process import GatelensProcess
from tests.patience import PATIENCE

_JSON = {"Content-Type": "application/json"}
_QUERY = b'{"sql": "SELECT 1"}'


@pytest.fixture(scope="module")
def gatelens(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatelensProcess]:
    with GatelensProcess(tmp_path_factory.mktemp("loopback") / "data") as process:
        yield process


def _post(address: str, body: bytes, headers: dict[str, str]) -> int:
    return httpx.post(address, content=body, headers=headers, trust_env=False, timeout=PATIENCE).status_code


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8050", "127.0.0.1.evil.example", "localhost.evil.example"]
)
def test_a_name_that_points_here_reads_nothing_and_writes_nothing(gatelens: GatelensProcess, host: str) -> None:
    web, http = gatelens.addresses.web, gatelens.addresses.http
    # As a page at this name would ask: of its own origin.
    headers = {"Host": host, "Origin": f"http://{host}", "Sec-Fetch-Site": "same-origin"}
    for path in ("/", "/metrics", "/readyz", "/api/v1/segments?prefix=a", "/_dash-layout", "/assets/favicon.svg"):
        answer = httpx.get(web + path, headers=headers, trust_env=False, timeout=PATIENCE)
        assert (answer.status_code, "web.allowed_hosts" in answer.text) == (421, True), path
    assert _post(f"{web}/api/v1/query", _QUERY, headers | _JSON) == 421
    for path in ("/ingest/envoy_json", "/v1/logs", "/services/collector/event"):
        answer = httpx.post(http + path, content=json_line("evil"), headers=headers, trust_env=False, timeout=PATIENCE)
        assert (answer.status_code, "collector.http.allowed_hosts" in answer.text) == (421, True), path


@pytest.mark.parametrize(
    "told",
    [
        {"Origin": "http://evil.example"}, {"Origin": "null"}, {"Origin": "http://127.0.0.1:1"},
        {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site", "Origin": "http://localhost:3000"},
    ],
)  # fmt: skip
def test_a_page_of_another_site_reads_nothing_and_writes_nothing(
    gatelens: GatelensProcess, told: dict[str, str]
) -> None:
    web, http = gatelens.addresses.web, gatelens.addresses.http
    for kind in (
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/json",
    ):
        headers = told | {"Content-Type": kind}
        assert _post(f"{http}/ingest/envoy_json", json_line("evil"), headers) == 403
        assert _post(f"{http}/services/collector/event", b'{"event": "evil"}', headers) == 403
        assert _post(f"{web}/api/v1/query", _QUERY, headers) == 403
        assert _post(f"{web}/_dash-update-component", b"{}", headers) == 403
    assert (
        httpx.get(f"{web}/api/v1/segments?prefix=a", headers=told, trust_env=False, timeout=PATIENCE).status_code == 403
    )
    assert gatelens.count("request_id LIKE '%evil%'") == 0


def test_agents_and_programs_are_not_affected(gatelens: GatelensProcess) -> None:
    web, http = gatelens.addresses.web, gatelens.addresses.http
    for kind in ("text/plain", "application/x-www-form-urlencoded"):
        assert _post(f"{http}/ingest/envoy_json", json_line("agent"), {"Content-Type": kind}) == 200
    for name in ("localhost", "gatelens.localhost:8050", "127.0.0.1:1", "[::1]"):
        assert _post(f"{web}/api/v1/query", _QUERY, {"Host": name} | _JSON) == 200


def test_what_browsers_are_told(gatelens: GatelensProcess) -> None:
    headers = httpx.get(gatelens.addresses.web, trust_env=False, timeout=PATIENCE).headers
    policy = dict(part.split(" ", 1) for part in headers["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert all(source == "'self'" or source.startswith("'sha256-") for source in policy["script-src"].split())
    assert {policy[name] for name in ("frame-ancestors", "object-src", "base-uri")} == {"'none'"}
    assert policy["form-action"] == "'self'"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert "Permissions-Policy" in headers
    assert "Strict-Transport-Security" not in headers
    assert "Access-Control-Allow-Origin" not in headers
    assert (
        httpx.get(f"{gatelens.addresses.web}/nowhere", trust_env=False, timeout=PATIENCE).headers[
            "X-Content-Type-Options"
        ]
        == "nosniff"
    )
