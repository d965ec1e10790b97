"""What a filter or an operator adds beside the line of an access log becomes attributes of its request."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from collector.formats.formats import FORMATS
from collector.records.json_body import recognised
from storage.store import Store
from tests.collector.damage.damage_rig import ENVOY_RECORD
from tests.collector.rigs.forward_rig import forward
from tests.collector.rigs.ingest_rig import http_port
from tests.collector.rigs.storing import store_all
from tests.collector.rigs.waiting import wait_until
from tests.patience import PATIENCE

_LINE = '10.0.0.1 - - [23/Nov/2026:10:15:30 +0000] "GET /{} HTTP/1.1" 200 10 "-" "-"'
_ERROR = "2026/11/23 10:15:31 [error] 7#7: *1 connect() failed"
_BROKEN = '10.0.0.1 - - [broken] "GET / HTTP/1.1"'
_ENVOY = '[2026-11-23T10:15:30.000Z] "GET /{} HTTP/1.1" 200 - 0 10 5 4 "-" "curl" "id" "shop" "10.0.0.2:80"'


@pytest.fixture
def environment(request: pytest.FixtureRequest) -> str:
    return f"beside-{request.node.name}"


@pytest.fixture
def port(tmp_path: Path, environment: str) -> Iterator[Any]:
    with http_port(tmp_path, environment=environment, hec={"tokens": [{"token": "any"}]}) as started:
        yield started


def _rows(store: Store, environment: str, table: str, columns: str) -> list[tuple[Any, ...]]:
    sql = f"SELECT {columns} FROM {table} WHERE environment = {{e:String}} ORDER BY 1"
    return store.rows(sql, {"e": environment})


def test_fields_of_hec_beside_lines(store: Store, port: Any, environment: str) -> None:
    events: list[dict[str, Any]] = [
        {"event": _LINE.format("a"), "index": "web", "fields": {"team": "edge", "shard": 7, "gateway": "edge-eu"}},
        {"event": _LINE.format("b"), "index": "web"},
        {"event": {"log": _LINE.format("c"), "cluster": "eu", "stream": "stdout"}, "fields": {"team": "core"}},
        {"event": _ENVOY.format("d"), "fields": {"team": "mesh", "list": [1, {"a": None}]}},
        {"event": {**ENVOY_RECORD, "path": "/e"}, "host": None, "fields": {"": None}},
        {"event": _ERROR, "fields": {"team": "edge"}},
    ]
    body = b"".join(json.dumps(event).encode() for event in events)
    headers = {"Authorization": "Splunk any"}
    assert (
        httpx.post(f"{port.http}/services/collector", content=body, headers=headers, timeout=PATIENCE).status_code
        == 200
    )
    store_all(store, port.spool)
    columns = "path, gateway, mapFilter((name, value) -> name != 'server.address', attributes), format"
    assert _rows(store, environment, "requests", columns) == [
        ("/a", "edge-eu", {"index": "web", "team": "edge", "shard": "7"}, "combined"),
        ("/b", "proxy", {}, "combined"),
        ("/c", "proxy", {"cluster": "eu", "team": "core"}, "combined"),
        ("/d", "envoy", {"team": "mesh", "list": '[1,{"a":null}]'}, "envoy_text"),
        ("/e", "envoy", {"": ""}, "envoy_json"),
    ]
    assert _rows(store, environment, "logs", "body, attributes['team'], severity") == [(_ERROR, "edge", "ERROR")]
    assert _rows(store, environment, "dead_letters", "body") == []


@pytest.mark.parametrize("content_type", ["application/json", "application/x-ndjson"])
def test_records_of_fluent_bit_over_http(store: Store, port: Any, environment: str, content_type: str) -> None:
    records = [
        {"date": 1.5, "log": _LINE.format("a"), "stream": "stdout", "team": "edge"},
        {"date": 1.5, "log": _LINE.format("b"), "stream": "stdout", "kubernetes": {"pod_name": "edge-0"}},
        {"date": 1.5, "log": _BROKEN, "team": "edge"},
    ]
    array = json.dumps(records) if content_type == "application/json" else "\n".join(map(json.dumps, records))
    url = f"{port.http}/ingest/combined"
    answer = httpx.post(url, content=array, headers={"Content-Type": content_type}, timeout=PATIENCE)
    assert answer.json() == {"accepted_bytes": len(array)}
    store_all(store, port.spool)
    assert _rows(store, environment, "requests", "path, instance != '', attributes") == [
        ("/a", True, {"team": "edge"}),
        ("/b", True, {}),
    ]
    assert _rows(store, environment, "dead_letters", "body, format") == [(_BROKEN, "combined")]


def test_records_over_forward(store: Store, tmp_path: Path, environment: str) -> None:
    moment = int(time.time())
    records = [
        {"log": _LINE.format("a") + "\n", "team": b"edge"},
        {"log": _LINE.format("b"), "container_name": "/edge"},
        {"log": "198.51.100.7 \x1e{ is in the line " + _LINE.format("c"), "team": "edge"},
    ]
    with forward(tmp_path, {"environment": environment, "rules": [{"tag": "*", "format": "combined"}]}) as rig:
        with rig.connect() as agent:
            agent.send(["t", [[moment, record] for record in records]])
            wait_until(lambda: sum(payload["body"].count(b"\n") for payload in rig.payloads()) == len(records))
        store_all(store, rig.spool)
    assert _rows(store, environment, "requests", "path, attributes") == [
        ("/a", {"team": "edge"}),
        ("/b", {}),
        # The sign that stands before fields is none within a line.
        ("/c", {"team": "edge"}),
    ]


def test_what_has_nothing_beside_it_stays_what_it_was() -> None:
    lines = "\n".join(json.dumps({"log": _LINE.format(n), "stream": "stdout", "time": "x"}) for n in range(3)).encode()
    [part] = recognised(lines, FORMATS)
    assert (part.format, part.body.count(b"\n")) == ("combined", 2)
    assert b"\x1e" not in part.body
    with_fields = lines.replace(b'"time"', b'"team"')
    [part] = recognised(with_fields, FORMATS)
    assert FORMATS[part.format].name == "combined"
    assert part.body.count(b'\x1e{"team":"x"}') == 3
