from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner

from dashboards.api.comparisons import comparisons_api
from gatelens.cli import app
from processors.query.questions import Questions
from processors.query.tables import HANDLED
from storage.store import Store
from tests.dashboards.api.analysis_rig import served
from tests.patience import PATIENCE

_NOW = datetime(2026, 4, 8, 12, tzinfo=UTC)
_COMMON = ["environment=comparison", "api=cmp"]
# Gateways of the same API for an hour: `quick` and `slow` with 4,000 requests each, `few` with 40. `slow` takes twice
# as long, of which 15 ms are its own, and fails 5 % of the time, `quick` 1 %. `other` is as `quick`, for another route.
_TRAFFIC = """
INSERT INTO requests (time, environment, gateway_kind, gateway, instance, reporter, api, route, method, status,
    duration_us, upstream_us)
SELECT
    toDateTime64('2026-04-08 11:00:00', 6, 'UTC') + toIntervalMillisecond(number * 3600000 / total), 'comparison',
    'envoy', gateway, concat(gateway, '-0'), 'gateway', 'cmp', if(gateway = 'other', '/b', '/a'), 'GET',
    if(number % if(gateway = 'slow', 20, 100) = 0, 503, 200),
    if(gateway = 'slow', 40000, 20000) + number % 1000, if(gateway = 'slow', 25000, 18000)
FROM
(
    SELECT gateway, total, arrayJoin(range(total)) AS number
    FROM values('gateway String, total UInt64', ('quick', 4000), ('slow', 4000), ('few', 40), ('other', 4000))
)
"""
# Half a core and 2 GiB by each gateway, told each minute.
_RESOURCES = """
INSERT INTO resource_1m (minute, environment, gateway, instance, quantity, source, rank, is_sidecar, series, first,
    last, low, high, total, samples)
SELECT
    toDateTime('2026-04-08 11:00:00', 'UTC') + toIntervalMinute(number) AS minute, 'comparison', gateway,
    concat(gateway, '-0'), quantity, 'container', 0, false, sipHash64(gateway, quantity),
    (toDateTime64(minute, 3, 'UTC'), value),
    (toDateTime64(minute, 3, 'UTC'), value), value, value, value, 1
FROM numbers(60) AS n, values('gateway String', ('quick'), ('slow')) AS g,
    values('quantity String, value Float64', ('cpu_cores', 0.5), ('memory_bytes', 2147483648)) AS q
"""


@pytest.fixture(scope="module")
def data(store: Store, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    """A data directory, and the address of what runs there."""
    store.command(_TRAFFIC)
    store.command(_RESOURCES)
    directory = tmp_path_factory.mktemp("data")
    questions, handled = Questions(store, lambda: _NOW), Questions(store, lambda: _NOW, tables=HANDLED)
    with served(directory, comparisons_api(store, questions, handled, lambda: _NOW)) as address:
        yield directory, address
    questions.close()
    handled.close()


def _compared(data: tuple[Path, str], first: str, second: str, **more: object) -> dict[str, Any]:
    sides = {"first": {"filter": [f"gateway={first}"], "name": first}, "second": {"filter": [f"gateway={second}"]}}
    body = {"filter": _COMMON, "from": "now-1h", **sides, **more}
    answer = httpx.post(f"{data[1]}/api/v1/comparisons", json=body, timeout=PATIENCE)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def test_what_differs_is_said(data: tuple[Path, str]) -> None:
    found = _compared(
        data, "quick", "slow", prices={"per_core_hour": 1, "per_gib_hour": 0.1, "per_million_requests": 2}
    )
    quick, slow = found["first"], found["second"]
    assert (quick["requests"], quick["errors"], slow["errors"]) == (4000, 40, 200)
    assert quick["gateway_mean"] == pytest.approx(2.5, abs=0.01)
    assert quick["error_rate_interval"][0] < 0.01 < quick["error_rate_interval"][1]
    assert found["error_rate_difference"] == pytest.approx([0.0329, 0.0478], abs=0.002)
    assert found["percentiles_differ"] == {"p50": True, "p90": True, "p95": True, "p99": True}
    assert found["first_is_faster"] == 1
    # Half a core and 2 GiB for an hour, by 4,000 requests.
    assert quick["usage"]["cpu_ms_per_1000_requests"] == pytest.approx(450_000, rel=0.05)
    assert quick["cost_of_a_million_requests"] == pytest.approx(250 * (0.5 + 0.2) + 2, rel=0.05)
    assert found["verdict"].startswith("quick is faster at p95")
    assert "quick fails less (1 % against 5 %)" in found["verdict"]


def test_thin_data_is_said_to_be_thin(data: tuple[Path, str]) -> None:
    found = _compared(data, "quick", "few")
    assert "few had fewer than 1,000 requests" in found["verdict"]
    assert found["verdict"].startswith("No difference is significant")
    assert (found["second"]["usage"], found["first"]["cost_of_a_million_requests"]) == (None, None)


def test_other_routes_are_named(data: tuple[Path, str]) -> None:
    found = _compared(data, "quick", "other")
    assert found["other_routes"] == 1
    assert "100 % of the requests went to other routes" in found["verdict"]


def test_no_requests(data: tuple[Path, str]) -> None:
    assert "nothing to compare" in _compared(data, "quick", "missing")["verdict"]


def test_the_command(data: tuple[Path, str]) -> None:
    sides = ["--first", "gateway=quick", "--second", "gateway=slow", "--from", "now-1h"]
    filters = [part for text in _COMMON for part in ("--filter", text)]
    done = CliRunner().invoke(app, ["compare", *sides, *filters, "--data", str(data[0])])
    assert done.exit_code == 0, done.output
    assert "gateway=quick is faster at p95" in done.output
