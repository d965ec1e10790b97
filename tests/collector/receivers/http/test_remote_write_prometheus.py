"""Debian's Prometheus writes to us: what it has stored, we have stored, sample by sample."""

import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import httpx

from storage.store import Store
from tests.collector.rigs.prometheus_process import node_exporter, prometheus
from tests.collector.rigs.prometheus_rig import dead_letters
from tests.collector.rigs.receiver_rig import receivers
from tests.collector.rigs.storing import store_all_balanced
from tests.collector.rigs.waiting import wait_until
from tests.patience import PATIENCE

_CONFIG = """
global:
  scrape_interval: 1s
  scrape_timeout: 1s
  external_labels: {{environment: {environment}}}
scrape_configs:
  - job_name: edge-node
    static_configs: [{{targets: ["{target}"], labels: {{zone: "a"}}}}]
  - job_name: nobody
    static_configs: [{{targets: ["127.0.0.1:1"]}}]
remote_write:
  - url: {url}/api/v1/write
    metadata_config: {{send_interval: 1s}}
    queue_config: {{batch_send_deadline: 500ms}}
"""
_ENOUGH = 700
_GAUGE = "node_memory_MemAvailable_bytes"


def test_what_prometheus_has_we_have(store: Store, tmp_path: Path) -> None:
    environment = "remote-write-1"
    with receivers(tmp_path / "spool", limit=32 << 20) as rig:
        with node_exporter(tmp_path) as metrics:
            target = metrics.removeprefix("http://").removesuffix("/metrics")
            config = _CONFIG.format(environment=environment, target=target, url=rig.http)
            with prometheus(tmp_path, config) as url:
                # It begins to scrape five seconds after its start.
                wait_until(lambda: sum(_samples(url, environment, time.time()).values()) > _ENOUGH)
                wait_until(lambda: _GAUGE in rig.families.fragments().get("known_kind", ""))
                until = time.time() - 0.5
                expected = _samples(url, environment, until)
        assert rig.spooled()
        store_all_balanced(store, rig.spool, rig.families)

    rows = store.rows(
        """SELECT name, CAST(labels, 'Map(String, String)'), toString(toUnixTimestamp64Milli(time)), toString(value)
        FROM metrics WHERE environment = {e:String} AND time <= {until:DateTime64(3)}""",
        {"e": environment, "until": datetime.fromtimestamp(until, UTC).replace(tzinfo=None)},
    )
    found = Counter(
        (name, tuple(sorted(labels.items())), int(time_ms), float(value)) for name, labels, time_ms, value in rows
    )
    assert sum(expected.values()) > _ENOUGH / 2
    assert found == expected
    assert dead_letters(store, environment) == []

    told = store.rows(
        """SELECT name, any(gateway), any(instance), any(kind), any(unit), max(value) > 0 FROM metrics
        WHERE environment = {e:String} AND name IN ('node_cpu_seconds_total', 'node_memory_MemAvailable_bytes', 'up')
            AND labels['job'] = 'edge-node'
        GROUP BY name ORDER BY name""",
        {"e": environment},
    )
    # Kinds come in requests of their own; `up` is Prometheus' own, of which it tells none.
    host = target.partition(":")[0]
    assert told == [
        ("node_cpu_seconds_total", "edge-node", host, "sum", "s", True),
        ("node_memory_MemAvailable_bytes", "edge-node", host, "gauge", "By", True),
        ("up", "edge-node", host, "unknown", "", True),
    ]
    assert store.rows(
        "SELECT DISTINCT value FROM metrics WHERE environment = {e:String} AND name = 'up' AND gateway = 'nobody'",
        {"e": environment},
    ) == [(0.0,)]


def _samples(url: str, environment: str, until: float) -> Counter[tuple[str, tuple[tuple[str, str], ...], int, float]]:
    """Everything that Prometheus itself stored up to a moment; stale markers are not told."""
    answer = httpx.get(
        f"{url}/api/v1/query",
        params={"query": '{__name__!=""}[1h]', "time": f"{until:.3f}"},
        trust_env=False,
        timeout=PATIENCE,
    )
    found: Counter[tuple[str, tuple[tuple[str, str], ...], int, float]] = Counter()
    for series in answer.raise_for_status().json()["data"]["result"]:
        labels = {**series["metric"], "environment": environment}
        name = labels.pop("__name__")
        for seconds, value in series["values"]:
            found[name, tuple(sorted(labels.items())), round(seconds * 1000), float(value)] += 1
    return found
