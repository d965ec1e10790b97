"""CPU and memory by whatever tells them, through the receivers: the same figures."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

import httpx
import pandas as pd
import pytest

from processors.query.questions import Questions
from processors.query.tables import HANDLED
from processors.resources.instance_filter import InstanceFilter
from processors.resources.instances import instances
from processors.resources.resources import resources
from processors.time.window import HOUR, MINUTE, Window, floor
from storage.store import Store
from tests.collector.rigs.ingest_rig import http_port
from tests.collector.rigs.storing import store_all_balanced
from tests.patience import PATIENCE
from tests.processors.resources.metric_payloads import (
    CORES,
    CPU_LIMIT,
    MEMORY,
    MEMORY_LIMIT,
    MINUTES,
    START,
    Told,
    counter,
    fluent_records,
    otlp_json,
    prometheus_text,
)

_ENVIRONMENT = "resources"
_WINDOW = Window(START, START + timedelta(minutes=MINUTES))
_SHARE, _MEMORY_SHARE = CORES / CPU_LIMIT, MEMORY / MEMORY_LIMIT


def _pod(pod: str, *told: Told, container: str = "istio-proxy") -> list[Told]:
    labels = {"namespace": "shop", "pod": pod, "container": container}
    return [replace(series, labels={**labels, **series.labels}) for series in told]


def _of(instance: str, *told: Told) -> list[Told]:
    labels = {"job": "edge", "instance": f"{instance}:9100"}
    return [replace(series, labels={**labels, **series.labels}) for series in told]


def _cadvisor(pod: str, container: str, times: float = 1) -> list[Told]:
    return _pod(
        pod,
        counter("container_cpu_usage_seconds_total", CORES * times, labels={"cpu": "total"}),
        Told("container_spec_cpu_quota", CPU_LIMIT * 1e5),
        Told("container_spec_cpu_period", 1e5),
        Told("container_memory_working_set_bytes", MEMORY * times),
        Told("container_memory_usage_bytes", MEMORY * 3),
        Told("container_spec_memory_limit_bytes", MEMORY_LIMIT),
        container=container,
    )


# Pods and hosts by what tells of them.
_TEXT: Mapping[str, list[Told]] = {
    "checkout-7d9f8b6c5-x2k9z": [
        *_cadvisor("checkout-7d9f8b6c5-x2k9z", "istio-proxy"),
        # Neither the application's container, nor the sum of the pod, is the sidecar's.
        *_cadvisor("checkout-7d9f8b6c5-x2k9z", "app", 5),
        *_cadvisor("checkout-7d9f8b6c5-x2k9z", "", 6),
        # What Envoy says of itself is less than what its container takes.
        *_pod("checkout-7d9f8b6c5-x2k9z", Told("envoy_server_memory_physical_size", 1e7)),
    ],
    # No sidecar: all containers are the gateway's.
    "flex-6d8f9b7c5d-h2j4k": [
        *_pod("flex-6d8f9b7c5d-h2j4k", counter("container_cpu_usage_seconds_total", CORES / 2), container="app"),
        *_pod("flex-6d8f9b7c5d-h2j4k", counter("container_cpu_usage_seconds_total", CORES / 2), container="agent"),
        *_pod("flex-6d8f9b7c5d-h2j4k", Told("container_memory_working_set_bytes", MEMORY), container="app"),
        *_pod(
            "flex-6d8f9b7c5d-h2j4k",
            Told("kube_pod_container_resource_limits", CPU_LIMIT, {"resource": "cpu", "unit": "core"}),
            Told("kube_pod_container_resource_limits", MEMORY_LIMIT, {"resource": "memory", "unit": "byte"}),
            Told("kube_pod_container_status_restarts_total", 3),
            container="app",
        ),
    ],
    "node-1": _of(
        "node-1",
        *(
            counter("node_cpu_seconds_total", by_second, labels={"cpu": cpu, "mode": mode})
            for cpu in ("0", "1")
            for mode, by_second in (("user", CORES / 2), ("idle", 0.8), ("iowait", 0.05))
        ),
        Told("node_memory_MemTotal_bytes", MEMORY_LIMIT),
        Told("node_memory_MemAvailable_bytes", MEMORY_LIMIT - MEMORY),
    ),
    "micrometer-1": _of(
        "micrometer-1",
        Told("process_cpu_usage", _SHARE),
        Told("system_cpu_count", CPU_LIMIT),
        Told("system_cpu_usage", 0.9),
        Told("jvm_memory_used_bytes", MEMORY * 0.75, {"area": "heap", "id": "G1 Old Gen"}),
        Told("jvm_memory_used_bytes", MEMORY * 0.25, {"area": "nonheap", "id": "Metaspace"}),
        Told("jvm_memory_max_bytes", MEMORY_LIMIT, {"area": "heap", "id": "G1 Old Gen"}),
        Told("jvm_memory_max_bytes", -1, {"area": "heap", "id": "G1 Eden Space"}),
    ),
    "jmx-1": _of(
        "jmx-1",
        counter("java_lang_OperatingSystem_ProcessCpuTime", CORES * 1e9),
        Told("java_lang_OperatingSystem_AvailableProcessors", CPU_LIMIT),
        Told("process_resident_memory_bytes", MEMORY),
        Told("java_lang_Memory_HeapMemoryUsage_used", MEMORY / 2),
        Told("java_lang_Memory_HeapMemoryUsage_max", MEMORY),
    ),
    "restarted-1": _of(
        "restarted-1",
        counter("process_cpu_seconds_total", CORES, restarts=10 * 60 + 15),
        Told("process_resident_memory_bytes", MEMORY),
    ),
    "prometheus-names-1": _of(
        "prometheus-names-1",
        counter("process_cpu_time_seconds_total", CORES * 0.6, labels={"cpu_mode": "user"}),
        counter("process_cpu_time_seconds_total", CORES * 0.4, labels={"cpu_mode": "system"}),
        Told("process_memory_usage_bytes", MEMORY),
    ),
    "envoy-1": _of(
        "envoy-1",
        Told("envoy_server_memory_allocated", MEMORY / 2),
        Told("envoy_server_memory_physical_size", MEMORY),
        Told("envoy_server_uptime", 100),
    ),
}
_OTLP: Mapping[str, list[Told]] = {
    "otel-process": [
        counter("process.cpu.time", CORES / 2, "s", labels={"cpu.mode": "user"}),
        counter("process.cpu.time", CORES / 2, "s", labels={"cpu.mode": "system"}),
        Told("process.memory.usage", MEMORY, unit="By"),
        counter("system.cpu.time", 1.5, "s", labels={"state": "user", "cpu": "0"}),
        Told("system.memory.usage", MEMORY * 3, {"state": "used"}, unit="By"),
    ],
    "otel-jvm": [
        counter("jvm.cpu.time", CORES, "s"),
        Told("jvm.cpu.count", CPU_LIMIT, unit="{cpu}"),
        Told("jvm.memory.used", MEMORY * 0.5, {"jvm.memory.type": "heap", "jvm.memory.pool.name": "Old"}, unit="By"),
        Told(
            "jvm.memory.used", MEMORY * 0.5, {"jvm.memory.type": "non_heap", "jvm.memory.pool.name": "Meta"}, unit="By"
        ),
        Told("jvm.memory.limit", MEMORY, {"jvm.memory.type": "heap", "jvm.memory.pool.name": "Old"}, unit="By"),
    ],
    "otel-kubelet": [
        Told("k8s.pod.cpu.usage", CORES, unit="{cpu}"),
        Told("k8s.pod.cpu_limit_utilization", _SHARE, unit="1"),
        Told("k8s.pod.memory.working_set", MEMORY, unit="By"),
        Told("k8s.pod.memory_limit_utilization", _MEMORY_SHARE, unit="1"),
    ],
    "otel-container": [
        counter("container.cpu.usage.total", CORES * 1e9, "ns"),
        Told("container.memory.usage.total", MEMORY, unit="By"),
        Told("container.memory.usage.limit", MEMORY_LIMIT, unit="By"),
    ],
}


@dataclass(frozen=True)
class _Expected:
    cores: float | None = CORES
    cpu_share: float | None = None
    memory_bytes: float | None = MEMORY
    memory_share: float | None = None
    heap_share: float | None = None
    cpu_source: str = "process"
    memory_source: str = "process"


_EXPECTED: Mapping[str, _Expected] = {
    "checkout-7d9f8b6c5-x2k9z": _Expected(CORES, _SHARE, MEMORY, _MEMORY_SHARE, None, "container", "container"),
    "flex-6d8f9b7c5d-h2j4k": _Expected(CORES, _SHARE, MEMORY, _MEMORY_SHARE, None, "container", "container"),
    "node-1": _Expected(CORES, _SHARE, MEMORY, _MEMORY_SHARE, None, "host", "host"),
    "micrometer-1": _Expected(CORES, _SHARE, heap_share=0.1875, memory_source="jvm"),
    "jmx-1": _Expected(CORES, _SHARE, heap_share=0.5, cpu_source="jvm"),
    "restarted-1": _Expected(),
    "prometheus-names-1": _Expected(),
    "envoy-1": _Expected(None, cpu_source="", memory_source="proxy"),
    "otel-process": _Expected(),
    "otel-jvm": _Expected(CORES, _SHARE, heap_share=0.5, cpu_source="jvm", memory_source="jvm"),
    "otel-kubelet": _Expected(CORES, _SHARE, MEMORY, _MEMORY_SHARE, None, "pod", "pod"),
    "otel-container": _Expected(CORES, None, MEMORY, _MEMORY_SHARE, None, "container", "container"),
    "fluent-1": _Expected(CORES, _SHARE, MEMORY, _MEMORY_SHARE, None, "host", "host"),
}


@pytest.fixture(scope="module")
def told(store: Store, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Everything above is stored, in two segments and with the second half first."""
    for half in (1, 0):
        with http_port(tmp_path_factory.mktemp("spool"), environment=_ENVIRONMENT) as rig:
            _send(rig.http, half)
        store_all_balanced(store, rig.spool)


def _send(address: str, half: int) -> None:
    with httpx.Client(base_url=address, timeout=PATIENCE) as client:

        def post(path: str, body: bytes, content_type: str) -> None:
            answer = client.post(path, content=body, headers={"Content-Type": content_type})
            assert answer.is_success, answer.text

        for series in _TEXT.values():
            lines = prometheus_text(series).splitlines(keepends=True)
            chosen = [line for number, line in enumerate(lines) if (number // 50) % 2 == half]
            post("/ingest/prometheus_text", b"".join(chosen), "text/plain")
        if half:
            return
        for instance, series in _OTLP.items():
            resource = {
                "service.name": "orders", "service.instance.id": instance, "service.version": "2.1.0",
                "gateway.kind": "flex", "deployment.environment.name": _ENVIRONMENT,
            }  # fmt: skip
            if instance in ("otel-kubelet", "otel-container"):
                resource["k8s.container.name"] = "flex"
            post("/v1/metrics", otlp_json(series, resource), "application/json")
        host = {"hostname": "fluent-1", "gateway": "edge"}
        cpu = {"cpu_p": _SHARE * 100, "user_p": 1.0, "system_p": 1.0}
        for core, share in (("cpu0", 20.0), ("cpu1", 10.0)):
            cpu |= {f"{core}.p_cpu": share, f"{core}.p_user": 1.0, f"{core}.p_system": 1.0}
        memory = {"Mem.total": MEMORY_LIMIT / 1024, "Mem.used": MEMORY / 1024, "Mem.free": 1.0}
        memory |= {"Swap.total": 0.0, "Swap.used": 0.0, "Swap.free": 0.0}
        for record in (cpu, memory):
            post("/ingest/fluent_metrics", fluent_records(record, host), "application/x-ndjson")


@pytest.mark.usefixtures("told")
@pytest.mark.parametrize("instance", _EXPECTED)
def test_every_source_tells_the_same(store: Store, instance: str) -> None:
    found = resources(store, _WINDOW, InstanceFilter(_ENVIRONMENT, instance=instance), MINUTE)
    assert len(found) == MINUTES
    expected = _EXPECTED[instance]
    assert set(found["cpu_source"]) == {expected.cpu_source}
    assert set(found["memory_source"]) == {expected.memory_source}
    for name in ("cores", "cpu_share", "memory_bytes", "memory_share", "heap_share"):
        value = getattr(expected, name)
        # Between the last sample of a process and the first of the next nothing is known.
        seen = found[name].drop(10) if instance == "restarted-1" else found[name]
        if value is None:
            assert seen.isna().all(), name
        else:
            assert list(seen) == pytest.approx([value] * len(seen)), name


@pytest.mark.usefixtures("told")
def test_a_counter_that_begins_anew_is_counted_from_there(store: Store) -> None:
    """All that is missing is what was used between the last sample before and the restart."""
    of = InstanceFilter(_ENVIRONMENT, instance="restarted-1")
    used = float(resources(store, _WINDOW, of, MINUTE)["cores"].sum()) * 60
    assert used == pytest.approx(CORES * (MINUTES * 60 - 15))


@pytest.mark.usefixtures("told")
def test_hours_and_minutes_agree(store: Store) -> None:
    whole = Window(floor(START, HOUR), floor(START, HOUR) + 2 * HOUR)
    of = InstanceFilter(_ENVIRONMENT, instance="checkout-7d9f8b6c5-x2k9z")
    for name in ("cores", "memory_bytes", "cpu_share"):
        hours = resources(store, whole, of, HOUR)[name]
        assert list(hours) == pytest.approx([_value_of(name)] * len(hours))
    # The scrape before START is alone in its step if START begins one, and a counter of one sample has no rate.
    since = Window(floor(START, 10 * MINUTE), whole.end)
    minutes = resources(store, since, of, 10 * MINUTE)
    assert set(minutes["cores"].round(9)) == {CORES}


def _value_of(name: str) -> float:
    return {"cores": CORES, "memory_bytes": MEMORY, "cpu_share": _SHARE}[name]


_REQUESTS = ("time", "environment", "gateway_kind", "gateway", "instance", "reporter", "api", "status", "duration_us")


@pytest.mark.usefixtures("told")
def test_instances_with_traffic_and_resources(store: Store) -> None:
    """A gateway that tells nothing of itself has the CPU of its machine; a pod that is no gateway is not there."""
    rows = [
        (START + timedelta(seconds=number), _ENVIRONMENT, "proxy", "nginx", "node-1", "gateway", "orders",
         500 if number % 10 == 0 else 200, 1000)
        for number in range(100)
    ]  # fmt: skip
    store.insert("requests", _REQUESTS, rows)
    questions = Questions(store, lambda: _WINDOW.end, tables=HANDLED)
    found = instances(store, questions, _WINDOW, InstanceFilter(_ENVIRONMENT)).set_index("instance")
    questions.close()

    nginx = found.loc["node-1"]
    assert (nginx["gateway"], nginx["requests"], nginx["errors"], nginx["cpu_source"]) == ("nginx", 100, 10, "host")
    assert nginx["cores"] == pytest.approx(CORES)
    assert nginx["last_seen"] == pd.Timestamp(START + timedelta(seconds=99))
    sidecar = found.loc["checkout-7d9f8b6c5-x2k9z"]
    assert (sidecar["gateway"], sidecar["gateway_kind"], sidecar["requests"]) == ("checkout.shop", "mesh", 0)
    assert found.loc["otel-process", "version"] == "2.1.0"
    assert found.loc["envoy-1", "started_at"] == pytest.approx(
        pd.Timestamp(_WINDOW.end - timedelta(seconds=115)), abs=pd.Timedelta(minutes=1)
    )
    assert not {"jmx-1", "micrometer-1", "flex-6d8f9b7c5d-h2j4k"} & set(found.index)


@pytest.mark.usefixtures("told")
def test_an_instance_that_fell_silent_is_still_there(store: Store) -> None:
    later = Window(_WINDOW.end + 3 * HOUR, _WINDOW.end + 4 * HOUR)
    questions = Questions(store, lambda: later.end, tables=HANDLED)
    found = instances(store, questions, later, InstanceFilter(_ENVIRONMENT)).set_index("instance")
    much_later = Window(later.start + timedelta(days=2), later.end + timedelta(days=2))
    none = instances(store, questions, much_later, InstanceFilter(_ENVIRONMENT))
    questions.close()
    silent = found.loc[["checkout-7d9f8b6c5-x2k9z"]]
    assert (silent["last_seen"] < pd.Timestamp(_WINDOW.end)).all()
    assert silent["cores"].isna().all()
    assert none.empty
