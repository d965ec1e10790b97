"""Two Gatelens on one ClickHouse server: alerts are told once, whoever leads, and both show the same."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import httpx
import pytest

from tests.clickhouse_server.clickhouse_process import ClickHouseProcess
from tests.clickhouse_server.users import READER
from tests.collector.rigs.access_logs import json_line
from tests.e2e.gatelens_process import FREE_PORTS, GatelensProcess, run, until
from tests.patience import PATIENCE
from tests.processors.alerts.hook import Hook

# The last requests of an API say how it is, so that a test need not wait for a window to pass.
_RULES = """
rules:
  - alert: failing
    kind: sql
    sql: |
      SELECT api, countIf(status >= 500) AS failing
      FROM (SELECT api, status FROM requests WHERE environment = 'live' ORDER BY time DESC LIMIT 3 BY api)
      GROUP BY api
    op: ">"
    threshold: 0
    receiver: on-call
receivers:
  - name: on-call
    webhook: {{url: "{hook}"}}
    group_by: [alertname, api]
"""
_PAST = "FROM requests WHERE environment = 'past'"
_ROLLED_UP = "build IN (SELECT build FROM rollup_windows FINAL WHERE name = '{0}')"


@pytest.fixture(scope="module")
def hook() -> Iterator[Hook]:
    opened = Hook()
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClickHouseProcess]:
    with ClickHouseProcess(tmp_path_factory.mktemp("server")) as started:
        yield started


@pytest.fixture(scope="module")
def both(
    tmp_path_factory: pytest.TempPathFactory, server: ClickHouseProcess, hook: Hook
) -> Iterator[list[GatelensProcess]]:
    """Started at once on an empty database."""
    directory = tmp_path_factory.mktemp("two")
    rules, config = directory / "rules.yaml", directory / "gatelens.yaml"
    rules.write_text(_RULES.format(hook=hook.url), encoding="utf-8")
    config.write_text(f"alerts: {{rules: {rules}}}\n", encoding="utf-8")
    settings = {
        **FREE_PORTS,
        "GATELENS_STORAGE__DSN": server.dsn(),
        "GATELENS_STORAGE__READER_DSN": server.dsn(READER),
        "GATELENS_COLLECTOR__RECONCILIATION__INTERVAL": "1",
        "GATELENS_COLLECTOR__RECONCILIATION__DELAY": "0",
    }
    processes = [GatelensProcess(directory / name, "--config", config, settings=settings) for name in ("one", "two")]
    try:
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(GatelensProcess.start, processes))
        yield processes
    finally:
        for process in processes:
            process.terminate()


def test_both_show_what_either_was_sent(both: list[GatelensProcess]) -> None:
    one, two = both
    past = datetime.now(UTC) - timedelta(hours=3)
    one.ingest(_lines("orders", 200, 300, past) + _lines("orders", 503, 7, past), "past")
    two.ingest(_lines("payments", 200, 200, past) + _lines("orders", 200, 11, past), "past")
    for process in both:
        assert until(partial(process.count, "environment = 'past'"), lambda n: n == 518) == 518
    # The hour has passed, and is rolled up by one of them; a question is answered from that or from the requests.
    held = f"route_1h WHERE environment = 'past' AND {_ROLLED_UP.format('route_1h')}"
    assert until(lambda: _sum(one, held), lambda n: n > 0) > 0
    expected = [{"api": "orders", "requests": 318, "errors": 7}, {"api": "payments", "requests": 200, "errors": 0}]
    assert [_figures(process) for process in both] == [expected, expected]
    # By the rows themselves too: nothing was rolled up twice.
    for name in ("api_10m", "route_1h", "consumer_1h"):
        rolled_up = _sum(one, f"{name} WHERE {_ROLLED_UP.format(name)}")
        assert (name, rolled_up) == (name, _sum(one, f"rollup_windows FINAL WHERE name = '{name}'"))
    assert [_sum(one, f"{name} WHERE environment = 'past'") for name in ("api_1m", "api_1h")] == [518, 518]
    for process in both:
        assert until(partial(_metric, process, "gatelens_ledger_differences"), lambda n: n == 0) == 0


def test_dead_letters_are_read_again_by_the_one_that_leads(both: list[GatelensProcess]) -> None:
    until(lambda: _leading(both), lambda found: len(found) == 1)
    (leader,) = _leading(both)
    (follower,) = [process for process in both if process is not leader]
    now = datetime.now(UTC).strftime("%d/%b/%Y:%H:%M:%S +0000")
    follower.ingest(f'192.0.2.7 - - [{now}] "GET /letter HTTP/1.1" 200 612 "-" "curl/8.5.0"\n'.encode() * 3, "letters")
    letters = "SELECT count() AS n FROM dead_letters WHERE environment = 'letters'"
    assert until(lambda: int(leader.rows(letters)[0]["n"]), lambda n: n == 3) == 3

    command = ("replay", "--format", "envoy_json", "--as", "combined", "--data")
    refused = run(*command, follower.data)
    assert (refused.returncode, b"Another Gatelens on this ClickHouse leads" in refused.stderr) == (1, True)
    tried = run(*command, follower.data, "--dry-run")
    assert (tried.returncode, leader.count("environment = 'letters'")) == (0, 0), tried.stderr
    replayed = run(*command, leader.data)
    assert (replayed.returncode, follower.count("environment = 'letters'")) == (0, 3), replayed.stderr
    assert int(follower.rows(letters)[0]["n"]) == 0


def test_commands_ask_either(both: list[GatelensProcess]) -> None:
    one, two = both
    counted = run("query", f"SELECT count() AS n {_PAST}", "--format", "jsonl", "--data", one.data)
    assert (counted.returncode, b"518" in counted.stdout) == (0, True), counted.stderr
    report = run("report", "usage", "--from", "now-6h", "--format", "csv", "--data", two.data)
    assert (report.returncode, b"payments" in report.stdout) == (0, True), report.stderr
    # Also of one that does not fill them by itself; those before hold until the new ones do.
    for process in both:
        rebuilt = run("rollup", "rebuild", "--from", "now-6h", "--data", process.data)
        assert rebuilt.returncode == 0, rebuilt.stderr
        rolled_up = _sum(process, f"api_10m WHERE environment = 'past' AND {_ROLLED_UP.format('api_10m')}")
        assert rolled_up == 518


def test_alerts_are_sent_once_whoever_leads(both: list[GatelensProcess], hook: Hook) -> None:
    until(lambda: _leading(both), lambda found: len(found) == 1)
    (leader,) = _leading(both)
    (follower,) = [process for process in both if process is not leader]
    # What the other one is sent, the leader tells.
    follower.ingest(_lines("orders", 503, 3), "live")
    assert until(lambda: _told(hook), lambda told: len(told) > 0) == [("firing", "orders")]

    leader.kill()
    follower.ingest(_lines("payments", 503, 3), "live")
    expected = [("firing", "orders"), ("firing", "payments")]
    assert until(lambda: _told(hook), lambda told: len(told) > 1) == expected
    assert _leading([follower]) == [follower]

    # It comes back, and follows.
    leader.start()
    leader.ingest(_lines("orders", 200, 3), "live")
    expected.append(("resolved", "orders"))
    assert until(lambda: _told(hook), lambda told: len(told) > 2) == expected
    assert _leading(both) == [follower]

    follower.terminate()
    leader.ingest(_lines("payments", 200, 3), "live")
    expected.append(("resolved", "payments"))
    assert until(lambda: _told(hook), lambda told: len(told) > 3) == expected
    assert _leading([leader]) == [leader]
    follower.start()
    assert _leading(both) == [leader]
    assert _told(hook) == expected


def _lines(api: str, status: int, count: int, start: datetime | None = None) -> bytes:
    at = (start or datetime.now(UTC)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    fields = {"start_time": at, "response_code": status, "upstream_cluster": api, "path": f"/{api}/list"}
    return b"".join(json_line(f"{api}-{status}-{at}-{number}", **fields) for number in range(count))


def _figures(process: GatelensProcess) -> list[dict[str, Any]]:
    """Requests and errors of each API, as a question answers."""
    question = {
        "measures": ["requests", "errors"],
        "dimensions": ["api"],
        "filters": ["environment=past"],
        "from": "now-6h",
        "to": "now",
    }
    answer = httpx.post(
        f"{process.addresses.web}/api/v1/questions", json=question, trust_env=False, timeout=PATIENCE
    )  # fmt: skip
    assert answer.status_code == 200, answer.text
    return sorted(answer.json()["rows"], key=lambda row: str(row["api"]))


def _sum(process: GatelensProcess, of: str) -> int:
    return int(process.rows(f"SELECT sum(requests) AS n FROM {of}")[0]["n"])


def _told(hook: Hook) -> list[tuple[str, str]]:
    """What the receiver was told of each API, in order; it hears of one API at a time."""
    return [
        (str(alert["status"]), str(alert["labels"]["api"])) for body in list(hook.bodies) for alert in body["alerts"]
    ]


def _leading(processes: list[GatelensProcess]) -> list[GatelensProcess]:
    return [process for process in processes if _metric(process, "gatelens_alerts_leader") == 1]


def _metric(process: GatelensProcess, name: str) -> float | None:
    answer = httpx.get(f"{process.addresses.web}/metrics", trust_env=False, timeout=PATIENCE)
    found = re.search(rf"^{name}(?:\{{.*\}})? (\S+)$", answer.text, re.MULTILINE)
    return float(found[1]) if found else None
