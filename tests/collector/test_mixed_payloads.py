"""Records of many formats in one payload, by every way in: each becomes what it is, in order, and none is lost."""

import gzip
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import msgpack  # type: ignore[import-untyped]
import pytest

from storage.store import Store
from tests.collector.inputs.records_of_formats import ACCESS, COMBINED, CPU, EVENT, FLEX, ISTIO, MULE, TEXT
from tests.collector.rigs.forward_rig import MOMENT, event_time, forward
from tests.collector.rigs.forward_rig import payloads as forwarded
from tests.collector.rigs.ingest_rig import http_port
from tests.collector.rigs.receiver_rig import Rig
from tests.collector.rigs.storing import store_all
from tests.patience import PATIENCE

_TRACE = "\tat org.mule.A.b(A.java:1)"
_RECORDS: list[dict[str, Any]] = [
    {"log": COMBINED},
    {"log": TEXT, "stream": "stdout"},
    ACCESS,
    CPU,
    {"log": ISTIO},
    {"log": json.dumps(ACCESS)},
    FLEX,
    {"log": MULE},
    {"log": _TRACE},
    {"log": json.dumps(EVENT)},
    {"level": "info", "order": 7},
    {"log": COMBINED},
    {"log": "2026/11/23 10:15:30 [error] 7#7: *1 connect() failed"},
]
# Of the format, what the lines are.
_EXPECTED: dict[str, list[Any]] = {
    "combined": [COMBINED, COMBINED],
    "envoy_text": [TEXT],
    "envoy_json": [ACCESS, ACCESS],
    "fluent_metrics": [CPU],
    "flex": [FLEX],
    "mule_log": [MULE, _TRACE],
    "mule_analytics": [EVENT],
    "json": [_RECORDS[4], _RECORDS[10], _RECORDS[12]],
}
# What ways in add to a record.
_ADDED = ("fluent_tag", "fluent_time", "time", "sourcetype")


def _read(line: str) -> Any:
    if not line.startswith("{"):
        return line
    record = json.loads(line)
    return {key: value for key, value in record.items() if key not in _ADDED}


def _told(found: list[tuple[str, bytes]]) -> dict[str, list[Any]]:
    assert len({name for name, _ in found}) == len(found)
    return {name: [_read(line) for line in body.decode().splitlines()] for name, body in found}


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    with http_port(tmp_path) as started:
        yield started


def _post(rig: Rig, path: str, body: bytes, content_type: str = "", **headers: str) -> dict[str, Any]:
    told = {"Content-Type": content_type} if content_type else {}
    answer = httpx.post(rig.http + path, content=body, headers=told | headers, trust_env=False, timeout=PATIENCE)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def _lines(records: list[dict[str, Any]]) -> bytes:
    return "\n".join(json.dumps(record) for record in records).encode()


def _entries(records: list[dict[str, Any]]) -> bytes:
    return b"".join(msgpack.packb([[event_time(), {}], record]) for record in records)


def _events(records: list[dict[str, Any]]) -> bytes:
    """As Fluent Bit's splunk output has them."""
    return "".join(json.dumps({"time": 1795428930.5, "event": record}) for record in records).encode()


_WAYS: dict[str, tuple[str, str, Callable[[list[dict[str, Any]]], bytes]]] = {
    "lines": ("/ingest", "application/x-ndjson", _lines),
    "array": ("/ingest", "application/json", lambda records: json.dumps(records).encode()),
    "msgpack": ("/ingest", "application/msgpack", _entries),
    "events": ("/services/collector/event", "", _events),
    "raw": ("/services/collector/raw", "", _lines),
}


@pytest.mark.parametrize("way", _WAYS)
def test_records_over_http(rig: Rig, way: str) -> None:
    path, content_type, framed = _WAYS[way]
    answer = _post(rig, path, framed(_RECORDS), content_type)
    assert _told(rig.spooled()) == _EXPECTED
    if path == "/ingest":
        assert answer["formats"] == sorted(_EXPECTED)


@pytest.mark.parametrize("way", ["lines", "msgpack", "events"])
def test_a_format_that_is_named_is_that_of_all(tmp_path: Path, way: str) -> None:
    path, content_type, framed = _WAYS[way]
    tokens = {"tokens": [{"token": "t", "format": "envoy_text"}]}
    with http_port(tmp_path, hec=tokens) as rig:
        path = path.replace("/ingest", "/ingest/envoy_text")
        answer = _post(rig, path, framed(_RECORDS), content_type, Authorization="Splunk t")
        assert "formats" not in answer
        assert [name for name, _ in rig.spooled()] == ["envoy_text"]
        assert len(rig.spooled()[0][1].splitlines()) == len(_RECORDS)


def test_texts_of_hec(rig: Rig) -> None:
    texts = [COMBINED, TEXT, ISTIO, json.dumps(ACCESS), '{"level": "info"}', MULE, _TRACE, COMBINED]
    body = "".join(json.dumps({"event": text, "time": 1, "sourcetype": "any"}) for text in texts)
    _post(rig, "/services/collector", body.encode())
    assert _told(rig.spooled()) == {
        "combined": [COMBINED, COMBINED],
        "envoy_text": [TEXT],
        "json": [{"body": ISTIO}, {"level": "info"}],
        "envoy_json": [ACCESS],
        "mule_log": [MULE, _TRACE],
    }


@pytest.mark.parametrize("mode", ["forward", "packed", "compressed"])
def test_records_over_forward(tmp_path: Path, mode: str) -> None:
    entries = _entries(_RECORDS)
    messages: dict[str, list[Any]] = {
        "forward": ["tag", [[[event_time(), {}], record] for record in _RECORDS]],
        "packed": ["tag", entries, {"fluent_signal": 0}],
        "compressed": ["tag", gzip.compress(entries), {"compressed": "gzip"}],
    }
    assert _told(_forwarded(tmp_path, [messages[mode]])) == _EXPECTED


def test_records_over_forward_one_by_one(tmp_path: Path) -> None:
    """Messages become payloads as they come in: which together, and so what goes on with another, is left to chance."""
    records = [record for record in _RECORDS if record.get("log") != _TRACE]
    found = _forwarded(tmp_path, [["tag", MOMENT, record] for record in records])
    joined = {name: b"".join(body for of, body in found if of == name) for name, _ in found}
    assert _told(list(joined.items())) == _EXPECTED | {"mule_log": [MULE]}


def _forwarded(directory: Path, messages: list[Any]) -> list[tuple[str, bytes]]:
    with forward(directory) as rig:
        with rig.connect() as agent:
            for message in messages:
                agent.send(message)
            agent.leave()
        return [(found["format"], found["body"]) for found in forwarded(rig.directory / "spool")]


def test_the_same_key_is_stored_once_whatever_is_in_the_body(store: Store, tmp_path: Path) -> None:
    with http_port(tmp_path, environment="mixed-key") as rig:
        for _ in range(2):
            _post(rig, "/ingest", _lines(_RECORDS), **{"Idempotency-Key": "mixed"})
        store_all(store, rig.spool)
    counted = [
        store.rows(f"SELECT count() FROM {table} WHERE environment = 'mixed-key'")[0][0]
        for table in ("requests", "metrics", "logs", "dead_letters")
    ]
    # A stack trace is one log with its message, and each number of the cpu record is one of the metrics.
    assert counted == [6, 6, 5, 0]
