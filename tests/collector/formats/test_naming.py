"""One gateway and one instance of it have one name in every table, by every input: docs/naming.md.

The matrix: each row is something that tells of itself, each column an input, and a cell what it is told there.
"""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.store import Store
from tests.collector.inputs.one_identity import CONTAINER, INPUTS, UID, Identity
from tests.collector.rigs.storing import store_all

_ISTIO = "{}~10.1.2.3~{}.{}~{}.svc.cluster.local"
_UUID = "0d9f3c1e-1111-4222-8333-444455556666"


def _pods_path(pod: str, namespace: str, container: str) -> str:
    return f"pods/{namespace}_{pod}_{UID}/{container}/0.log"


def _containers_path(pod: str, namespace: str, container: str) -> str:
    return f"containers/{pod}_{namespace}_{container}-{CONTAINER}.log"


def _in_kubernetes(name: str, gateway: str, pod: str, namespace: str, container: str, **more: object) -> Identity:
    """What a cluster tells of a pod, each input in its own words; labels and services have other names on purpose."""
    kubernetes = {
        "pod_name": pod, "namespace_name": namespace, "container_name": container, "host": "node-a",
        "labels": {"app": "another", "app.kubernetes.io/name": "yet-another"},
    }  # fmt: skip
    resource = {"k8s.pod.name": pod, "k8s.namespace.name": namespace}
    labels = {"pod": pod, "namespace": namespace}
    told = {
        "resource": {**resource, "service.name": "another", "service.instance.id": _UUID, "host.name": pod},
        "record": {"kubernetes": kubernetes, "stream": "stdout"},
        "hec": {"host": "node-a", "fields": resource},
        "query": {"gateway": gateway, "peer": pod},
        "path": _pods_path(pod, namespace, container),
        "labels": {**labels, "job": "kubernetes-pods", "instance": "10.1.2.3:15020", "app": "another"},
        "target": {"labels": {**labels, "container": container}},
    }
    return Identity(name, gateway, pod, **{**told, **more})  # type: ignore[arg-type]


_FLEX_LINES = (
    "[flex-gateway-envoy][info] wasm log logging.default.orders.default.svc main: "
    + json.dumps({"apiName": "orders", "method": "GET", "requestPath": "/orders/17", "statusCode": "200"}),
    "[flex-gateway-agent][info] connected",
)
_MULE_EVENT = {
    "api_version_id": "17", "path": "/orders/17", "verb": "GET", "status_code": 200, "request_disposition": "processed",
    "received_ts": "2026-11-23T10:15:30.123Z", "replied_ts": "2026-11-23T10:15:30.223Z",
}  # fmt: skip
_MULE_LINES = (
    "INFO  2026-11-23 10:15:30,223 [pool-1] com.mulesoft.ace.AnalyticsHttpEventsLogger: " + json.dumps(_MULE_EVENT),
    "INFO  2026-11-23 10:15:31,000 [main] com.example.Orders: connected",
)
_NGINX_LINES = (
    '192.0.2.9 - - [23/Nov/2026:10:15:30 +0000] "GET /orders/17 HTTP/1.1" 200 612 "-" "curl/8"',
    "2026/11/23 10:15:31 [error] 7#7: *1 connect() failed",
)

_SIDECAR = "orders-7d9f8b6c5d-x2k4q"
_ISTIO_INGRESS = "istio-ingressgateway-6b5c9d7f8d-b4x7k"
_ENVOY_INGRESS = "edge-5c7d9f8b6d-z2x4q"
_FLEX = "flex-6d8f9b7c5d-h2j4k"
_MULE = "orders-api-7c9d8b6f5d-k8m2n"


def _istio_node(kind: str, pod: str, namespace: str) -> dict[str, str]:
    return {"id": _ISTIO.format(kind, pod, namespace, namespace), "cluster": f"another.{namespace}"}


def _on_host(name: str, gateway: str, host: str, **more: object) -> Identity:
    """What tells of a host: nobody knows the gateway but who has set the host up."""
    told = {
        "resource": {"gateway": gateway, "service.name": "another", "service.instance.id": _UUID, "host.name": host},
        "record": {"gateway": gateway, "hostname": host},
        "hec": {"host": host, "fields": {"gateway": gateway}},
        "query": {"gateway": gateway, "peer": host},
        "path": "var/log/gateway.log",
        "files": {"gateway": gateway, "host": host},
        "labels": {"gateway": gateway, "instance": f"{host}:9100", "job": "another"},
        "target": {"gateway": gateway, "labels": {"instance": f"{host}:9901"}},
    }
    return Identity(name, gateway, host, **{**told, **more})  # type: ignore[arg-type]


MATRIX = (
    _in_kubernetes(
        "sidecar", "orders.shop", _SIDECAR, "shop", "istio-proxy",
        node=_istio_node("sidecar", _SIDECAR, "shop"),
    ),
    Identity(
        "sidecar in its own words", "orders.shop", _SIDECAR,
        resource={"node_name": _ISTIO.format("sidecar", _SIDECAR, "shop", "shop"), "cluster_name": "another.shop"},
        path=_containers_path(_SIDECAR, "shop", "istio-proxy"),
        labels={"kubernetes_pod_name": _SIDECAR, "kubernetes_namespace": "shop", "instance": "10.1.2.3:15020"},
    ),
    Identity(
        "sidecar that points and records tell of", "orders.shop", _SIDECAR,
        resource={"service.name": "collector", "host.name": "node-a"},
        point={"k8s.pod.name": _SIDECAR, "k8s.namespace.name": "shop"},
    ),
    _in_kubernetes(
        "ingress gateway of Istio", "istio-ingressgateway.istio-system", _ISTIO_INGRESS, "istio-system", "istio-proxy",
        node=_istio_node("router", _ISTIO_INGRESS, "istio-system"),
    ),
    _in_kubernetes(
        "ingress gateway of Envoy", "edge.ingress", _ENVOY_INGRESS, "ingress", "envoy",
        node={"id": _ENVOY_INGRESS, "cluster": "edge.ingress"},
    ),
    _in_kubernetes(
        "Flex in Kubernetes", "flex.gateways", _FLEX, "gateways", "flex-gateway", lines=_FLEX_LINES,
    ),
    _on_host("Flex on a host", "flex-eu", "flex-host-1", lines=_FLEX_LINES),
    _on_host("Mule on a host", "mule-eu", "mule-1", lines=_MULE_LINES),
    _in_kubernetes("Mule in Runtime Fabric", "orders-api.env-17", _MULE, "env-17", "app", lines=_MULE_LINES),
    Identity(
        "Mule in CloudHub", "orders-api", "worker-1", lines=_MULE_LINES,
        resource={"service.name": "orders-api", "service.instance.id": "worker-1"},
        query={"gateway": "orders-api", "peer": "worker-1"},
        hec={"host": "worker-1", "fields": {"gateway": "orders-api"}},
    ),
    _on_host("nginx on a host", "edge", "edge-1", lines=_NGINX_LINES),
)  # fmt: skip

CELLS = [(who, name) for who in MATRIX for name, (_, told, _) in INPUTS.items() if getattr(who, told)]


def _names(store: Store, segments: set[str]) -> Iterator[tuple[str, str, str]]:
    for table in ("requests", "logs", "metrics", "spans"):
        query = f"SELECT DISTINCT gateway, instance FROM {table} WHERE segment_id IN {{s:Array(String)}}"
        for gateway, instance in store.rows(query, {"s": sorted(segments)}):
            yield table, gateway, instance


def _segments(store: Store) -> set[str]:
    return {segment for (segment,) in store.rows("SELECT DISTINCT segment_id FROM books")}


@pytest.mark.parametrize(("who", "source"), CELLS, ids=[f"{who.name}-{source}" for who, source in CELLS])
def test_one_name_in_every_table_by_every_input(store: Store, tmp_path: Path, who: Identity, source: str) -> None:
    send, _, tables = INPUTS[source]
    before = _segments(store)
    store_all(store, send(tmp_path, who))
    segments = _segments(store) - before

    found = set(_names(store, segments))

    expected = set(tables)
    if source == "hec" and not who.record:
        # Nobody measures there.
        expected -= {"metrics"}
    assert found == {(table, who.gateway, who.instance) for table in expected}
    letters = "SELECT reason, body FROM dead_letters WHERE segment_id IN {s:Array(String)}"
    assert store.rows(letters, {"s": sorted(segments)}) == []


def test_the_matrix_has_each_input_for_each_kind_of_gateway() -> None:
    told = {name for _, name in CELLS}
    assert told == set(INPUTS)
    for prefix in ("sidecar", "ingress", "Flex", "Mule", "nginx"):
        of_kind = {name for who, name in CELLS if who.name.startswith(prefix)}
        assert of_kind >= set(INPUTS) - {"als"}, prefix
