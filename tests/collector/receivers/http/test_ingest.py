"""Bodies in every framing that clients use become the same lines, and the first record tells what they are."""

import gzip
import json
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from storage.store import Store
from tests.collector.rigs.access_logs import json_line
from tests.collector.rigs.ingest_rig import http_port, payloads
from tests.collector.rigs.receiver_rig import Rig
from tests.collector.rigs.spooling import leave_room
from tests.collector.rigs.storing import store_all
from tests.patience import PATIENCE

_COMBINED = b'10.0.0.%d - - [23/Nov/2026:10:15:30 +0000] "GET /orders/%d HTTP/1.1" 200 10 "-" "a \\"b\\""'
_LINES = [_COMBINED % (number, number) for number in range(1, 4)]
_TEXT = b"\n".join(_LINES)
_EVENT = {"api_id": 1, "api_version_id": 2, "received_ts": "2026-11-23T10:15:30.114Z", "status_code": 200, "path": "/a"}
_EVENTS = [_EVENT | {"event_id": str(number)} for number in range(3)]
_ACCESS = [json.loads(json_line(str(number))) for number in range(3)]


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    with http_port(tmp_path_factory.mktemp("spool"), max_body_size=8 << 20) as started:
        yield started


def _post(rig: Rig, path: str, body: bytes, content_type: str = "", **headers: str) -> httpx.Response:
    told = {"Content-Type": content_type} if content_type else {}
    return httpx.post(rig.http + path, content=body, headers=told | headers, trust_env=False, timeout=PATIENCE)


def _stored(rig: Rig, path: str, body: bytes, content_type: str = "") -> tuple[str, bytes]:
    before = Counter(rig.spooled())
    answer = _post(rig, path, body, content_type)
    assert answer.status_code == 200, answer.text
    assert answer.json()["accepted_bytes"] == len(body)
    [found] = Counter(rig.spooled()) - before
    return found


def _agent(lines: list[bytes]) -> list[dict[str, Any]]:
    """Records as Fluent Bit makes them of a file's lines."""
    return [{"date": 1795428930.5 + number, "log": line.decode()} for number, line in enumerate(lines)]


def _json_lines(records: list[dict[str, Any]]) -> bytes:
    return b"\n".join(json.dumps(record).encode() for record in records)


def _msgpack(records: list[dict[str, Any]], *, with_metadata: bool) -> bytes:
    """Entries in a row: a time with nanoseconds, in newer versions with metadata beside it, and a record."""
    entries = []
    for record in records:
        moment: Any = msgspec.msgpack.Ext(0, (1795428930).to_bytes(4, "big") + (5).to_bytes(4, "big"))
        entries.append(msgspec.msgpack.encode([[moment, {}] if with_metadata else moment, record]))
    return b"".join(entries)


_FRAMINGS: dict[str, Callable[[list[dict[str, Any]]], tuple[bytes, str]]] = {
    "lines": lambda records: (_json_lines(records), "application/x-ndjson"),
    "array": lambda records: (json.dumps(records).encode(), "application/json"),
    "pretty array": lambda records: (json.dumps(records, indent=2).encode(), "application/json"),
    "pretty objects": lambda records: ("\n".join(json.dumps(r, indent=2) for r in records).encode(), ""),
    "in a row": lambda records: ("".join(json.dumps(record) for record in records).encode(), "application/json"),
}


@pytest.mark.parametrize("framing", _FRAMINGS)
@pytest.mark.parametrize("named", [True, False], ids=["named", "found"])
@pytest.mark.parametrize(
    ("name", "records"), [("envoy_json", _ACCESS), ("mule_analytics", _EVENTS), ("json", [{"a": "}{"}, {"b": [1]}])]
)
def test_json_comes_in_many_framings(
    rig: Rig, framing: str, name: str, records: list[dict[str, Any]], named: bool
) -> None:
    body, content_type = _FRAMINGS[framing](records)
    found, lines = _stored(rig, f"/ingest/{name}" if named else "/ingest", body, content_type)
    assert found == name
    assert [json.loads(line) for line in lines.splitlines()] == records


@pytest.mark.parametrize("framing", [*_FRAMINGS, "msgpack", "msgpack with metadata"])
@pytest.mark.parametrize("path", ["/ingest", "/ingest/combined"])
def test_an_agent_puts_lines_into_records(rig: Rig, framing: str, path: str) -> None:
    records = _agent(_LINES)
    if framing.startswith("msgpack"):
        body, content_type = _msgpack(records, with_metadata="with" in framing), "application/msgpack"
    else:
        body, content_type = _FRAMINGS[framing](records)
    found, lines = _stored(rig, path, body, content_type)
    assert (found, lines.rstrip(b"\n")) == ("combined", _TEXT)


def test_text_is_taken_as_it_is(rig: Rig) -> None:
    assert _stored(rig, "/ingest", _TEXT, "text/plain; charset=utf-8") == ("combined", _TEXT)
    assert _stored(rig, "/ingest", json.dumps([line.decode() for line in _LINES]).encode()) == ("combined", _TEXT)


def test_the_answer_tells_what_was_found(rig: Rig) -> None:
    answer = _post(rig, "/ingest?environment=e&gateway=g&peer=p", gzip.compress(_TEXT), **{"Content-Encoding": "gzip"})
    assert answer.json() == {"accepted_bytes": len(_TEXT), "format": "combined"}
    expected = {"format": "combined", "body": _TEXT, "environment": "e", "gateway": "g", "peer": "p"}
    assert expected in payloads(rig)


@pytest.mark.parametrize(
    ("path", "body", "content_type", "message"),
    [
        ("/ingest", b"nothing that we know", "", "not recognised from the first lines; name it"),
        ("/ingest", b"", "", "The body is empty"),
        ("/ingest", b"[]", "application/json", "The body holds no records"),
        ("/ingest/json", b'[{"a": 1}, {"b', "application/json", "a JSON array that cannot be read.*Send it whole"),
        ("/ingest", b"a\0b", "", "The body is binary; name its format"),
        ("/ingest/json", b"no msgpack", "application/msgpack", "The body is no MessagePack"),
        ("/ingest/nonsense", b"x", "", "Format 'nonsense' is not known"),
    ],
)
def test_what_cannot_be_framed_is_refused(rig: Rig, path: str, body: bytes, content_type: str, message: str) -> None:
    before = rig.spool.size
    answer = _post(rig, path, body, content_type)
    assert answer.status_code == 400
    with pytest.raises(ValueError, match=message):
        raise ValueError(answer.json()["error"])
    assert rig.spool.size == before


@pytest.mark.parametrize(
    "body",
    [b'{"a": 1}\n{"cut', b'{"cut', b'{"a": 1} nonsense {"b": 2}', b'{"a": "\xff"}\n', b'{"a":' * 5000, b"{}{}{"],
)
def test_a_broken_record_does_not_cost_the_others(rig: Rig, body: bytes) -> None:
    assert _stored(rig, "/ingest/json", body) == ("json", body)


def test_several_records_on_a_line_do_not_cost_those_before_it(rig: Rig) -> None:
    body = json.dumps({"log": _LINES[0].decode()}).encode() + b'\n{"a": 1}{"b": 2}\n'
    assert _post(rig, "/ingest", body).status_code == 200
    kept = {(payload["format"], payload["body"]) for payload in payloads(rig)}
    assert kept >= {("combined", _LINES[0]), ("json", b'{"a": 1}{"b": 2}')}


def test_the_same_key_is_one_segment(rig: Rig) -> None:
    records = [*_agent(_LINES[:1]), {"date": 1, "other": "record"}]
    body = _msgpack(records, with_metadata=False)
    for _ in range(2):
        answer = _post(rig, "/ingest", body, "application/msgpack", **{"Idempotency-Key": "once"})
        assert answer.status_code == 200


def test_mules_events_in_anypoints_place(store: Store, tmp_path: Path) -> None:
    with http_port(tmp_path, environment="mule-events") as rig:
        for body in (json.dumps(_EVENTS).encode(), _json_lines(_EVENTS), json.dumps(_EVENT).encode()):
            packed = gzip.compress(body)
            answer = _post(
                rig, "/v2/analytics/events", packed, "application/json; charset=UTF-8", **{"Content-Encoding": "gzip"}
            )
            assert answer.status_code == 202
        answer = _post(rig, "/mule/mule-named/v2/analytics/events", json.dumps(_EVENT).encode())
        assert answer.status_code == 202
        assert _post(rig, "/v2/analytics/events", b'[{"cut').status_code == 400
        store_all(store, rig.spool)
    counted = store.rows(
        "SELECT environment, count(), any(api), any(gateway_kind), any(api_id), any(api_version) FROM requests"
        " WHERE environment IN ('mule-events', 'mule-named') GROUP BY environment ORDER BY environment"
    )
    assert counted == [("mule-events", 7, "a", "mule", "2", ""), ("mule-named", 1, "a", "mule", "2", "")]


def test_a_full_spool_asks_to_come_again(tmp_path: Path) -> None:
    with http_port(tmp_path) as full:
        leave_room(full.spool, 100)
        for path, body in (("/ingest", _TEXT), ("/v2/analytics/events", _json_lines(_EVENTS))):
            answer = _post(full, path, body)
            assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
