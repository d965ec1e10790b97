"""What real programs show: each sample that another parser reads in it is a row, with the same labels and value."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import prometheus_client as client
import pytest
from prometheus_client.core import StateSetMetricFamily
from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_openmetrics
from prometheus_client.parser import text_string_to_metric_families as read_text
from prometheus_client.registry import Collector

from gatelens.demo.gateways.binary import envoy_binary
from gatelens.demo.gateways.envoy import Envoy
from storage.errors import GatelensError
from storage.store import Store
from tests.collector.rigs.prometheus_process import node_exporter
from tests.collector.rigs.prometheus_rig import Point, dead_letters, scraper, stored, told
from tests.collector.rigs.scrape_target import Answering, target
from tests.collector.rigs.storing import store_all_balanced
from tests.collector.rigs.waiting import wait_until

# More than one, so that values have changed in between.
_SCRAPES = 2


def _scrape(store: Store, directory: Path, url: str, environment: str) -> tuple[set[str], Counter[Point]]:
    """Scrape and store; returns the formats and what another parser reads in the answers."""
    access = {"url": url, "gateway": "edge", "environment": environment}
    with scraper(directory, targets=[access]) as rig:
        wait_until(lambda: len(rig.spooled()) >= _SCRAPES)
        answers = rig.spooled()
        store_all_balanced(store, rig.spool)
    expected: Counter[Point] = Counter()
    for format_name, body in answers:
        expected += _read(format_name, body.decode())
    assert dead_letters(store, environment) == []
    return {format_name for format_name, _ in answers}, expected


def _read(format_name: str, body: str) -> Counter[Point]:
    if format_name == "prometheus_text":
        return told(read_text(body))
    answer, _, up = body.rpartition("# EOF\n")
    families = read_openmetrics(answer + "# EOF\n")  # type: ignore[no-untyped-call]
    samples = told(families) + told(read_text(up))
    # When a counter began is not kept.
    return Counter({point: times for point, times in samples.items() if not point[0].endswith("_created")})


def test_node_exporter(store: Store, tmp_path: Path) -> None:
    environment = "scraped-node"
    with node_exporter(tmp_path) as url:
        _, expected = _scrape(store, tmp_path / "spool", url, environment)
    assert sum(expected.values()) > 100
    assert stored(store, environment) == expected
    # Its host.
    instance = url.split("/")[2].partition(":")[0]
    assert store.rows(
        """SELECT name, any(gateway), any(instance), any(kind), any(unit) FROM metrics
        WHERE environment = {e:String} AND name IN ('node_cpu_seconds_total', 'node_memory_MemFree_bytes', 'up')
        GROUP BY name ORDER BY name""",
        {"e": environment},
    ) == [
        ("node_cpu_seconds_total", "edge", instance, "sum", "s"),
        ("node_memory_MemFree_bytes", "edge", instance, "gauge", "By"),
        ("up", "edge", instance, "gauge", ""),
    ]


@pytest.fixture(scope="module")
def envoy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Envoy]:
    try:
        envoy_binary()
    except GatelensError as error:
        pytest.skip(str(error))
    cluster = {"name": "orders_v1", "type": "STATIC", "connect_timeout": "1s"}
    address = {"socket_address": {"address": "127.0.0.1", "port_value": 0}}
    bootstrap = {"admin": {"address": address}, "static_resources": {"clusters": [cluster]}}
    started = Envoy("scraped", bootstrap, tmp_path_factory.mktemp("envoy"))
    started.start()
    try:
        yield started
    finally:
        started.stop()


def test_envoy(store: Store, tmp_path: Path, envoy: Envoy) -> None:
    environment = "scraped-envoy"
    formats, expected = _scrape(store, tmp_path, f"{envoy.admin_url}/stats/prometheus", environment)
    assert formats == {"prometheus_text"}
    assert sum(expected.values()) > 200
    assert _without_total(stored(store, environment)) == _without_total(expected)
    rows = store.rows(
        """SELECT any(gateway_kind), any(kind), any(labels['envoy_cluster_name']), max(value) FROM metrics
        WHERE environment = {e:String} AND name IN ('envoy_server_memory_allocated', 'envoy_cluster_membership_total')
        GROUP BY name ORDER BY name""",
        {"e": environment},
    )
    assert [row[:3] for row in rows] == [("envoy", "gauge", "orders_v1"), ("envoy", "gauge", "")]
    assert rows[1][3] > 1_000_000


def _without_total(points: Counter[Point]) -> Counter[Point]:
    """The other parser adds it to names of counters that lack it, as Envoy's do."""
    return Counter({(name.removesuffix("_total"), labels, value): n for (name, labels, value), n in points.items()})


class _States(Collector):
    def collect(self) -> Iterator[StateSetMetricFamily]:
        yield StateSetMetricFamily("circuit", "State.", {"open": True, "closed": False})


@pytest.fixture
def registry() -> client.CollectorRegistry:
    made = client.CollectorRegistry()
    made.register(_States())
    requests = client.Counter("requests", "Requests.", ["path", "note"], registry=made)
    requests.labels("/a", 'a "quote", a \\ and\na line # {x="1"} 5').inc(3, {"trace_id": "abc"})
    requests.labels("/b", "☃ }").inc(0.1)
    client.Gauge("memory", "Bytes.", unit="bytes", registry=made).set(7.25e12)
    odd = client.Gauge("odd", "Values.", ["is"], registry=made)
    for name, value in (("nan", float("nan")), ("inf", float("inf")), ("-inf", float("-inf")), ("small", 5e-324)):
        odd.labels(name).set(value)
    latency = client.Histogram("latency", "Seconds.", unit="seconds", registry=made)
    for value in (0.001, 0.2, 30):
        latency.observe(value, {"trace_id": "def"})
    client.Summary("sizes", "Sizes.", registry=made).observe(12)
    client.Info("build", "Build.", registry=made).info({"version": "1.2"})
    return made


def test_prometheus_client_in_openmetrics(store: Store, tmp_path: Path, registry: client.CollectorRegistry) -> None:
    environment = "scraped-openmetrics"
    server, thread = client.start_http_server(0, "127.0.0.1", registry)
    try:
        url = f"http://127.0.0.1:{server.server_port}/metrics"
        formats, expected = _scrape(store, tmp_path, url, environment)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
    assert formats == {"openmetrics_text"}
    assert stored(store, environment) == expected
    assert _kinds(store, environment) == {
        "build_info": ("gauge", ""),
        "circuit": ("gauge", ""),
        "latency_seconds_bucket": ("histogram", ""),
        "latency_seconds_count": ("histogram", ""),
        "latency_seconds_sum": ("histogram", "s"),
        "memory_bytes": ("gauge", "By"),
        "odd": ("gauge", ""),
        "requests_total": ("sum", ""),
        "sizes_count": ("summary", ""),
        "sizes_sum": ("summary", ""),
        "up": ("gauge", ""),
    }


def test_prometheus_client_in_text(store: Store, tmp_path: Path, registry: client.CollectorRegistry) -> None:
    environment = "scraped-text"
    with target(Answering(client.generate_latest(registry), client.CONTENT_TYPE_LATEST)) as answering:
        formats, expected = _scrape(store, tmp_path, answering.url, environment)
    assert formats == {"prometheus_text"}
    assert stored(store, environment) == expected
    kinds = _kinds(store, environment)
    assert kinds["requests_total"] == ("sum", "")
    assert kinds["latency_seconds_sum"] == ("histogram", "s")


def _kinds(store: Store, environment: str) -> dict[str, tuple[str, str]]:
    rows = store.rows(
        "SELECT DISTINCT name, kind, unit FROM metrics WHERE environment = {e:String}", {"e": environment}
    )
    return {name: (kind, unit) for name, kind, unit in rows}
