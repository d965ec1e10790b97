"""CPU and memory of the demo's Envoys, as measured on this machine: nothing here is made up."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from prometheus_client import CollectorRegistry, ProcessCollector, start_http_server
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from gatelens.demo.model import NAMESPACE, Node

# What the pods of the mesh are allowed, as Kubernetes would have it.
_POD_CPU_CORES = 0.5
_POD_MEMORY_BYTES = 256 << 20
_PERIOD_US = 100_000


@dataclass(frozen=True)
class Used:
    """User and system time since the start of a process, and its memory."""

    cpu_seconds: float
    memory_bytes: int


def used(pid: int) -> Used | None:
    """What a process has used; None if the machine does not say, as without /proc."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except OSError:
        return None
    ticks, pages = int(stat[11]) + int(stat[12]), int(stat[21])
    return Used(ticks / os.sysconf("SC_CLK_TCK"), pages * os.sysconf("SC_PAGE_SIZE"))


def expose_process(pid: int) -> tuple[str, Callable[[], None]]:
    """An address of `process_*`, as a process exporter has it, and what closes it."""
    registry = CollectorRegistry()
    ProcessCollector(pid=lambda: pid, registry=registry)
    return _expose(registry)


def expose_container(pid: int, node: Node) -> tuple[str, Callable[[], None]]:
    """An address of `container_*`, as the kubelet's cAdvisor has it for a sidecar, and what closes it."""
    registry = CollectorRegistry()
    registry.register(_Container(pid, node))
    return _expose(registry)


class _Container(Collector):
    def __init__(self, pid: int, node: Node) -> None:
        self._pid = pid
        self._labels = {"container": "istio-proxy", "pod": node.pod, "namespace": NAMESPACE}

    def collect(self) -> Iterator[Metric]:
        found = used(self._pid)
        if found is None:
            return
        names, values = list(self._labels), list(self._labels.values())
        cpu = CounterMetricFamily("container_cpu_usage_seconds", "CPU time.", labels=names)
        cpu.add_metric(values, found.cpu_seconds)
        yield cpu
        for name, value in (
            ("container_memory_working_set_bytes", found.memory_bytes),
            ("container_spec_memory_limit_bytes", _POD_MEMORY_BYTES),
            ("container_spec_cpu_quota", _POD_CPU_CORES * _PERIOD_US),
            ("container_spec_cpu_period", _PERIOD_US),
        ):
            gauge = GaugeMetricFamily(name, "As cAdvisor has it.", labels=names)
            gauge.add_metric(values, value)
            yield gauge


def _expose(registry: CollectorRegistry) -> tuple[str, Callable[[], None]]:
    server, thread = start_http_server(0, "127.0.0.1", registry)

    def close() -> None:
        server.shutdown()
        server.server_close()
        thread.join()

    return f"http://127.0.0.1:{server.server_port}/metrics", close
