from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from dashboards.api.simulations import simulations_api
from gatelens.cli import app
from storage.store import Store
from tests.dashboards.api.analysis_rig import served
from tests.patience import PATIENCE

_NOW = datetime(2026, 4, 4, 12, tzinfo=UTC)
_FILTER = "environment=simulations-api"
_POLICY = {"kind": "rate_limit", "limit": 10, "per": "1m"}
# 60 requests of a burst in one minute, and one a minute of another.
_TRAFFIC = """
INSERT INTO requests (time, environment, reporter, consumer, status)
SELECT toDateTime64('2026-04-04 11:00:00', 6, 'UTC')
    + if(number < 60, toIntervalSecond(number), toIntervalMinute(number - 60)),
    'simulations-api', 'gateway', if(number < 60, 'burst', 'calm'), 200
FROM numbers(110)
"""


@pytest.fixture(scope="module")
def data(store: Store, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    """A data directory, and the address of what runs there."""
    store.command(_TRAFFIC)
    directory = tmp_path_factory.mktemp("data")
    with served(directory, simulations_api(store, lambda: _NOW)) as address:
        yield directory, f"{address}/api/v1/simulations"


def test_who_when_and_how_much(data: tuple[Path, str]) -> None:
    found = httpx.post(
        data[1], json={"policy": _POLICY, "filter": [_FILTER], "from": "now-1h"}, timeout=PATIENCE
    ).json()
    assert (found["requests"], found["refused"], found["concerned"]) == (110, 50, 1)
    assert found["policy"]["per"] == "1m"
    assert found["who"][0] == {
        "key": "burst", "requests": 60, "refused": 50, "delayed": 0, "share": 50 / 60, "most_in_a_window": 60,
        "first": "2026-04-04T11:00:00+00:00", "last": "2026-04-04T11:00:00+00:00",
    }  # fmt: skip
    assert sum(step["refused"] for step in found["when"]) == 50
    assert found["bursts"]["max"] == 60
    assert found["advised_limit"] == {"refuse_at_most": 0.01, "limit": 59}


def test_a_cache_answers(data: tuple[Path, str]) -> None:
    found = httpx.post(
        data[1], json={"policy": {"kind": "response_cache"}, "filter": [_FILTER]}, timeout=PATIENCE
    ).json()
    assert found["cached"] == 0
    assert "bursts" not in found


def test_a_policy_that_cannot_be_is_refused(data: tuple[Path, str]) -> None:
    answer = httpx.post(data[1], json={"policy": {"kind": "rate_limit", "limit": -1}}, timeout=PATIENCE)
    assert answer.status_code == 422
    assert "greater than or equal to 0" in answer.text


def test_the_command(data: tuple[Path, str], tmp_path: Path) -> None:
    policy = tmp_path / "policy.yaml"
    policy.write_text("kind: rate_limit\nlimit: 10\nper: 1m\n")
    done = CliRunner().invoke(app, ["simulate", f"@{policy}", "--filter", _FILTER, "--data", str(data[0])])
    assert done.exit_code == 0, done.output
    assert "50 of 110 requests (45.5 %) would have been refused" in done.output
    assert "A limit of 59 refuses at most 1 %." in done.output


def test_the_command_names_what_is_wrong(data: tuple[Path, str]) -> None:
    done = CliRunner().invoke(app, ["simulate", "{kind: rate_limit, limit: many}", "--data", str(data[0])])
    assert "policy.rate_limit.limit" in str(done.exception)
