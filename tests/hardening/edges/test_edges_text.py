"""Text that is none, commands for terminals, endless text: on every route and in every parameter."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest

from tests.collector.rigs.access_logs import json_lines
from tests.e2e.gatelens_process import GatelensProcess, run
from tests.patience import PATIENCE

_LONG = json.dumps("x" * 100_000)
_TEXTS = {"half a pair": '"\\ud800"', "other half": '"a\\udc80"', "nul": '"a\\u0000b"', "long": _LONG}
_ENCODED = {"half a pair": "%ED%A0%80", "no utf-8": "%FF", "nul": "%00", "escape": "%1b]0;x%07", "long": "x" * 20_000}
_SEARCHES = (
    '"?from=\\ud800&environment=\\ud800&gateway=\\ud800&api=\\ud800&version=\\ud800&refresh=\\ud800&sql=\\ud800"',
    '"?environment=%00&api=%ED%A0%80&from=now-1h&version=%FF"',
    json.dumps("?environment=" + "x" * 100_000),
    json.dumps("?a=1" + "&b=2" * 500),
)
_ADDRESSES = (
    "/api/v1/segments?prefix=",
    "/api/v1/reports/usage?",
    *(f"/api/v1/reports/usage?{name}=" for name in ("environment", "gateway", "api", "from", "to", "by", "format")),
    *("/?from=", "/apis?api=", "/alerts?rule=", "/sql?sql=", "/", "/assets/", "/_dash-component-suites/"),
)
_ESCAPES = "SELECT 'a' || char(27) || ']0;owned' || char(7) || char(155) AS title, '=1+1' AS formula, -5 AS number"


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatelensProcess]:
    with GatelensProcess(tmp_path_factory.mktemp("text") / "data") as started:
        yield started


@pytest.fixture(scope="module")
def client(process: GatelensProcess) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=process.addresses.web, trust_env=False, timeout=PATIENCE) as opened:
        yield opened


@pytest.mark.parametrize("text", _TEXTS.values(), ids=_TEXTS)
def test_a_query_that_is_no_text_is_refused(client: httpx.Client, text: str) -> None:
    for body in (f'{{"sql": {text}}}', f'{{"sql": "SELECT 1", "format": {text}}}', f'{{"sql": "SELECT 1", {text}: 1}}'):
        answer = client.post("/api/v1/query", content=body, headers={"Content-Type": "application/json"})
        assert answer.status_code in (403, 422), answer.text
        assert answer.json().keys() >= {"error", "kind"}
        assert len(answer.content) < 1_000, "what was sent is not repeated"


@pytest.mark.parametrize("text", _ENCODED.values(), ids=_ENCODED)
def test_no_address_fails_by_what_it_holds(client: httpx.Client, text: str) -> None:
    for address in _ADDRESSES:
        answer = client.get(f"{address}{text}")
        assert answer.status_code < 500, (address, answer.text)


@pytest.mark.parametrize("text", _ENCODED.values(), ids=_ENCODED)
def test_no_intake_fails_by_its_address(process: GatelensProcess, text: str) -> None:
    for address in (f"envoy_json?environment={text}&gateway={text}&peer={text}", f"{text}?x", f"?environment={text}"):
        answer = httpx.post(
            f"{process.addresses.http}/ingest/{address}",
            content=json_lines("a", range(1)),
            trust_env=False,
            timeout=PATIENCE,
        )
        assert answer.status_code < 500, (address[:60], answer.text)


def test_no_page_fails_by_what_it_is_given(client: httpx.Client) -> None:
    values = [json.loads(value) for value in (_TEXTS["half a pair"], _TEXTS["nul"], _LONG, *_SEARCHES)]
    searches = [
        *values,
        *(
            f"?filter={quote(text, errors='replace')}&from=now-1h&tz={quote(text[:40], errors='replace')}"
            for text in values
        ),
    ]
    failed = [
        (part, search[:60])
        for part in ("frame", "data", "forms/filter", "forms/range", "forms/filter-values")
        for search in searches
        for path in ("/", f"/apis/{search[:200]}")
        if _post(client, part, {"path": path, "search": search, "zone": search[:100]}).status_code >= 500
    ]
    assert failed == []


def _post(client: httpx.Client, part: str, body: dict[str, str]) -> httpx.Response:
    """As JSON of ASCII, for it may be what UTF-8 cannot hold."""
    values = {"values": [["dimension", body["search"]], ["from", body["search"]]]} if part.startswith("forms") else {}
    return client.post(f"/page/{part}", content=json.dumps(body | values), headers={"Content-Type": "application/json"})


def test_the_editor_says_why_it_refuses_what_is_no_text(client: httpx.Client) -> None:
    for text in _TEXTS.values():
        answer = client.post("/page/sql", content=f'{{"sql": {text}}}', headers={"Content-Type": "application/json"})
        assert answer.status_code in (200, 422), answer.text
        assert len(answer.content) < 1_000, "what was sent is not repeated"
    refused = client.post(
        "/page/sql", content='{"sql": "SELECT \\ud800"}', headers={"Content-Type": "application/json"}
    )
    assert refused.status_code == 422 or "half of a surrogate pair" in refused.json()["fault"]


def test_csv_holds_no_formulas_unless_it_is_raw(client: httpx.Client) -> None:
    query = {"sql": _ESCAPES, "format": "csv"}
    assert b'"\'=1+1",-5' in client.post("/api/v1/query", json=query).content
    assert (
        b'"a\x1b]0;owned\x07\x9b","=1+1",-5' in client.post("/api/v1/query", json=query | {"format": "csv_raw"}).content
    )


def test_errors_and_names_of_files_give_a_terminal_no_commands(process: GatelensProcess, tmp_path: Path) -> None:
    refused = run("query", "SELECT '\x1b]0;owned\x07' FROM nowhere", "--data", process.data)
    log = tmp_path / "\x1b]0;owned\x07.log"
    log.write_text("no log\n" * 3)
    stored = run("import", log, "--format", "combined", "--data", process.data)
    for finished in (refused, stored):
        assert b"\x1b]0;" not in finished.stdout + finished.stderr
    assert (refused.returncode, stored.returncode) == (1, 0)
    assert rb"\x1b]0;owned\x07.log: combined, 3 dead letters" in stored.stdout


def test_an_argument_that_is_no_text_is_one_line(process: GatelensProcess) -> None:
    finished = subprocess.run(
        [sys.executable.encode(), b"-m", b"gatelens", b"query", b"\xff", b"--data", process.data],
        env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}, capture_output=True, timeout=PATIENCE, check=False,
    )  # fmt: skip
    assert finished.returncode == 1
    assert finished.stderr == b"Error: An argument holds bytes that are no UTF-8 text; write it in UTF-8.\n"


def test_a_table_gives_a_terminal_no_commands(process: GatelensProcess, client: httpx.Client) -> None:
    remote = run("query", _ESCAPES, "--data", process.data)
    answer = client.post("/api/v1/query", json={"sql": _ESCAPES, "format": "table"})
    assert "Traceback" not in process.log, "until here, nothing has failed"
    process.terminate()
    own = run("query", _ESCAPES, "--data", process.data)
    assert rb"a\x1b]0;owned\x07\x9b" in remote.stdout
    assert remote.stdout == answer.content == own.stdout
