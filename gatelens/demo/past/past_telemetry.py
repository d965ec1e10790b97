"""What gateways send besides requests, for the same ten minutes of the past: CPU, memory, spans, runtime logs."""

import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from gatelens.demo.gateways.flex import record
from gatelens.demo.gateways.mule_speech import CPU_MS, HEAP_BYTES, IDLE_CORES, log_line
from gatelens.demo.model import (
    DESTINATION_SIDECAR,
    FLEX,
    GATEWAY,
    MULE,
    NAMESPACE,
    SOURCE_SIDECAR,
    TRACED_PERCENT,
    Kind,
    Node,
)
from gatelens.demo.past.past import ALL_KINDS, BY_ENVOY, BY_FLEX, BY_MESH, BY_MULE, REACHED, REFUSED, STRETCH, Requests

_MINUTES = STRETCH // timedelta(minutes=1)
_NODES = {BY_ENVOY: [GATEWAY], BY_FLEX: [FLEX], BY_MULE: [MULE], BY_MESH: [SOURCE_SIDECAR, DESTINATION_SIDECAR]}
# Of Mule's CPU for a request, what an Envoy needs, and how much memory each of the gateways has.
_PART_OF_MULES = {BY_ENVOY: 0.12, BY_FLEX: 0.17, BY_MULE: 1.0, BY_MESH: 0.1}
_MEMORY_BYTES = {BY_ENVOY: 68 << 20, BY_FLEX: 90 << 20, BY_MULE: 190 << 20, BY_MESH: 52 << 20}
_IDLE = {BY_ENVOY: 0.004, BY_FLEX: 0.006, BY_MULE: IDLE_CORES, BY_MESH: 0.003}
_COST_MS = np.array([CPU_MS.get(kind.api, 1.0) for kind in ALL_KINDS])
_MOST_TRACES = 25
_MOST_LOGS = 20


@dataclass
class Machines:
    """What the gateways have used since the first stretch that was asked for; each stretch goes on with it."""

    _cpu_seconds: dict[int, float] = field(default_factory=lambda: defaultdict(float))

    def metrics(self, start: datetime, requests: Requests) -> list[str]:
        """Prometheus' text, a sample for each minute, gateway and measure."""
        minute = (requests.time // 1_000_000 - int(start.timestamp())) // 60
        families: dict[str, list[str]] = defaultdict(list)
        for gateway, nodes in _NODES.items():
            own = requests.gateway == gateway
            cost = _COST_MS[requests.kind[own]] * _PART_OF_MULES[gateway] / 1000
            used = np.bincount(minute[own], cost, _MINUTES) + 60 * _IDLE[gateway]
            under_way = np.bincount(minute[own], minlength=_MINUTES)
            for number in range(_MINUTES):
                self._cpu_seconds[gateway] += float(used[number])
                at = int(start.timestamp() + 60 * (number + 1)) * 1000 - 1
                memory = _MEMORY_BYTES[gateway] + int(under_way[number]) * (8 << 10)
                for node in nodes:
                    for name, labels, value in _samples(node, self._cpu_seconds[gateway], memory):
                        families[name].append(f"{name}{{{labels}}} {value} {at}")
        return [
            line
            for name, samples in families.items()
            for line in (f"# TYPE {name} {'counter' if name.endswith('_total') else 'gauge'}", *samples)
        ]


def _samples(node: Node, cpu_seconds: float, memory: int) -> Iterator[tuple[str, str, str]]:
    """Name, labels and value of each measure."""
    if node.pod:
        labels = f'container="istio-proxy",pod="{node.pod}",namespace="{NAMESPACE}"'
        yield "container_cpu_usage_seconds_total", labels, f"{cpu_seconds:.3f}"
        yield "container_memory_working_set_bytes", labels, str(memory)
        yield "container_spec_memory_limit_bytes", labels, str(256 << 20)
        return
    labels = f'gateway="{node.cluster}",instance="{node.id}"'
    yield "process_cpu_seconds_total", labels, f"{cpu_seconds:.3f}"
    yield "process_resident_memory_bytes", labels, str(memory)
    if node is MULE:
        yield "jvm_memory_bytes_used", f'{labels},area="heap"', str(memory)
        yield "jvm_memory_bytes_max", f'{labels},area="heap"', str(HEAP_BYTES)


def spans(requests: Requests, environment: str) -> list[str]:
    """An export of OTLP in JSON, of some of the requests that reached an upstream; none where there is none."""
    reached = np.flatnonzero(requests.end == REACHED)
    traced = reached[:: max(100 // TRACED_PERCENT, 1 + reached.size // _MOST_TRACES)]
    if not traced.size:
        return []
    by_node: dict[Node, list[dict[str, Any]]] = defaultdict(list)
    for row in traced.tolist():
        kind = ALL_KINDS[requests.kind[row]]
        trace = str(requests.id[row]).replace("-", "")
        parent = ""
        start, length = int(requests.time[row]), int(requests.duration[row])
        upstream = int(requests.upstream[row])
        for hop, node in enumerate(_NODES[int(requests.gateway[row])]):
            server, client = f"{hop}a{trace[:14]}", f"{hop}b{trace[:14]}"
            status = int(requests.status[row])
            by_node[node].append(_span(trace, server, parent, kind, 2, start, length, status))
            start, length = start + (length - upstream) // 2, upstream
            by_node[node].append(_span(trace, client, server, kind, 3, start, length, status))
            parent, upstream = client, upstream * 9 // 10
    exported = [
        {"resource": {"attributes": _attributes(_resource(node, environment))}, "scopeSpans": [{"spans": found}]}
        for node, found in by_node.items()
    ]
    return [json.dumps({"resourceSpans": exported}, separators=(",", ":"))]


def flex_logs(requests: Requests) -> list[str]:
    """Flex Gateway's warnings of upstreams that are not reached."""
    lines = []
    for row in np.flatnonzero((requests.gateway == BY_FLEX) & (requests.end == REFUSED))[:_MOST_LOGS].tolist():
        kind = ALL_KINDS[requests.kind[row]]
        message = f"[req: {requests.id[row]}] upstream {kind.cluster} is not reached"
        line = {"date": _at(requests, row), **record("flex-gateway-envoy", "warn", "runtimeLog", message)}
        del line["environment"]
        lines.append(json.dumps(line, separators=(",", ":")))
    return lines


def mule_logs(requests: Requests) -> list[str]:
    """Mule's errors of upstreams that are not reached."""
    rows = np.flatnonzero((requests.gateway == BY_MULE) & (requests.end == REFUSED))[:_MOST_LOGS].tolist()
    handler = "org.mule.runtime.core.internal.exception.OnErrorPropagateHandler"
    return [
        log_line(
            "ERROR",
            handler,
            f"HTTP request to {ALL_KINDS[requests.kind[row]].cluster} failed: Connection refused.",
            str(requests.id[row]),
            datetime.fromtimestamp(int(requests.time[row]) / 1_000_000, UTC),
        )
        for row in rows
    ]


def _span(
    trace: str, own: str, parent: str, kind: Kind, side: int, start: int, length: int, status: int
) -> dict[str, Any]:
    return {
        "traceId": trace,
        "spanId": own,
        **({"parentSpanId": parent} if parent else {}),
        "name": kind.cluster if side == 3 else kind.route,
        "kind": side,
        "startTimeUnixNano": str(start * 1000),
        "endTimeUnixNano": str((start + length) * 1000),
        "attributes": _attributes({
            "http.method": kind.method, "http.status_code": str(status), "upstream_cluster": kind.cluster,
        }),
        "status": {"code": 2} if status >= 500 else {},
    }  # fmt: skip


def _resource(node: Node, environment: str) -> dict[str, str]:
    place = {"k8s.pod.name": node.pod, "k8s.namespace.name": NAMESPACE} if node.pod else {}
    return {
        "service.name": node.cluster,
        "service.instance.id": node.id,
        "gateway.kind": node.kind,
        "deployment.environment.name": environment,
        **place,
    }


def _attributes(values: dict[str, str]) -> list[dict[str, Any]]:
    return [{"key": key, "value": {"stringValue": value}} for key, value in values.items()]


def _at(requests: Requests, row: int) -> str:
    return f"{np.datetime_as_string(requests.time[row].astype('datetime64[us]'))}Z"
