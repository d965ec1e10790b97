"""OTLP's JSON that comes in lines: each request is stored under its signal, or becomes a dead letter as a whole."""

import json
import time
from pathlib import Path
from typing import Any

import pytest

from collector.formats.otlp.descriptor import NOT_OTLP
from collector.importer.block import Labels
from collector.importer.importer import import_file
from collector.spool.config import SpoolConfig
from collector.spool.payload import Payload
from collector.spool.spool import Spool
from gatelens.data_directory.block_sinks import SpoolSink
from storage.store import Store
from tests.collector.rigs.storing import store_all

_NOW = time.time_ns()
_REASON = NOT_OTLP.reason
_TABLES = {"logs": "body", "metrics": "name", "spans": "name", "dead_letters": "body"}


def _logs(body: str, **more: Any) -> dict[str, Any]:
    record = {"timeUnixNano": str(_NOW), "body": {"stringValue": body}, **more}
    return {"resourceLogs": [{"scopeLogs": [{"logRecords": [record]}]}]}


def _metrics(name: str, value: Any) -> dict[str, Any]:
    metric = {"name": name, "gauge": {"dataPoints": [{"timeUnixNano": _NOW, "asInt": value}]}}
    return {"resourceMetrics": [{"scopeMetrics": [{"metrics": [metric]}]}]}


def _spans(name: str) -> dict[str, Any]:
    span = {"traceId": "a" * 32, "spanId": "b" * 16, "name": name, "startTimeUnixNano": _NOW, "endTimeUnixNano": _NOW}
    return {"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}


def _lines(*requests: dict[str, Any] | str) -> bytes:
    told = [request if isinstance(request, str) else json.dumps(request) for request in requests]
    return "\n".join(told).encode() + b"\n"


def _stored(store: Store, directory: Path, *payloads: tuple[str, bytes], environment: str) -> dict[str, list[str]]:
    spool = Spool(directory / "spool", SpoolConfig(segment_age=60))
    for number, (name, body) in enumerate(payloads):
        spool.append_segment(f"{environment}-{number}", [Payload(name, body, _NOW // 1000, environment)])
    store_all(store, spool)
    return _found(store, environment)


def _found(store: Store, environment: str) -> dict[str, list[str]]:
    return {
        table: [str(row[0]) for row in rows]
        for table, column in _TABLES.items()
        if (rows := store.rows(f"SELECT {column} FROM {table} WHERE environment = '{environment}' ORDER BY {column}"))
    }


def test_each_line_is_a_request_of_its_own_signal(store: Store, tmp_path: Path) -> None:
    """As the OpenTelemetry Collector's file exporter writes them, which puts all signals into one file."""
    body = _lines(_logs("a"), _metrics("b", 1), _spans("c"), {}, "", _logs("d") | _spans("e"))
    found = _stored(store, tmp_path, ("otlp_logs_json", body), environment="otlp-signals")
    assert found == {"logs": ["a", "d"], "metrics": ["b"], "spans": ["c", "e"]}


@pytest.mark.parametrize(
    "wrong",
    [
        json.dumps(_logs("too large", attributes=[{"key": "a", "value": {"intValue": str(2**63)}}])),
        json.dumps(_metrics("below zero", 1)).replace('"asInt": 1', '"asInt": 1, "flags": -1'),
        json.dumps(_metrics("half", 0.5)),
        json.dumps(_spans("number")).replace('"number"', "7"),
        json.dumps(_logs("cut off"))[:-3],
        '{"resource_logs": []}',
        "[]",
        "no JSON",
    ],
)
def test_what_is_no_request_becomes_a_dead_letter_and_its_neighbours_are_stored(
    store: Store, tmp_path: Path, wrong: str
) -> None:
    environment = f"otlp-wrong-{abs(hash(wrong))}"
    body = _lines(_logs("before"), wrong, _metrics("behind", 7))
    found = _stored(store, tmp_path, ("otlp_logs_json", body), environment=environment)
    assert found == {"logs": ["before"], "metrics": ["behind"], "dead_letters": [wrong]}
    told = store.rows(f"SELECT reason FROM dead_letters WHERE environment = '{environment}'")
    assert told == [(_REASON,)]


def test_requests_that_are_written_over_many_lines(store: Store, tmp_path: Path) -> None:
    whole = json.dumps(_logs("whole"), indent=2)
    broken = whole.replace("whole", "broken").replace(str(_NOW), "soon")
    payloads = [("otlp_logs_json", text.encode()) for text in (whole, broken)]
    found = _stored(store, tmp_path, *payloads, environment="otlp-over-lines")
    assert found == {"logs": ["whole"], "dead_letters": [broken]}


def test_numbers_as_javascript_writes_them(store: Store, tmp_path: Path) -> None:
    body = _lines(_metrics("exact", 5), _metrics("exponent", 1)).replace(b'"asInt": 1}', b'"asInt": 2.5e18}')
    _stored(store, tmp_path, ("otlp_metrics_json", body), environment="otlp-javascript")
    told = store.rows("SELECT name, value FROM metrics WHERE environment = 'otlp-javascript' ORDER BY name")
    assert told == [("exact", 5), ("exponent", 2.5e18)]


def test_a_file_of_requests_longer_than_what_is_looked_at(store: Store, tmp_path: Path) -> None:
    long = _logs("long", attributes=[{"key": "a", "value": {"stringValue": "x" * 100_000}}])
    (tmp_path / "otlp.jsonl").write_bytes(_lines(long, _metrics("metric", 1)))
    spool = Spool(tmp_path / "spool", SpoolConfig(segment_age=60))
    summary = import_file(tmp_path / "otlp.jsonl", SpoolSink(spool, store), Labels("otlp-file"))
    store_all(store, spool)
    assert summary.format == "otlp_logs_json"
    assert _found(store, "otlp-file") == {"logs": ["long"], "metrics": ["metric"]}
    again = import_file(tmp_path / "otlp.jsonl", SpoolSink(spool, store), Labels("otlp-file"))
    assert (again.blocks, again.blocks_known) == (1, 1)
