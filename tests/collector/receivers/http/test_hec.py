"""Splunk's HTTP Event Collector: its answers as Splunk gives them, and its events as rows."""

import base64
import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import ValidationError

from collector.receivers.http.config import HttpConfig
from storage.store import Store
from tests.collector.rigs.ingest_rig import http_port, payloads
from tests.collector.rigs.receiver_rig import Rig
from tests.collector.rigs.spooling import leave_room
from tests.collector.rigs.storing import store_all
from tests.patience import PATIENCE

_CHANNEL = "FE0ECFAD-13D5-401B-847D-77833BD77131"
_TOKENS = [
    {"token": "open-sesame"},
    {"token": "of-mule", "environment": "hec-mule", "gateway": "mule-1"},
    {"token": "of-nginx", "format": "combined", "environment": "hec-nginx"},
]
_AUTHORIZED = {"Authorization": "Splunk open-sesame"}
_COMBINED = '10.0.0.1 - - [23/Nov/2026:10:15:30 +0000] "GET /orders/%d HTTP/1.1" 200 10 "-" "-"'
_ANALYTICS = {"api_id": 1, "api_version_id": 2, "received_ts": "2026-11-23T10:15:30.114Z", "status_code": 200}


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    settings = {
        "tokens": _TOKENS,
        "sourcetypes": [{"name": "our:access", "format": "common"}],
    }
    with http_port(tmp_path, max_body_size=1 << 20, environment="hec", hec=settings) as started:
        yield started


def _post(rig: Rig, path: str, body: bytes, headers: dict[str, str] | None = None) -> httpx.Response:
    return httpx.post(
        f"{rig.http}/services/collector{path}",
        content=body,
        headers=httpx.Headers(_AUTHORIZED if headers is None else headers, encoding="latin-1"),
        trust_env=False,
        timeout=PATIENCE,
    )


def _events(*events: dict[str, Any]) -> bytes:
    """As Splunk's own libraries send them: nothing stands between them."""
    return "".join(json.dumps(event) for event in events).encode()


_SUCCESS = {"text": "Success", "code": 0}


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({}, 401, 2),
        ({"Authorization": "Nonsense"}, 401, 3),
        ({"Authorization": "Splunk"}, 401, 3),
        ({"Authorization": "Basic !!!"}, 401, 3),
        ({"Authorization": "Basic é"}, 401, 3),
        ({"Authorization": "Splunk of-nobody"}, 403, 4),
        ({"Authorization": "Basic " + base64.b64encode(b"x:of-nobody").decode()}, 403, 4),
        ({"Authorization": "Basic " + base64.b64encode(b"x:open-sesame").decode()}, 200, 0),
        ({"Authorization": "splunk open-sesame"}, 200, 0),
    ],
)
def test_tokens(rig: Rig, headers: dict[str, str], status: int, code: int) -> None:
    for path in ("", "/event", "/event/1.0"):
        answer = _post(rig, path, b'{"event": {"a": 1}}', headers)
        assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert len(payloads(rig)) == (3 if status == 200 else 0)


@pytest.mark.parametrize(
    ("path", "body", "status", "answered"),
    [
        ("/event", b"", 400, {"text": "No data", "code": 5}),
        ("/raw", b"", 400, {"text": "No data", "code": 5}),
        ("/raw", b" \n", 400, {"text": "No data", "code": 5}),
        ("/event", b" \n", 400, {"text": "No data", "code": 5}),
        ("/event", b"nonsense", 400, {"text": "Invalid data format", "code": 6, "invalid-event-number": 0}),
        ("/event", b'{"event": 1} {"ev', 400, {"text": "Invalid data format", "code": 6, "invalid-event-number": 1}),
        ("/event", b'{"event": 1}[1]', 400, {"text": "Invalid data format", "code": 6, "invalid-event-number": 1}),
        ("/event", b'{"host": 7, "event": 1}', 400, {"text": "Invalid data format", "code": 6}),
        (
            "/event",
            b'{"event": 1}{"time": 1}',
            400,
            {"text": "Event field is required", "code": 12, "invalid-event-number": 1},
        ),
        (
            "/event",
            b'{"event": ""}',
            400,
            {"text": "Event field cannot be blank", "code": 13, "invalid-event-number": 0},
        ),
        ("/event", b'{"event":' * 5000, 400, {"text": "Invalid data format", "code": 6, "invalid-event-number": 0}),
        ("/event", b"x" * (2 << 20), 413, {"text": "Request entity too large", "code": 27}),
    ],
)
def test_faults(rig: Rig, path: str, body: bytes, status: int, answered: dict[str, Any]) -> None:
    answer = _post(rig, path, body)
    assert answer.status_code == status
    assert answer.json().items() >= answered.items()
    assert payloads(rig) == []


def test_more_events_than_are_taken_at_once(tmp_path: Path) -> None:
    most = 500_000
    with http_port(tmp_path) as rig:
        for path, event in (("/event", b'{"event":1}'), ("/raw", b"nothing that tells\n")):
            answer = _post(rig, path, event * (most + 1))
            assert (answer.status_code, answer.json()["code"]) == (413, 27)
            assert f"{most} are taken at once; send smaller batches" in answer.json()["detail"]
        assert payloads(rig) == []
        assert _post(rig, "/raw", b"nothing that tells\n" * most).json() == _SUCCESS
        [payload] = payloads(rig)
        assert payload["body"].count(b"\n") == most


def test_only_ends_of_lines_end_a_line(rig: Rig) -> None:
    assert _post(rig, "/raw", "a\x0bb\u2028c\rd\r\n \ne".encode() + b"\xff").json() == _SUCCESS
    [payload] = payloads(rig)
    found = [json.loads(line)["body"] for line in payload["body"].rstrip(b"\n").split(b"\n")]
    assert found == ["a\x0bb\u2028c", "d", "e\ufffd"]


def test_events_as_deep_as_can_be_read(rig: Rig) -> None:
    """What is read may still be too deep to be put on a line, for it is read where less of the stack is taken."""
    statuses = set()
    for depth in range(920, 1000):
        statuses.add(_post(rig, "/event", b'{"event":' + b"[\n" * depth + b"]" * depth + b"}").status_code)
    assert statuses == {200, 400}


def test_health(rig: Rig) -> None:
    for path in ("/health", "/health/1.0"):
        answer = httpx.get(f"{rig.http}/services/collector{path}", trust_env=False, timeout=PATIENCE)
        assert (answer.status_code, answer.json()) == (200, {"text": "HEC is healthy", "code": 17})


@pytest.mark.parametrize("path", ["", "/event", "/event/1.0", "/raw", "/raw/1.0"])
def test_dockers_log_driver_asks_before_it_starts_a_container(rig: Rig, path: str) -> None:
    """It takes nothing but 200 for an answer, and sends no token with it."""
    answer = httpx.options(f"{rig.http}/services/collector{path}", trust_env=False, timeout=PATIENCE)
    assert (answer.status_code, answer.json()["code"]) == (200, 17)
    assert _post(rig, path, b'{"event": "a"}', {}).status_code == 401


@pytest.mark.parametrize("where", ["header", "address"])
def test_what_is_answered_is_acknowledged(rig: Rig, where: str) -> None:
    headers = _AUTHORIZED | ({"X-Splunk-Request-Channel": _CHANNEL} if where == "header" else {})
    query = f"?channel={_CHANNEL}" if where == "address" else ""
    numbers = []
    for path, body in (("/event", b'{"event": {"a": 1}}'), ("/raw", b"line")):
        answer = _post(rig, path + query, body, headers).json()
        assert answer.items() >= _SUCCESS.items()
        numbers.append(answer["ackId"])
    asked = json.dumps({"acks": [*numbers, numbers[-1] + 1, 0]}).encode()
    answer = _post(rig, "/ack" + query, asked, headers)
    assert answer.json() == {
        "acks": {str(numbers[0]): True, str(numbers[1]): True, str(numbers[1] + 1): False, "0": True}
    }


def test_channels(rig: Rig) -> None:
    assert _post(rig, "/event", b'{"event": {"a": 1}}').json() == _SUCCESS
    assert _post(rig, "/ack", b'{"acks": [1]}').json() == {"text": "Data channel is missing", "code": 10}
    for path in ("/event", "/raw", "/ack"):
        answer = _post(rig, f"{path}?channel=no-guid", b'{"event": {"a": 1}}')
        assert (answer.status_code, answer.json()["code"]) == (400, 11)
    asked = (b'"x"', b"1", b"[{}]", b"[1e999]")
    for body in (b"nonsense", b"{}", b"[" * 5000, *(b'{"acks": %b}' % numbers for numbers in asked)):
        answer = _post(rig, f"/ack?channel={_CHANNEL}", body)
        assert (answer.status_code, answer.json()["code"]) == (400, 6)


def test_a_full_spool_asks_to_come_again(tmp_path: Path) -> None:
    with http_port(tmp_path) as full:
        leave_room(full.spool, 100)
        answer = _post(full, "/event", _events({"event": "x" * 200}), {})
        assert answer.status_code == 503
        assert answer.headers["Retry-After"] == "1"
        assert answer.json().items() >= {"text": "Server is busy", "code": 9}.items()


def test_without_tokens_in_the_settings_any_is_good(tmp_path: Path) -> None:
    with http_port(tmp_path) as open_to_all:
        for headers in ({}, {"Authorization": "Splunk whatever"}):
            assert _post(open_to_all, "/event", b'{"event": {"a": 1}}', headers).json() == _SUCCESS


def test_tokens_are_never_shown() -> None:
    config = HttpConfig.model_validate({"hec": {"tokens": _TOKENS}})
    assert "open-sesame" not in repr(config)
    assert "open-sesame" not in str(config.model_dump())
    with pytest.raises(ValidationError, match="'otlp_logs' is not a format of lines or records; use one of"):
        HttpConfig.model_validate({"hec": {"tokens": [{"token": "x", "format": "otlp_logs"}]}})


def test_events_that_are_text_are_lines(rig: Rig) -> None:
    events = [{"event": _COMBINED % number, "time": 1, "host": "edge-1", "sourcetype": "any"} for number in range(3)]
    body = gzip.compress(_events(*events))
    assert _post(rig, "", body, _AUTHORIZED | {"Content-Encoding": "gzip"}).json() == _SUCCESS
    [payload] = payloads(rig)
    assert (payload["format"], payload["peer"], payload["environment"]) == ("combined", "edge-1", "hec")
    assert payload["body"].decode().splitlines() == [_COMBINED % number for number in range(3)]


@pytest.mark.parametrize(
    ("sourcetype", "line", "found"),
    [
        ("access_combined", "nothing that tells", "combined"),
        ("haproxy", "nothing that tells", "haproxy"),
        ("our:access", "nothing that tells", "common"),
        ("whatever", _COMBINED % 1, "combined"),
        ("whatever", "nothing that tells", "json"),
    ],
)
def test_sourcetypes_are_formats(rig: Rig, sourcetype: str, line: str, found: str) -> None:
    assert _post(rig, "/event", _events({"event": line, "sourcetype": sourcetype})).json() == _SUCCESS
    assert _post(rig, f"/raw?sourcetype={sourcetype}&host=edge-2", line.encode()).json() == _SUCCESS
    assert [(payload["format"], payload["peer"]) for payload in payloads(rig)] == [
        (found, "127.0.0.1"),
        (found, "edge-2"),
    ]


def test_a_token_tells_format_environment_and_gateway(rig: Rig) -> None:
    assert _post(rig, "/raw", b"nothing that tells", {"Authorization": "Splunk of-nginx"}).json() == _SUCCESS
    assert _post(rig, "/event", _events({"event": _ANALYTICS}), {"Authorization": "Splunk of-mule"}).json() == _SUCCESS
    assert [(payload["format"], payload["environment"], payload["gateway"]) for payload in payloads(rig)] == [
        ("combined", "hec-nginx", ""),
        ("mule_analytics", "hec-mule", "mule-1"),
    ]


def test_events_become_rows(store: Store, rig: Rig) -> None:
    """What Mule's agent, Splunk's appender for log4j, Flex's Fluent Bit and anybody else send."""
    log4j = {"severity": "ERROR", "logger": "org.mule.A", "thread": "main", "message": "it }{ failed"}
    flex = {"logger": "flex-gateway-agent", "level": "info", "kind": "runtimeLog", "message": "started"}
    events: list[dict[str, Any]] = [
        {"event": _ANALYTICS | {"path": "/orders/1"}, "source": "mule-events", "sourcetype": "mule", "host": "mule-01"},
        {"event": log4j, "time": "1795428930.250", "host": "mule-02", "source": "orders", "sourcetype": "log4j"},
        {"event": flex, "time": 1795428931.5, "host": "flex-01"},
        {"event": {"message": "anything", "level": "warn"}, "time": 1795428932, "host": "h-1", "sourcetype": "app"},
        {"event": "a line of \u00e4nything", "time": 1795428933, "host": "h-2"},
    ]
    assert _post(rig, "/event", _events(*events)).json() == _SUCCESS
    store_all(store, rig.spool)
    found = store.rows("SELECT gateway_kind, instance, api FROM requests WHERE environment = 'hec'")
    assert found == [("mule", "mule-01", "orders")]
    logs = store.rows(
        "SELECT toUnixTimestamp64Milli(time), gateway_kind, instance, severity, body FROM logs"
        " WHERE environment = 'hec' ORDER BY time"
    )
    assert [(moment, kind, instance, severity) for moment, kind, instance, severity, _ in logs] == [
        (1795428930250, "mule", "mule-02", "ERROR"),
        (1795428931500, "flex", "flex-01", "INFO"),
        (1795428932000, "", "h-1", "WARN"),
        (1795428933000, "", "h-2", ""),
    ]
    assert [body for *_, body in logs] == ["it }{ failed", "started", "anything", "a line of änything"]
    assert store.rows("SELECT count() FROM dead_letters WHERE environment = 'hec'") == [(0,)]


@pytest.mark.parametrize(
    "event",
    [b"5", b"true", b"[1, 2]", b'{"a": {"b": 1}}', b"{}", b'"\\ud800 lone"', b'"bad \xff UTF-8"', b'{"a": "\xff"}'],
)
def test_events_of_any_kind_are_kept(store: Store, tmp_path: Path, event: bytes) -> None:
    environment = f"hec-{event.hex()}"
    with http_port(tmp_path, environment=environment) as rig:
        answer = _post(rig, "/event", b'{"event": ' + event + b"}", {})
        assert answer.json() == _SUCCESS
        store_all(store, rig.spool)
    counted = [
        store.rows(f"SELECT count() FROM {table} WHERE environment = {{e:String}}", {"e": environment})[0][0]
        for table in ("requests", "logs", "dead_letters")
    ]
    assert sum(counted) == 1
