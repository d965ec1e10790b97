"""Values in lines that are not what they should be: stored exactly, as unknown where a column can say so, or dead."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from storage.store import Store
from tests.collector.damage.damage_rig import (
    ENVOY_RECORD,
    FLEX_MESSAGE,
    dead_letters,
    flex_record,
    load,
    records,
    rows,
)

_ODD: tuple[Any, ...] = (
    -1, 99_999, 70_000, 1e30, -0.5, 12.5, 2**16 + 200, 2**31, 2**32 + 12, 2**63, 2**64 - 1, 2**64, 2**64 + 12, 10**18,
    "1e3", "NaN", "nan", "inf", "-", "", " 12", "12 ", "0x10", "12,5", True, False, [], {}, [12], {"a": 1},
)  # fmt: skip

_ENVOY_COLUMNS = {
    "response_code": ("status", 1),
    "bytes_received": ("request_bytes", 1),
    "bytes_sent": ("response_bytes", 1),
    "duration": ("duration_us", 1000),
    "upstream_service_time": ("upstream_us", 1000),
    "grpc_status": ("grpc_status", 1),
}
_FLEX_COLUMNS = {
    "statusCode": ("status", 1),
    "requestBytes": ("request_bytes", 1),
    "responseBytes": ("response_bytes", 1),
}
_MULE_EVENT = {
    "api_id": 1,
    "received_ts": "2026-11-23T10:15:30.114Z",
    "replied_ts": "2026-11-23T10:15:30.120Z",
    "status_code": 200,
    "request_bytes": 7,
    "response_bytes": 375,
    "path": "/survivor",
}
_MULE_COLUMNS = {
    "status_code": ("status", 1),
    "request_bytes": ("request_bytes", 1),
    "response_bytes": ("response_bytes", 1),
}
# What says nothing, on purpose.
_NOTHING = ("-", "", -1, None)

Fields = Mapping[str, Any]


def _json(fields: Fields) -> bytes:
    return json.dumps(fields).encode()


def _envoy_text(fields: Fields) -> bytes:
    told = {name: str(value) if value != "" else "-" for name, value in fields.items()}
    return (
        (
            '[{start_time}] "GET /survivor HTTP/1.1" {response_code} - {bytes_received} {bytes_sent} {duration} '
            '{upstream_service_time} "-" "curl" "{request_id}" "host" "10.0.0.1:80"'
        )
        .format(**told)
        .encode()
    )


def _flex(fields: Fields) -> bytes:
    return flex_record(fields)


# Format: a whole record, how it is written, the name of its id, and the columns of its numbers.
_NUMBERED: Mapping[str, tuple[Fields, Callable[[Fields], bytes], str, Mapping[str, tuple[str, int]]]] = {
    "envoy_json": (ENVOY_RECORD, _json, "request_id", _ENVOY_COLUMNS),
    "envoy_text": (
        ENVOY_RECORD,
        _envoy_text,
        "request_id",
        {name: column for name, column in _ENVOY_COLUMNS.items() if name != "grpc_status"},
    ),
    "flex": (FLEX_MESSAGE, _flex, "reqId", _FLEX_COLUMNS),
    "mule_analytics": (_MULE_EVENT, _json, "transaction_id", _MULE_COLUMNS),
}


def _numbers_of(store: Store, segment: str, columns: Mapping[str, tuple[str, int]]) -> dict[str, tuple[Any, ...]]:
    names = ", ".join(column for column, _ in columns.values())
    return {row[0]: row[1:] for row in rows(store, "requests", f"request_id, {names}", segment)}


@pytest.mark.parametrize("name", _NUMBERED)
def test_odd_numbers(store: Store, tmp_path: Path, name: str) -> None:
    whole, written, id_name, columns = _NUMBERED[name]
    cases = {
        f"{field}-{number}": (field, value)
        for field in columns
        for number, value in enumerate(_ODD)
        # A value with a space in it is another field of a line.
        if name != "envoy_text" or (not isinstance(value, (list, dict, bool)) and " " not in str(value))
    }
    lines = [written({**whole, field: value, id_name: case}) for case, (field, value) in cases.items()]
    segment = load(store, tmp_path, name, b"\n".join(lines))
    assert records(store, segment) == len(lines)
    found = _numbers_of(store, segment, columns)
    dead = b"\n".join(dead_letters(store, segment))
    for case, (field, value) in cases.items():
        if case not in found:
            assert case.encode() in dead
            continue
        place = list(columns).index(field)
        stored, factor = found[case][place], columns[field][1]
        exact = value if isinstance(value, int) and not isinstance(value, bool) else None
        if stored is None or (value in _NOTHING and stored == 0):
            continue
        assert exact is not None, (case, value, stored)
        assert stored == exact * factor, (case, value, stored)


@pytest.mark.parametrize("name", [name for name in _NUMBERED if name != "envoy_text"])
def test_numbers_as_text_are_the_same_numbers(store: Store, tmp_path: Path, name: str) -> None:
    whole, written, id_name, columns = _NUMBERED[name]
    as_text = {field: str(value) if field in columns else value for field, value in whole.items()}
    segment = load(
        store,
        tmp_path,
        name,
        b"\n".join([written({**whole, id_name: "number"}), written({**as_text, id_name: "text"})]),
    )
    found = _numbers_of(store, segment, columns)
    assert found["number"] == found["text"]
    assert 200 in found["text"]


@pytest.mark.parametrize("name", [name for name in _NUMBERED if name != "envoy_text"])
def test_null_is_what_is_unknown(store: Store, tmp_path: Path, name: str) -> None:
    whole, written, id_name, _ = _NUMBERED[name]
    fields = [field for field in whole if field != id_name]
    lines = [written({**whole, field: None, id_name: f"null-{field}"}) for field in fields]
    lines += [
        written({**{other: value for other, value in whole.items() if other != field}, id_name: f"none-{field}"})
        for field in fields
    ]
    segment = load(store, tmp_path, name, b"\n".join(lines))
    assert records(store, segment) == len(lines)
    every = "request_id, * EXCEPT (request_id, ingested_at, time)"
    found = {row[0]: row[1:] for row in rows(store, "requests", every, segment)}
    for field in fields:
        assert found.get(f"null-{field}") == found.get(f"none-{field}"), field


def test_keys_that_nobody_knows_change_nothing(store: Store, tmp_path: Path) -> None:
    """What a later version may add; a known name twice is read once, whichever that is."""
    for name, (whole, written, id_name, _) in _NUMBERED.items():
        if name == "envoy_text":
            continue
        added = {"schema_version": 99, "new": {"nested": [1, {"a": None}]}, "": 1, "💡": "x", "path ": "/other"}
        lines = [written({**whole, id_name: "plain"}), written({**added, **whole, **added, id_name: "added"})]
        segment = load(store, tmp_path, name, b"\n".join(lines))
        every = "request_id, * EXCEPT (request_id, ingested_at)"
        plain, more = sorted(rows(store, "requests", every, segment), reverse=True)
        assert plain[1:] == more[1:]


@pytest.mark.parametrize("protocol", ["HTTP/9", "HTTP/1.1.1", "SPDY/3", "-", "x" * 300])
def test_versions_of_http_are_stored_as_they_are_logged(store: Store, tmp_path: Path, protocol: str) -> None:
    segment = load(store, tmp_path, "envoy_json", _json({**ENVOY_RECORD, "protocol": protocol}))
    assert rows(store, "requests", "protocol", segment) == [
        (protocol.replace("-", "") if protocol == "-" else protocol,)
    ]


def test_log4js_json_layout_with_new_keys(store: Store, tmp_path: Path) -> None:
    known = {"timeMillis": 1795428933000, "thread": "main", "level": "NOTICE", "loggerName": "a.B", "message": "x"}
    new = {"instant": {"epochSecond": 1795428933, "nanoOfSecond": 5}, "endOfBatch": False, "threadId": 1, "later": [1]}
    segment = load(store, tmp_path, "mule_log", _json(known) + b"\n" + _json({**known, **new}))
    assert rows(store, "logs", "body, severity", segment) == [("x", "NOTICE")] * 2
