"""CPU and memory of gateways, sidecars and their nodes, by each way that metrics take: whose it is, is told.

The records of Fluent Bit's `cpu` and `mem` are of another format; their way is Forward's.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter
from opentelemetry.metrics import CallbackOptions, Observation
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource

from gatelens.demo.gateways.binary import envoy_binary
from gatelens.demo.gateways.envoy import Envoy
from storage.errors import GatelensError
from storage.store import Store
from tests.collector.rigs.prometheus_process import node_exporter, prometheus
from tests.collector.rigs.prometheus_rig import dead_letters, scraper
from tests.collector.rigs.receiver_rig import receivers
from tests.collector.rigs.scrape_target import Answering, target
from tests.collector.rigs.storing import store_all_balanced
from tests.collector.rigs.waiting import wait_until

# As the kubelet shows them at /metrics/cadvisor; the labels are cAdvisor's own.
_PODS = {
    "checkout-7d9f8b6c5-x2k9z": "shop",
    "checkout-7d9f8b6c5-b4d2c": "shop",
    "reviews-v1-545db77b95-9xk2p": "default",
}
_CONTAINERS = ("istio-proxy", "app")
_CPU, _MEMORY = "container_cpu_usage_seconds_total", "container_memory_working_set_bytes"

# The job of the kubelet asks a node, whose name it adds as service discovery would.
_CONFIG = """
global:
  scrape_interval: 1s
  scrape_timeout: 1s
  external_labels: {{environment: {environment}}}
scrape_configs:
  - job_name: kubernetes-cadvisor
    metrics_path: /metrics
    static_configs: [{{targets: ["{kubelet}"], labels: {{node: node-1}}}}]
  - job_name: edge-node
    static_configs: [{{targets: ["{node}"]}}]
remote_write:
  - url: {url}/api/v1/write
    queue_config: {{batch_send_deadline: 500ms}}
    write_relabel_configs:
      - source_labels: [__name__]
        regex: up|node_(cpu|memory).*|container_(cpu|memory)_.*
        action: keep
"""


def _cadvisor() -> bytes:
    """CPU and memory of each container, a number of its own for each."""
    cpu, memory = [f"# TYPE {_CPU} counter"], [f"# TYPE {_MEMORY} gauge"]
    for pod, container in _each():
        labels, number = _labels(pod, container), _number(pod, container)
        cpu.append(f'{_CPU}{{{labels},cpu="total"}} {number}')
        memory.append(f"{_MEMORY}{{{labels}}} {number * 1e6}")
    return "\n".join([*cpu, *memory, ""]).encode()


def _each() -> Iterator[tuple[str, str]]:
    return ((pod, container) for pod in _PODS for container in _CONTAINERS)


def _number(pod: str, container: str) -> float:
    return list(_each()).index((pod, container)) + 1.5


def _labels(pod: str, container: str) -> str:
    slice_of_pod = f"/kubepods.slice/{pod}/{container}"
    return f'container="{container}",id="{slice_of_pod}",image="i",name="n",namespace="{_PODS[pod]}",pod="{pod}"'


def test_sidecars_and_nodes_by_remote_write(store: Store, tmp_path: Path) -> None:
    environment = "cpu-remote-write"
    with (
        receivers(tmp_path / "spool", limit=32 << 20) as rig,
        target(Answering(_cadvisor())) as kubelet,
        node_exporter(tmp_path) as node,
    ):
        addresses = {"kubelet": kubelet.url.split("/")[2], "node": node.split("/")[2]}
        config = _CONFIG.format(environment=environment, url=rig.http, **addresses)
        with prometheus(tmp_path, config):
            wait_until(lambda: _has(rig.spooled(), b"container_memory", b"node_memory"))
        store_all_balanced(store, rig.spool)
    assert dead_letters(store, environment) == []
    told = _rows(
        store,
        environment,
        "name, gateway_kind, gateway, instance, labels['container'], labels['node'], kind, unit, value",
        f"name IN ('{_CPU}', '{_MEMORY}')",
    )
    assert told == sorted(
        (name, "mesh" if container == "istio-proxy" else "", _workload(pod), pod, container, "node-1",
         kind, unit, _number(pod, container) * factor)
        for pod, container in _each()
        for name, kind, unit, factor in ((_CPU, "sum", "s", 1), (_MEMORY, "unknown", "By", 1e6))
    )  # fmt: skip
    nodes = _rows(
        store,
        environment,
        "name, gateway, instance, host",
        "name IN ('node_cpu_seconds_total', 'node_memory_MemFree_bytes')",
    )
    assert nodes == [
        (name, "edge-node", "127.0.0.1", "127.0.0.1")
        for name in ("node_cpu_seconds_total", "node_memory_MemFree_bytes")
    ]


def _has(spooled: list[tuple[str, bytes]], *names: bytes) -> bool:
    return all(any(name in body for _, body in spooled) for name in names)


def _workload(pod: str) -> str:
    return f"{pod.rsplit('-', 2)[0]}.{_PODS[pod]}"


def test_an_envoy_by_its_stats(store: Store, tmp_path: Path) -> None:
    """Of a sidecar, whose target says which pod it is."""
    try:
        envoy_binary()
    except GatelensError as error:
        pytest.skip(str(error))
    environment = "cpu-scraped"
    address = {"socket_address": {"address": "127.0.0.1", "port_value": 0}}
    envoy = Envoy("sidecar", {"admin": {"address": address}}, tmp_path)
    envoy.start()
    try:
        labels = {"namespace": "shop", "pod": "checkout-7d9f8b6c5-x2k9z", "container": "istio-proxy"}
        access = {"url": f"{envoy.admin_url}/stats/prometheus", "labels": labels, "environment": environment}
        with scraper(tmp_path / "spool", targets=[access]) as rig:
            wait_until(lambda: bool(rig.spooled()))
            store_all_balanced(store, rig.spool)
    finally:
        envoy.stop()
    told = "name, gateway_kind, gateway, instance, min(value) > 1e6"
    assert _rows(store, environment, told, "name = 'envoy_server_memory_allocated' GROUP BY ALL") == [
        ("envoy_server_memory_allocated", "mesh", "checkout.shop", "checkout-7d9f8b6c5-x2k9z", 1)
    ]


def test_a_mule_by_opentelemetry(store: Store, tmp_path: Path) -> None:
    environment = "cpu-otlp"
    attributes = {
        "service.name": "orders-api",
        "service.namespace": "mule",
        "host.name": "mule-01",
        "deployment.environment.name": environment,
    }
    with receivers(tmp_path) as rig:
        exporter = OTLPMetricExporter(endpoint=rig.grpc, insecure=True)
        reader = PeriodicExportingMetricReader(exporter, export_interval_millis=60_000)
        provider = MeterProvider([reader], Resource(attributes), shutdown_on_exit=False)
        meter = provider.get_meter("jvm")
        meter.create_observable_counter("jvm.cpu.time", [_observed(12.5)], unit="s")
        meter.create_observable_gauge("jvm.cpu.recent_utilization", [_observed(0.25)], unit="1")
        meter.create_observable_up_down_counter(
            "jvm.memory.used", [_observed(5e8, {"jvm.memory.type": "heap"})], unit="By"
        )
        provider.shutdown()
        store_all_balanced(store, rig.spool)
    told = "name, gateway_kind, gateway, instance, kind, unit, labels['jvm.memory.type'], value"
    same = ("mule", "orders-api", "mule-01")
    assert _rows(store, environment, told, "name LIKE 'jvm.%'") == [
        ("jvm.cpu.recent_utilization", *same, "gauge", "1", "", 0.25),
        ("jvm.cpu.time", *same, "sum", "s", "", 12.5),
        ("jvm.memory.used", *same, "gauge", "By", "heap", 5e8),
    ]


def _observed(value: float, labels: dict[str, str] | None = None) -> Any:
    def observe(_: CallbackOptions) -> Iterator[Observation]:
        yield Observation(value, labels)

    return observe


def _rows(store: Store, environment: str, columns: str, condition: str) -> list[tuple[Any, ...]]:
    return store.rows(
        f"SELECT DISTINCT {columns} FROM metrics WHERE environment = {{e:String}} AND {condition} ORDER BY ALL",
        {"e": environment},
    )
