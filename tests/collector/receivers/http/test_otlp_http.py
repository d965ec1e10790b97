"""OTLP over HTTP: every signal in both encodings, and an answer in the encoding of its request."""

import gzip
import json
import zlib
from pathlib import Path
from typing import Any

import cramjam
import httpx
import lz4.frame
import pytest
import zstandard
from google.rpc.error_details_pb2 import RetryInfo  # type: ignore[import-untyped]
from google.rpc.status_pb2 import Status  # type: ignore[import-untyped]

from tests.collector.rigs.access_logs import otlp_logs
from tests.collector.rigs.receiver_rig import LIMIT, Rig, receivers
from tests.collector.rigs.spooling import leave_room
from tests.patience import PATIENCE

_PROTOBUF = {"Content-Type": "application/x-protobuf"}
_JSON = {"Content-Type": "application/json"}
_SIGNALS = ("logs", "metrics", "traces")
_NAMES = {
    "logs": ("resourceLogs", "scopeLogs", "logRecords"),
    "metrics": ("resourceMetrics", "scopeMetrics", "metrics"),
}
_NAMES["traces"] = ("resourceSpans", "scopeSpans", "spans")


def _json(signal: str, record: Any) -> bytes:
    resources, scopes, records = _NAMES[signal]
    return json.dumps({resources: [{scopes: [{records: [record]}]}]}).encode()


@pytest.mark.parametrize("signal", _SIGNALS)
def test_protobuf_is_spooled_as_it_came(rig: Rig, client: httpx.Client, signal: str) -> None:
    body = otlp_logs("a", "b")
    headers = {"Content-Type": "application/x-protobuf; charset=utf-8"}
    answer = client.post(f"/v1/{signal}", content=body, headers=headers)
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["Content-Type"] == "application/x-protobuf"
    assert (f"otlp_{signal}", body) in rig.spooled()


@pytest.mark.parametrize("signal", _SIGNALS)
def test_json_is_spooled_as_it_came(rig: Rig, client: httpx.Client, signal: str) -> None:
    body = _json(signal, {"name": "a", "more": [{"than": "we know"}]})
    answer = client.post(f"/v1/{signal}", content=body, headers={"Content-Type": "Application/JSON"})
    assert (answer.status_code, answer.content) == (200, b"{}")
    assert answer.headers["Content-Type"] == "application/json"
    assert (f"otlp_{signal}_json", body) in rig.spooled()


_PACK: dict[str, Any] = {
    "gzip": gzip.compress,
    "zstd": zstandard.compress,
    "deflate": zlib.compress,
    "zlib": zlib.compress,
    "snappy": cramjam.snappy.compress_raw,
    "x-snappy-framed": cramjam.snappy.compress,
    "lz4": lz4.frame.compress,
}


@pytest.mark.parametrize("encoding", _PACK)
@pytest.mark.parametrize("kind", ["protobuf", "json"])
def test_packed_bodies_are_taken(rig: Rig, client: httpx.Client, encoding: str, kind: str) -> None:
    body = otlp_logs(encoding) if kind == "protobuf" else _json("logs", {"severityText": encoding})
    headers = (_PROTOBUF if kind == "protobuf" else _JSON) | {"Content-Encoding": encoding}
    assert client.post("/v1/logs", content=bytes(_PACK[encoding](body)), headers=headers).status_code == 200
    assert body in [spooled for _, spooled in rig.spooled()]


def test_an_empty_request_is_a_success_and_nothing_to_keep(rig: Rig, client: httpx.Client) -> None:
    before = rig.spool.size
    assert client.post("/v1/traces", content=b"", headers=_PROTOBUF).status_code == 200
    assert rig.spool.size == before


@pytest.mark.parametrize(
    ("body", "headers", "status", "message"),
    [
        (otlp_logs("a")[:-1], _PROTOBUF, 400, "cut off at byte"),
        (b"\x0b\x0c", _PROTOBUF, 400, "not Protobuf: wire type 3 at byte 0"),
        (b"\xff" * 20, _PROTOBUF, 400, "cut off"),
        (b"x", _PROTOBUF | {"Content-Encoding": "br"}, 415, "Content-Encoding 'br' is not known"),
        (otlp_logs("a" * LIMIT), _PROTOBUF, 413, "the limit is"),
        (gzip.compress(otlp_logs("a" * LIMIT)), _PROTOBUF | {"Content-Encoding": "gzip"}, 413, "larger than"),
        (
            otlp_logs("a"),
            {},
            415,
            "Content-Type '' is not taken here; send application/x-protobuf or application/json.",
        ),
        (b"a: b", {"Content-Type": "text/yaml"}, 415, "Content-Type 'text/yaml' is not taken here"),
    ],
)
def test_faults_are_statuses(
    rig: Rig, client: httpx.Client, body: bytes, headers: dict[str, str], status: int, message: str
) -> None:
    before = rig.spool.size
    answer = client.post("/v1/logs", content=body, headers=headers)
    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "application/x-protobuf"
    told = Status.FromString(answer.content)
    assert told.code == 3
    assert message in told.message
    assert rig.spool.size == before


@pytest.mark.parametrize(
    ("signal", "body", "message"),
    [
        ("logs", b"", "The body is empty"),
        ("logs", b"\x0a\x00", "not OTLP's JSON: JSON is malformed"),
        ("logs", b'{"resourceLogs": [', "Input data was truncated"),
        ("logs", b"[]", "Expected `object`, got `array`"),
        ("logs", b'{"resourceLogs": 7}', r"at `$.resourceLogs`"),
        ("logs", b'{"resourceLogs": ["\xff"]}', "The body is not OTLP's JSON"),
        ("logs", _json("logs", {"timeUnixNano": "soon"}), "logRecords[0].timeUnixNano"),
        ("logs", _json("logs", {"traceId": "abc"}), "logRecords[0].traceId"),
        ("logs", _json("logs", {"body": "text"}), "logRecords[0].body"),
        ("logs", _json("logs", {"attributes": {"a": 1}}), "logRecords[0].attributes"),
        ("metrics", _json("metrics", {"gauge": {"dataPoints": [{"asInt": 0.5}]}}), "dataPoints[0].asInt"),
        ("metrics", _json("metrics", {"histogram": {"dataPoints": [{"bucketCounts": ["x"]}]}}), "bucketCounts[0]"),
        ("metrics", _json("metrics", {"name": 5}), "metrics[0].name"),
        ("traces", _json("traces", {"kind": "SPAN_KIND_SERVER"}), "spans[0].kind"),
        ("traces", _json("traces", {"spanId": "zz"}), "spans[0].spanId"),
    ],
)
def test_faults_of_json_are_json(rig: Rig, client: httpx.Client, signal: str, body: bytes, message: str) -> None:
    before = rig.spool.size
    answer = client.post(f"/v1/{signal}", content=body, headers=_JSON)
    assert answer.status_code == 400
    assert answer.headers["Content-Type"] == "application/json"
    told = answer.json()
    assert told["code"] == 3
    assert message in told["message"]
    assert rig.spool.size == before


def test_what_may_be_written_in_two_ways_may(client: httpx.Client) -> None:
    point = {
        "timeUnixNano": 1,
        "asDouble": "NaN",
        "attributes": [{"key": "a", "value": {"intValue": 5}}],
        "exemplars": None,
    }
    other = {"timeUnixNano": "1", "asInt": "-5", "attributes": [{"key": "a", "value": {"doubleValue": "-Infinity"}}]}
    for body in (
        _json("metrics", {"name": "a", "gauge": {"dataPoints": [point, other]}}),
        _json("logs", {"traceId": "", "spanId": None, "body": {"arrayValue": {"values": [{}]}}}),
        b"{}",
        b' {"resourceLogs": null} ',
    ):
        signal = "metrics" if b"etrics" in body else "logs"
        answer = client.post(f"/v1/{signal}", content=body, headers=_JSON)
        assert answer.status_code == 200, answer.text


def test_values_nested_without_end_are_refused(client: httpx.Client) -> None:
    value = b'{"arrayValue":{"values":[' * 20_000
    body = b'{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":' + value
    answer = client.post("/v1/logs", content=body, headers=_JSON)
    assert answer.status_code == 400
    assert "nested too deep" in answer.json()["message"]


@pytest.mark.parametrize("kind", ["protobuf", "json"])
def test_a_full_spool_asks_to_come_again(tmp_path: Path, kind: str) -> None:
    body = otlp_logs("x" * 2000) if kind == "protobuf" else _json("logs", {"severityText": "x" * 2000})
    headers = _PROTOBUF if kind == "protobuf" else _JSON
    with receivers(tmp_path) as full:
        leave_room(full.spool, 1000)
        answer = httpx.post(f"{full.http}/v1/logs", content=body, headers=headers, trust_env=False, timeout=PATIENCE)
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
        assert answer.headers["Content-Type"] == headers["Content-Type"]
        if kind == "json":
            assert answer.json()["code"] == 8
            assert answer.json()["details"][0]["retryDelay"] == "1s"
        else:
            told = Status.FromString(answer.content)
            assert (told.code, told.message[:17]) == (8, "The spool is full")
            assert RetryInfo.FromString(told.details[0].value).retry_delay.seconds == 1
        assert full.spooled() == []
