"""Rules that formats share: the same in SQL and in Python, and none that nobody uses."""

import re
from pathlib import Path

import pytest

from collector.formats.shared.rules import with_rules
from collector.formats.shared.workload import gateway_of_pod, service_of_container, workload_of_pod
from storage.store import Store

_FORMATS = Path(__file__).parents[3] / "collector" / "formats"
_RULES = _FORMATS / "shared" / "rules"


def _asked(store: Store, rule: str, argument: str, other: str = "") -> object:
    expression = with_rules("{{" + rule + "(argument; other)}}")
    told = {"argument": argument, "other": other}
    query = f"WITH {{argument:String}} AS argument, {{other:String}} AS other SELECT {expression}"
    return store.rows(query, told)[0][0]


@pytest.mark.parametrize(
    ("pod", "workload"),
    [
        ("orders-7d9f8b6c5d-x2k4z", "orders"),
        ("reviews-v1-545db77b95-9xk2p", "reviews-v1"),
        ("agent-x7k2p", "agent"),
        ("db-0", "db"),
        ("edge-12", "edge"),
        # Words of people have vowels.
        ("edge-proxy", "edge-proxy"),
        ("orders-api-cache", "orders-api-cache"),
        ("orders", "orders"),
        ("", ""),
    ],
)
def test_the_workload_of_a_pod_is_the_same_in_sql_and_python(store: Store, pod: str, workload: str) -> None:
    assert workload_of_pod(pod) == workload
    for namespace in ("", "shop"):
        gateway = f"{workload}.{namespace}" if workload and namespace else workload
        assert gateway_of_pod(pod, namespace) == gateway
        assert _asked(store, "gateway_of_pod", pod, namespace) == gateway
        node = f"sidecar~10.1.2.3~{pod}{'.' if namespace and pod else ''}{namespace if pod else ''}~svc.cluster.local"
        assert (_asked(store, "gateway_of_node", node), _asked(store, "pod_of_node", node)) == (gateway, pod)


@pytest.mark.parametrize(
    ("container", "service"),
    [
        ("shop-edge-1", "shop-edge"),
        ("shop_edge_12", "shop_edge"),
        ("shop_edge.1.0a1b2c3d", "shop_edge"),
        ("edge/edge/0a1b2c3d", "edge"),
        ("edge", "edge"),
        ("edge2", "edge2"),
        ("edge.internal", "edge.internal"),
        ("", ""),
    ],
)
def test_the_service_of_a_container_is_the_same_in_sql_and_python(store: Store, container: str, service: str) -> None:
    assert service_of_container(container) == service
    assert _asked(store, "service_of_container", container) == service


def test_a_node_that_is_not_istios_tells_no_pod(store: Store) -> None:
    assert (_asked(store, "gateway_of_node", "edge-7"), _asked(store, "pod_of_node", "edge-7")) == ("", "")


@pytest.mark.parametrize(
    ("peer", "instance"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("fd00::1", "fd00::1"),
        ("edge-1", "edge-1"),
        ("edge-1:/var/log/nginx/access.log", "edge-1"),
        ("/var/log/nginx/access.log", ""),
        ("./access.log", ""),
        ("", ""),
    ],
)
def test_who_sent_a_payload_names_the_instance_but_no_file_does(store: Store, peer: str, instance: str) -> None:
    assert _asked(store, "instance_of_peer", peer) == instance


@pytest.mark.parametrize(
    ("path", "route", "first", "version"),
    [
        ("/orders/v1/items/17", "/orders/v1/items/{id}", "orders", "v1"),
        ("/api/v2/carts/4f1c2d3e4f5a6b7c", "/api/v2/carts/{id}", "carts", "v2"),
        ("/rest/users/a@example.org/x", "/rest/users/{id}/x", "users", ""),
        ("/health", "/health", "health", ""),
        ("/", "/", "", ""),
        ("", "", "", ""),
    ],
)
def test_what_a_path_tells(store: Store, path: str, route: str, first: str, version: str) -> None:
    assert _asked(store, "route_template", path) == route
    assert _asked(store, "first_path_segment", path) == first
    assert _asked(store, "version_in_path", path) == version


@pytest.mark.parametrize(
    ("address", "bare"),
    [
        ("10.0.0.1:80", "10.0.0.1"),
        ("10.0.0.1", "10.0.0.1"),
        ("[fd00::1]:80", "fd00::1"),
        ("fd00::1", "fd00::1"),
        ("::ffff:10.0.0.1:80", "::ffff:10.0.0.1"),
    ],
)
def test_an_address_without_its_port(store: Store, address: str, bare: str) -> None:
    assert _asked(store, "address_without_port", address) == bare


def test_each_rule_is_used_and_each_use_has_a_rule() -> None:
    layers = [path.read_text(encoding="utf-8") for path in _FORMATS.rglob("*.sql")]
    used = {name for layer in layers for name in re.findall(r"\{\{(\w+)\(", layer)}
    assert used == {path.stem for path in _RULES.glob("*.sql")}
