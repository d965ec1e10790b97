"""A data directory from before durations could be unknown, opened by what is installed now."""

import csv
import io
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from tests.collector.rigs.access_logs import json_line
from tests.e2e.gatelens_process import GatelensProcess, until
from tests.e2e.tab import Tab
from tests.patience import PATIENCE

_ROOT = Path(__file__).parents[2]

# Four requests through the views of then: three of 40 ms, and one of an unknown duration.
_FILL = """
import sys
from pathlib import Path

import storage.migrate
from gatelens.data_directory.directory import DataDirectory
from storage.store import connect

shipped = storage.migrate.migrations()
storage.migrate.migrations = lambda: [migration for migration in shipped if migration.version <= 10]
store = connect(f"chdb://{DataDirectory(Path(sys.argv[1])).clickhouse}")
storage.migrate.migrate(store)
store.command(
    "INSERT INTO intake (destination, time, environment, gateway, gateway_kind, reporter, api, status, duration_us,"
    " segment_id, ingested_at)"
    " SELECT 'requests', now64() - INTERVAL 10 MINUTE, 'old', 'edge', 'envoy', 'gateway', 'orders', 200,"
    " number = 0 ? 0 : 40000, 'before', now64() FROM numbers(4)"
)
store.close()
"""


@pytest.fixture(scope="module")
def upgraded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatelensProcess]:
    """The old requests, and in an environment of their own new ones: of known durations, and of unknown ones alone."""
    data = tmp_path_factory.mktemp("upgrade") / "data"
    subprocess.run([sys.executable, "-c", _FILL, str(data)], check=True, cwd=_ROOT, timeout=PATIENCE)
    with GatelensProcess(data) as process:
        process.ingest(json_line("n-0", duration=40) + json_line("n-1", duration="-"), "new")
        process.ingest(json_line("p-0", duration="-", upstream_cluster="payments"), "new")
        assert until(process.count, lambda stored: stored == 7) == 7
        yield process


def test_what_was_stored_stays_as_it_was(upgraded: GatelensProcess) -> None:
    durations = "SELECT environment, groupArray(toString(duration_us)) AS told FROM usage_requests"
    found = upgraded.rows(f"{durations} WHERE duration_us IS NOT NULL GROUP BY environment ORDER BY environment")
    assert [(row["environment"], sorted(row["told"])) for row in found] == [
        ("new", ["40000"]),
        ("old", ["0", "40000", "40000", "40000"]),
    ]
    rolled_up = [
        {"environment": "new", "asked": 3, "told": 1},
        {"environment": "old", "asked": 4, "told": 4},
    ]
    hours = (
        "SELECT environment, toUInt32(sum(requests)) AS asked, toUInt32(arraySum(mapValues(sumMap(latency)))) AS told"
        " FROM usage_1h GROUP BY environment ORDER BY environment"
    )
    # A request can be read before it is in the hours: an insert writes one table after the other.
    assert until(lambda: upgraded.rows(hours), lambda told: told == rolled_up) == rolled_up


def test_pages_show_both(upgraded: GatelensProcess, open_tab: Callable[..., Tab]) -> None:
    tab = open_tab(upgraded.addresses.web)
    for environment, requests in (("old", 4), ("new", 3)):
        tab.visit(f"/?environment={environment}")
        assert tab.figure("requests") == requests
        assert tab.figure("p50") == pytest.approx(40, rel=0.011)
    tab.visit("/apis?environment=new")
    shown = {row["api"]: (row["p95"], row["apdex"]) for row in tab.table("apis")}
    assert shown["payments"] == ("–", "–")
    tab.visit("/apis/payments?environment=new")
    assert tab.figure("requests") == 1
    [route] = tab.table("routes")
    # Columns that say nothing of any row make room for the others.
    assert route["requests"]
    assert route.keys().isdisjoint({"p50", "p95", "p99"})


@pytest.mark.parametrize("by", ["api", "api,consumer"])
def test_reports_leave_empty_what_is_not_known(upgraded: GatelensProcess, by: str) -> None:
    # A report until now ends with the last whole minute, and the requests are of this one.
    tomorrow = f"{datetime.now(UTC) + timedelta(days=1):%Y-%m-%d}"
    asked = {"from": "now-1h", "to": tomorrow, "by": by, "environment": "new"}
    answer = httpx.get(
        f"{upgraded.addresses.web}/api/v1/reports/usage", params=asked, trust_env=False, timeout=PATIENCE
    )
    assert answer.status_code == 200, answer.text
    rows = {row["api"]: row for row in csv.DictReader(io.StringIO(answer.text))}
    assert (rows["payments"]["requests"], rows["payments"]["p95_ms"]) == ("1", "")
    assert float(rows["orders"]["p95_ms"]) == pytest.approx(40, rel=0.011)
