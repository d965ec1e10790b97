"""Ingest and Settings in the browser: a format that is wrong, then mended, and its dead letters read again."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import expect

from gatelens.data_directory.local_access import local_client
from tests.collector.rigs.access_logs import json_lines
from tests.e2e.gatelens_process import GatelensProcess, run, until
from tests.e2e.tab import Tab
from tests.patience import PATIENCE

_HIDDEN = "a-token-that-nobody-may-see"
_REASON = "not a line of the format shop"
_MARKUP = "<img src=x onerror=alert(1)>"
_CONFIG = """
collector:
  http: {{hec: {{tokens: [{{token: {secret}}}]}}}}
  transforms: {{names: [{{target: consumer, source: "header:x-tenant"}}]}}
catalogue: {{apis: [{{name: orders, owner: team-orders}}]}}
formats: [{{name: shop, summary: "The till's nginx", nginx: '{pattern}'}}]
"""
_OLD = '$remote_addr [$time_iso8601] "$request" $status'
_LINES = 12


def _configured(path: Path, pattern: str) -> None:
    path.write_text(_CONFIG.format(secret=_HIDDEN, pattern=pattern), encoding="utf-8")


def _line(number: int) -> str:
    at = datetime.now(UTC).isoformat(timespec="seconds")
    return f'192.0.2.1 [{at}] "GET /orders/v1/items/{number} HTTP/1.1" 200 0.0{number + 10}'


def _dead(process: GatelensProcess) -> int:
    return int(process.rows("SELECT count() AS n FROM dead_letters")[0]["n"])


@pytest.fixture(scope="module")
def gatelens(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatelensProcess]:
    """One whose format was mended after lines had come that it did not understand."""
    directory = tmp_path_factory.mktemp("ingest")
    config = directory / "gatelens.yaml"
    _configured(config, _OLD)
    with GatelensProcess(directory / "data", "--config", config) as process:
        lines = "\n".join([*map(_line, range(_LINES)), _MARKUP])
        _post(process, "/ingest/shop?environment=till&gateway=till-1", lines.encode())
        assert until(lambda: _dead(process), lambda dead: dead == _LINES + 1) == _LINES + 1
        process.terminate()
        _configured(config, f"{_OLD} $request_time")
        process.start()
        refused = httpx.post(
            f"{process.addresses.http}/ingest/none_such", content=b"x", trust_env=False, timeout=PATIENCE
        )
        assert refused.status_code == 400
        yield process


def _post(process: GatelensProcess, path: str, body: bytes) -> None:
    answer = httpx.post(f"{process.addresses.http}{path}", content=body, timeout=PATIENCE, trust_env=False)
    assert answer.is_success, answer.text


@pytest.fixture
def tab(gatelens: GatelensProcess, open_tab: Callable[..., Tab]) -> Tab:
    return open_tab(gatelens.addresses.web)


def _outcome(*arguments: str, process: GatelensProcess) -> dict[str, object]:
    done = run("replay", "--data", process.data, "--json", *arguments)
    assert done.returncode == 0, done.stderr.decode()
    outcome: dict[str, object] = json.loads(done.stdout)
    return outcome


def test_dead_letters_of_a_mended_format_are_tried_and_read_again(gatelens: GatelensProcess, tab: Tab) -> None:
    page = tab.page
    dry = _outcome("--format", "shop", "--dry-run", process=gatelens)
    assert (dry["read"], dry["understood"], dry["stored"]) == (_LINES + 1, {"shop": _LINES}, 0)
    assert gatelens.count() == 0

    # It follows the run by refreshing.
    tab.visit("/ingest")
    expect(page.locator("#pipeline-troubles")).to_contain_text(f"100% of shop could not be parsed: {_LINES + 1} of")
    expect(page.locator("#refusals-table")).to_contain_text("none_such")
    tab.screenshot("ingest")
    page.locator("#unparsed-table a.row-link").first.click()
    expect(page.locator("pre.sample")).to_be_visible()
    page.get_by_role("button", name=f"Read {_LINES + 1} records again").click()
    state = page.locator("#replay-state")
    expect(state).to_contain_text("13 read, 12 parsed")
    assert until(gatelens.count, lambda stored: stored == _LINES) == _LINES
    assert until(lambda: _dead(gatelens), lambda dead: dead == 1) == 1

    # What is left is shown as it came, and runs nothing.
    tab.visit("/ingest?refresh=off")
    expect(page.locator("#unparsed-table")).to_contain_text(_MARKUP)
    assert page.locator("#unparsed-table img").count() == 0
    again = _outcome("--format", "shop", process=gatelens)
    assert (again["read"], again["stored"]) == (1, 0)
    rows = gatelens.rows("SELECT DISTINCT environment, gateway, api, duration_us > 0 AS timed FROM requests")
    assert rows == [{"environment": "till", "gateway": "till-1", "api": "orders", "timed": 1}]


def test_the_api_tells_what_the_page_shows(gatelens: GatelensProcess) -> None:
    with local_client(gatelens.data, gatelens.addresses, PATIENCE) as client:
        web = gatelens.addresses.web
        told = client.get(f"{web}/api/v1/ingest").json()
        refused = client.post(f"{web}/api/v1/ingest/replay", json={"format": "otlp_traces"})
        unknown = client.post(f"{web}/api/v1/ingest/replay", json={"as": "nothing"})
    [shop] = [entry for entry in told["ledger"] if entry["format"] == "shop"]
    assert (shop["records"], shop["filed"]) == (_LINES + 1, _LINES + 1)
    assert told["spool"]["capacity"] > told["spool"]["bytes"] >= 0
    assert [one["reason"] for one in told["unparsed"]] == [_REASON]
    assert [one["reason"] for one in told["refusals"]] == ["malformed"]
    assert (refused.status_code, refused.json()["kind"]) == (400, "InvalidReplay")
    assert "--as" in refused.json()["error"]
    assert unknown.status_code == 400


def test_settings_are_in_force_and_without_secrets(gatelens: GatelensProcess, tab: Tab) -> None:
    page = tab.page
    tab.visit("/settings")
    settings = page.locator("#settings-table")
    expect(settings).to_contain_text("collector.http.hec.tokens[0].token")
    expect(page.locator("#formats-table")).to_contain_text("The till's nginx")
    expect(page.locator("#rules-table")).to_contain_text("header:x-tenant")
    expect(page.locator("#catalogue-table")).to_contain_text("team-orders")
    page.get_by_role("link", name="All", exact=True).click()
    expect(settings).to_contain_text("collector.spool.max_size")
    expect(settings).to_contain_text("4 GiB")
    assert _HIDDEN not in page.content()
    tab.screenshot("settings")


@pytest.mark.parametrize("colours", ["light", "dark"])
def test_both_are_whole_on_a_phone(gatelens: GatelensProcess, open_tab: Callable[..., Tab], colours: str) -> None:
    tab = open_tab(gatelens.addresses.web, colours)
    tab.page.set_viewport_size({"width": 390, "height": 844})
    for path, table in (("/ingest", "#ledger-table"), ("/settings", "#formats-table")):
        tab.visit(f"{path}?refresh=off")
        expect(tab.page.locator(table)).to_be_visible()
        assert tab.page.evaluate("() => document.documentElement.scrollWidth - innerWidth") == 0


def test_a_kill_in_the_middle_of_a_replay_loses_and_doubles_nothing(gatelens: GatelensProcess) -> None:
    """Last, since it takes a while, and its rows would be in the way of the others."""
    lines = json_lines("killed", range(3_000))
    _post(gatelens, "/ingest/combined?environment=killed", lines)
    where = "WHERE environment = 'killed'"

    def found() -> tuple[int, int, int]:
        [dead] = gatelens.rows(f"SELECT count() AS n FROM dead_letters {where}")
        [rows] = gatelens.rows(f"SELECT count() AS n, uniqExact(request_id) AS ids FROM requests {where}")
        return int(dead["n"]), int(rows["n"]), int(rows["ids"])

    assert until(found, lambda counts: counts[0] == 3_000) == (3_000, 0, 0)
    with local_client(gatelens.data, gatelens.addresses, PATIENCE) as client:
        body = {"format": "combined", "as": "envoy_json"}
        begun = client.post(f"{gatelens.addresses.web}/api/v1/ingest/replay", json=body)
        assert begun.status_code == 202, begun.text
    # As soon as the first of it is written down.
    until(lambda: gatelens.rows("SELECT replay FROM replays WHERE read_as = 'envoy_json'"), bool)
    gatelens.kill()
    gatelens.start()
    _outcome("--format", "combined", "--as", "envoy_json", process=gatelens)
    assert until(found, lambda counts: counts == (0, 3_000, 3_000)) == (0, 3_000, 3_000)
