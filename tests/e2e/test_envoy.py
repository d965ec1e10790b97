"""A real Envoy gateway is sent known requests; store, roll-ups, ledger and pages count exactly those."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

import pytest

from dashboards.absent import NO_API
from gatelens.demo.demo import Demo
from gatelens.demo.gateways.binary import envoy_binary
from gatelens.demo.model import ENVIRONMENT, KINDS, Kind
from gatelens.demo.traffic import Traffic
from gatelens.machine.event_loop import EventLoopThread
from storage.errors import GatelensError
from tests.e2e.gatelens_process import GatelensProcess, until
from tests.e2e.tab import Tab

Group = TypeVar("Group")

SENT = 1_340
FORMATS = ("envoy_als", "otlp_logs")

# So many of each kind, no two alike, so that one counted for another shows up.
COUNTS = {kind.name: 40 + 7 * number + (5 if number == 0 else 0) for number, kind in enumerate(KINDS)}

FAULTS = {
    "catalog missing": ("client", ""),
    "rate limited": ("policy", "rate-limit"),
    "no api key": ("policy", "api-key"),
    "unknown path": ("config", ""),
    "dead upstream": ("backend", ""),
}
QUERY = "?environment=demo&refresh=off"


@pytest.fixture(scope="module")
def gatelens(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatelensProcess]:
    """Gatelens after 1,340 requests through the gateway's ALS listener and as many through its OTLP listener."""
    try:
        envoy_binary()
    except GatelensError as error:
        pytest.skip(str(error))
    directory = tmp_path_factory.mktemp("envoy")
    with GatelensProcess(directory / "data") as process:
        _send(directory / "gateways", process)
        yield process


def _send(directory: Path, process: GatelensProcess) -> None:
    loop = EventLoopThread("e2e-traffic")
    demo = Demo(directory, process.addresses)
    demo.start()
    try:
        for gateway in (demo.als_gateway, demo.otlp_gateway):
            loop.run(Traffic([]).send_exactly(COUNTS, gateway))
        until(process.count, lambda stored: stored >= 2 * SENT)
    finally:
        demo.stop()
        loop.close()


def test_the_store_holds_exactly_what_was_sent(gatelens: GatelensProcess) -> None:
    stored = gatelens.rows(
        """
        SELECT format, environment, gateway, reporter, api, api_version, method, route, status, response_flags, fault,
            policy, consumer, toUInt32(count()) AS n
        FROM requests
        GROUP BY ALL
        """
    )
    expected: Counter[tuple[object, ...]] = Counter()
    for log_format in FORMATS:
        for kind in KINDS:
            expected[log_format, ENVIRONMENT, "demo-gateway", "gateway", *_told(kind)] += COUNTS[kind.name]
    assert sum(COUNTS.values()) == SENT
    assert {tuple(value for name, value in row.items() if name != "n"): row["n"] for row in stored} == expected


@pytest.mark.parametrize("log_format", FORMATS)
def test_durations_are_those_of_fast_local_requests(gatelens: GatelensProcess, log_format: str) -> None:
    [found] = gatelens.rows(
        f"""
        SELECT
            toUInt32(countIf(ifNull(duration_us, 0) = 0 OR duration_us >= 3600000000)) AS impossible,
            toUInt32(countIf(upstream_us > duration_us)) AS upstream_too_long,
            -- Some requests are fast even where the machine is slow: in another unit none would be.
            min(duration_us) < 1000000 AS some_are_fast,
            -- Behind its cache, Envoy tells no upstream time.
            toUInt32(countIf(details = '' AND NOT is_cached AND upstream_us IS NULL)) AS upstream_unknown,
            toUInt32(countIf(abs(dateDiff('second', time, ingested_at)) > 3600)) AS far_off
        FROM (
            SELECT *, attributes['envoy.response_code_details'] AS details, route LIKE '/catalog/products%' AS is_cached
            FROM requests
        )
        WHERE format = '{log_format}'
        """
    )
    assert found.pop("some_are_fast") in (True, 1)
    assert set(found.values()) == {0}, found


def test_the_roll_ups_say_the_same(gatelens: GatelensProcess) -> None:
    classes, faults = _shares(lambda kind: str(kind.status // 100)), _shares(lambda kind: _fault(kind)[0])
    expected = {
        "requests": 2 * SENT,
        **{f"status_{digit}xx": classes[digit] for digit in "2345"},
        "status_other": 0,
        **{f"fault_{whose}": faults[whose] for whose in ("backend", "policy", "client", "config")},
    }
    sums = ", ".join(f"toUInt32(sum({name})) AS {name}" for name in expected)
    for table in ("api_1m", "api_1h", "usage_1m", "usage_1h"):
        assert gatelens.rows(f"SELECT {sums} FROM (SELECT * FROM {table})") == [expected], table
        [latency] = gatelens.rows(f"SELECT toUInt32(arraySum(mapValues(sumMap(latency)))) AS n FROM {table}")
        assert latency == {"n": 2 * SENT}


def test_the_ledger_balances(gatelens: GatelensProcess) -> None:
    kept = ("requests", "metrics", "spans", "logs", "dead_letters")
    sums = ", ".join(f"toUInt32(sum({name})) AS {name}" for name in ("records", *kept))
    [ledger] = gatelens.rows(f"SELECT {sums} FROM (SELECT * FROM books)")
    tables = {name: gatelens.rows(f"SELECT toUInt32(count()) AS n FROM {name}")[0]["n"] for name in kept}
    assert ledger == {"records": sum(tables.values()), **tables}
    # Once a minute the demo's stand-in for Mule breaks a line.
    [unparsed] = gatelens.rows("SELECT toUInt32(count()) AS n FROM dead_letters WHERE format != 'mule_log'")
    assert unparsed["n"] == 0
    assert tables["requests"] == 2 * SENT


@pytest.mark.parametrize("colours", ["light", "dark"])
def test_the_overview_shows_the_exact_counts(
    gatelens: GatelensProcess, open_tab: Callable[..., Tab], colours: str
) -> None:
    tab = open_tab(gatelens.addresses.web, colours)
    tab.visit(f"/{QUERY}")
    assert tab.figure("requests") == 2 * SENT
    assert tab.figure("error_rate") == _shares(lambda kind: kind.status >= 500)[True] / (2 * SENT)
    apis = _shares(lambda kind: kind.api or NO_API)
    assert {row["api"]: row["requests"] for row in tab.table("apis")} == {
        api: f"{requests:,}" for api, requests in apis.items()
    }
    tab.screenshot(f"overview-{colours}")


@pytest.mark.parametrize("colours", ["light", "dark"])
def test_the_page_of_an_api_shows_the_same(
    gatelens: GatelensProcess, open_tab: Callable[..., Tab], colours: str
) -> None:
    tab = open_tab(gatelens.addresses.web, colours)
    tab.visit(f"/{QUERY}")
    tab.page.locator("#apis-table").get_by_role("link", name="orders", exact=True).click()
    tab.page.wait_for_url("**/apis/orders?*")
    tab.settle()
    orders = [kind for kind in KINDS if kind.api == "orders"]
    assert tab.figure("requests") == _shares(lambda kind: kind.api)["orders"]
    assert tab.figure("error_rate") == 0
    assert _sums(tab, "routes", "route", "method") == _shares(lambda kind: (kind.route, kind.method), orders)
    assert _sums(tab, "causes", "fault", "status", "policy") == {("Policy", "401", "api-key"): 2 * COUNTS["no api key"]}
    assert {row["version"] for row in tab.table("versions")} == {"v1", "v2"}
    tab.screenshot(f"api-{colours}")
    tab.page.locator(".tabs").get_by_role("link", name="Consumers").click()
    tab.settle()
    assert _sums(tab, "consumers", "consumer") == _shares(lambda kind: (kind.consumer or "(unknown)",), orders)


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_versions_are_told_apart(gatelens: GatelensProcess, open_tab: Callable[..., Tab], version: str) -> None:
    tab = open_tab(gatelens.addresses.web)
    tab.visit(f"/apis/orders{QUERY}")
    tab.page.locator("#versions-table").get_by_role("link", name=version).click()
    tab.page.wait_for_url(f"**filter=version*{version}*")
    tab.settle()
    assert tab.figure("requests") == _shares(lambda kind: (kind.api, kind.version))["orders", version]


def test_failures_of_an_api_whose_upstream_is_dead(gatelens: GatelensProcess, open_tab: Callable[..., Tab]) -> None:
    tab = open_tab(gatelens.addresses.web)
    tab.visit(f"/apis/recommendations{QUERY}")
    assert tab.figure("error_rate") == 1
    [fault] = tab.table("causes")
    assert (fault["fault"], fault["status"], fault["response_flags"], fault["upstream"], fault["requests"]) == (
        "Backend", "503", "UF", "recommendations", f"{2 * COUNTS['dead upstream']:,}",
    )  # fmt: skip


def _told(kind: Kind) -> tuple[object, ...]:
    return (
        kind.api, kind.version, kind.method, kind.route, kind.status, kind.flags, *_fault(kind), kind.consumer,
    )  # fmt: skip


def _fault(kind: Kind) -> tuple[str, str]:
    """Whose fault a kind of request ends by, and by which policy."""
    return FAULTS.get(kind.name, ("", ""))


def _shares(key: Callable[[Kind], Group], kinds: Sequence[Kind] = KINDS) -> Counter[Group]:
    """How many requests both listeners were sent, by what they have in common."""
    counted: Counter[Group] = Counter()
    for kind in kinds:
        counted[key(kind)] += len(FORMATS) * COUNTS[kind.name]
    return counted


def _sums(tab: Tab, table: str, *columns: str) -> Counter[tuple[str, ...]]:
    counted: Counter[tuple[str, ...]] = Counter()
    for row in tab.table(table):
        counted[tuple(row[column] for column in columns)] += int(row["requests"].replace(",", ""))
    return counted
