"""`gatelens storage` and `gatelens rollup rebuild`, through a running Gatelens and without one."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.collector.rigs.access_logs import json_line
from tests.e2e.gatelens_process import GatelensProcess, run, until

# In hours that have passed.
_AT = datetime.now(UTC).replace(minute=30) - timedelta(hours=3)
_FILLED = "SELECT toUInt32(sum(requests)) AS n FROM usage_route_1h"


def _lines() -> list[bytes]:
    return [json_line(f"stored-{number}", start_time=f"{_AT:%FT%T.%fZ}") for number in range(12)]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatelensProcess]:
    """A Gatelens whose roll-ups hold 12 requests."""
    with GatelensProcess(tmp_path_factory.mktemp("storage") / "data") as process:
        process.ingest(b"".join(_lines()), "stored")
        assert until(process.count, lambda stored: stored == 12) == 12
        assert until(lambda: process.rows(_FILLED)[0]["n"], lambda filled: filled == 12) == 12
        yield process


def _rebuilt(data: Path) -> str:
    finished = run("rollup", "rebuild", "--from", "now-6h", "--table", "route_1h", "--data", str(data))
    assert finished.returncode == 0, finished.stderr.decode()
    return finished.stderr.decode()


def test_through_the_running_process_and_without_one(running: GatelensProcess) -> None:
    data = running.data
    report = json.loads(run("storage", "--json", "--data", str(data)).stdout)
    assert {table["name"]: table["rows"] for table in report["tables"]}["requests"] == 12
    # An hour, or a day, may have ended since they were filled.
    assert all(waiting <= 1 for waiting in report["rollups_waiting"].values())
    assert "bytes a request" in run("storage", "--data", str(data)).stdout.decode()
    assert "route_1h: 1 hours" in _rebuilt(data)
    assert running.rows(_FILLED) == [{"n": 12}]
    refused = run("rollup", "rebuild", "--from", "now-6h", "--table", "api_1m", "--data", str(data))
    assert refused.returncode == 1
    assert b"use any of api_10m" in refused.stderr

    assert running.terminate() == 0
    assert "route_1h: 1 hours" in _rebuilt(data)
    alone = json.loads(run("storage", "--json", "--data", str(data)).stdout)
    assert {table["name"]: table["rows"] for table in alone["tables"]}["requests"] == 12
