"""Records as Logstash, Filebeat, Vector and Docker's drivers write them: lines are requests, messages are logs.

Both have the gateway and the instance of whoever wrote them, and nothing that was sent is lost.
"""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from storage.store import Store
from tests.collector.rigs.ingest_rig import http_port
from tests.collector.rigs.storing import store_all
from tests.patience import PATIENCE

_TIME = "2026-11-23T10:15:30.123Z"
_LINE = '192.0.2.9 - - [23/Nov/2026:10:15:30 +0000] "GET /orders/17 HTTP/1.1" 200 612 "-" "curl/8"'
_WORDS = "no stock for order 17"
_POD = "orders-7d9f8b6c5d-x2k4q"
_FILE = "/var/log/nginx/access.log"

_BEATS = {"@timestamp": _TIME, "agent": {"type": "filebeat"}, "ecs": {"version": "8.0.0"}, "input": {"type": "log"}}
# https://www.elastic.co/docs/reference/beats/filebeat/add-kubernetes-metadata
_OF_FILEBEAT = {
    "pod": {"name": _POD, "uid": "0a"}, "namespace": "shop", "node": {"name": "node-1"},
    "container": {"name": "app"}, "deployment": {"name": "orders"}, "labels": {"app": "another"},
}  # fmt: skip
# https://vector.dev/docs/reference/configuration/sources/kubernetes_logs/
_OF_VECTOR = {
    "pod_name": _POD, "pod_namespace": "shop", "pod_node_name": "node-1", "container_name": "app",
    "pod_labels": {"app": "another"},
}  # fmt: skip

# What is beside the message, and the gateway and instance that it is of.
_RECORDS: dict[str, tuple[dict[str, Any], str, str]] = {
    "logstash": (
        {"@timestamp": _TIME, "@version": "1", "host": {"name": "edge-1"}, "log": {"file": {"path": _FILE}}},
        "", "edge-1",
    ),
    "logstash, older": ({"@timestamp": _TIME, "host": "edge-1", "path": _FILE, "type": "nginx"}, "", "edge-1"),
    "filebeat": (
        {**_BEATS, "host": {"name": "edge-1"}, "log": {"offset": 7, "file": {"path": _FILE}},
         "service": {"type": "nginx"}, "fileset": {"name": "access"}},
        "", "edge-1",
    ),
    "filebeat in kubernetes": (
        {**_BEATS, "host": {"name": "node-1"}, "log": {"offset": 7}, "kubernetes": _OF_FILEBEAT, "stream": "stdout"},
        "orders.shop", _POD,
    ),
    "vector": ({"file": _FILE, "host": "edge-1", "source_type": "file", "timestamp": _TIME}, "", "edge-1"),
    "vector in kubernetes": (
        {"kubernetes": _OF_VECTOR, "source_type": "kubernetes_logs", "stream": "stdout", "timestamp": _TIME},
        "orders.shop", _POD,
    ),
    "vector, docker": (
        {"container_created_at": _TIME, "container_id": "9b62", "container_name": "shop-edge-1", "host": "docker-1",
         "image": "nginx:1", "label": {"a": "b"}, "source_type": "docker_logs", "timestamp": _TIME},
        "shop-edge", "shop-edge-1",
    ),
    "vector, syslog": (
        {"appname": "nginx", "facility": "local7", "hostname": "edge-1", "procid": 7, "severity": "info",
         "source_ip": "192.0.2.7", "source_type": "syslog", "timestamp": _TIME},
        "", "edge-1",
    ),
    "vector, journald": (
        {"PRIORITY": "6", "SYSLOG_IDENTIFIER": "nginx", "_HOSTNAME": "edge-1", "_SYSTEMD_UNIT": "nginx.service",
         "source_type": "journald", "timestamp": _TIME},
        "", "edge-1",
    ),
}  # fmt: skip


@pytest.mark.parametrize("of", _RECORDS)
def test_lines_and_messages_are_of_one_gateway_and_instance(store: Store, tmp_path: Path, of: str) -> None:
    beside, gateway, instance = _RECORDS[of]
    environment = f"shippers-{of.replace(', ', '-').replace(' ', '-')}"
    records = [{"message": text, "event": {"original": text}, **beside} for text in (_LINE, _WORDS)]
    with http_port(tmp_path / "spool", environment=environment) as rig:
        answer = httpx.post(f"{rig.http}/ingest", content=json.dumps(records), trust_env=False, timeout=PATIENCE)
        assert answer.is_success, answer.text
        store_all(store, rig.spool)
    told = {"e": environment}
    requests = store.rows("SELECT gateway, instance, path FROM requests WHERE environment = {e:String}", told)
    assert requests == [(gateway or "proxy", instance, "/orders/17")]
    logs = store.rows("SELECT gateway, instance, body, toString(time) FROM logs WHERE environment = {e:String}", told)
    assert logs == [(gateway or instance, instance, _WORDS, "2026-11-23 10:15:30.123000")]


def test_a_request_keeps_what_an_operator_has_added_to_its_line(store: Store, tmp_path: Path) -> None:
    record = {**_BEATS, "message": _LINE, "event": {"original": _LINE}, "type": "nginx", "gateway": "edge"}
    with http_port(tmp_path / "spool", environment="shippers-more") as rig:
        answer = httpx.post(f"{rig.http}/ingest", content=json.dumps(record), trust_env=False, timeout=PATIENCE)
        assert answer.is_success, answer.text
        store_all(store, rig.spool)
    found = store.rows("SELECT gateway, attributes FROM requests WHERE environment = 'shippers-more'")
    assert found == [("edge", {"type": "nginx"})]
