"""2,000 APIs, 40,000 routes, 10,000 consumers, 500 instances: every page answers, within what a browser can show."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.e2e.gatelens_process import GatelensProcess
from tests.patience import PATIENCE

_ROOT = Path(__file__).parents[2]
APIS, ROUTES, CONSUMERS, INSTANCES = 2_000, 40_000, 10_000, 500
REQUESTS = 80_000
# What the browser draws at once without a pause, and a phone still loads; before compression.
MOST_BYTES = 1_500_000
# A table of more rows is no longer read, but searched.
MOST_ROWS = 1_000

_FILL = """
import sys
from pathlib import Path

from gatelens.data_directory.directory import DataDirectory
from storage.migrate import migrate
from storage.store import connect

names = ("requests", "apis", "routes", "consumers", "instances")
store = connect(f"chdb://{DataDirectory(Path(sys.argv[1])).clickhouse}")
migrate(store)
store.command(
    "INSERT INTO requests (time, environment, gateway_kind, gateway, instance, reporter, api, api_version, route, path,"
    " method, status, fault, consumer, upstream, duration_us, upstream_us)"
    " SELECT now64(6) - toIntervalMillisecond(number * 40), 'production', 'envoy',"
    " concat('gateway-', toString(number % {instances:UInt64} % 100)),"
    " concat('pod-', toString(number % {instances:UInt64})), 'gateway',"
    " concat('api-', toString(number % {apis:UInt64})),"
    " 'v1', concat('/route/', toString(number % {routes:UInt64})), concat('/route/', toString(number)), 'GET',"
    " number % 37 = 0 ? 503 : 200, number % 37 = 0 ? 'backend' : '',"
    " concat('consumer-', toString(number % {consumers:UInt64})),"
    " concat('upstream-', toString(number % {apis:UInt64})),"
    " 1000 + number % 90000, 500 FROM numbers({requests:UInt64})",
    dict(zip(names, map(int, sys.argv[2:]), strict=True)),
)
store.close()
"""

_PAGES = ("/", "/apis", "/gateways", "/mesh", "/consumers", "/requests", "/traces", "/logs", "/explain", "/what-if")
_ITEMS = ("/apis/api-1999", "/gateways/gateway-99")
_TABS = ("requests", "failures", "performance", "consumers", "policies", "resources", "compare", "alerts")


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatelensProcess]:
    data = tmp_path_factory.mktemp("large") / "data"
    sizes = map(str, (REQUESTS, APIS, ROUTES, CONSUMERS, INSTANCES))
    subprocess.run([sys.executable, "-c", _FILL, str(data), *sizes], check=True, cwd=_ROOT, timeout=PATIENCE)
    with GatelensProcess(data) as process:
        yield process


@pytest.mark.parametrize("address", [*_PAGES, *_ITEMS, *(f"/apis/api-1999?tab={name}" for name in _TABS)])
def test_every_page_answers_with_what_can_be_shown(large: GatelensProcess, address: str) -> None:
    path, _, search = address.partition("?")
    answer = _asked(large, path, f"?{search}")
    assert len(answer.content) < MOST_BYTES
    regions = answer.json()["regions"]
    assert {name: region["children"] for name, region in regions.items() if name.endswith("-fault")} == {
        name: None for name in regions if name.endswith("-fault")
    }
    assert max(map(len, _rows(regions)), default=0) <= MOST_ROWS


def test_what_is_not_listed_is_found(large: GatelensProcess) -> None:
    web = large.addresses.web
    for text, href in (("api-1999", "/apis/api-1999"), ("consumer-9999", "consumer"), ("gateway-99", "/gateways/")):
        found = httpx.get(f"{web}/page/search", params={"text": text}, trust_env=False, timeout=PATIENCE)
        assert found.status_code == 200
        assert href in found.text, text
    offered = _posted(
        large, "forms/filter-values", path="/", search="", values=[["dimension", "route"]]
    ).json()["offered"]  # fmt: skip
    assert 0 < len(offered) <= MOST_ROWS


def _asked(process: GatelensProcess, path: str, search: str) -> httpx.Response:
    return _posted(process, "data", path=path, search=search, known={})


def _posted(process: GatelensProcess, part: str, **body: Any) -> httpx.Response:
    answer = httpx.post(
        f"{process.addresses.web}/page/{part}", json={"zone": "UTC", **body}, trust_env=False, timeout=PATIENCE
    )  # fmt: skip
    assert answer.status_code == 200, answer.text
    return answer


def _rows(drawn: object) -> Iterator[list[Any]]:
    """The rows of every table of an answer."""
    if isinstance(drawn, dict):
        if drawn.get("type") == "Table":
            yield drawn["props"]["rows"]
        for part in drawn.values():
            yield from _rows(part)
    elif isinstance(drawn, list):
        for part in drawn:
            yield from _rows(part)
