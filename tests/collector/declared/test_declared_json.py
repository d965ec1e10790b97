"""Formats declared as fields of JSON lines, and as regular expressions."""

from pathlib import Path
from typing import Any

import pytest

from storage.store import Store
from tests.collector.declared.declared_rows import declared_rows

_SHOP: dict[str, Any] = {
    "json": {
        "time": "ts", "status": "response.code", "method": "request.method", "url": "request.uri",
        "duration": {"field": "took", "unit": "ms"}, "consumer": ["client.app", "client.id"], "request_id": "rid",
        "user_agent": "request.headers.User-Agent[0]", "attributes": {"cache": "response.cache"},
    },
}  # fmt: skip


def test_fields_of_objects_lists_and_keys_with_dots(store: Store, tmp_path: Path) -> None:
    rows = declared_rows(
        store, tmp_path, _SHOP,
        '{"ts":"2026-11-23T10:15:30.5Z","response":{"code":200,"cache":"HIT"},"request":{"method":"GET","uri":"/a?x",'
        '"headers":{"User-Agent":["curl/8","x"]}},"took":1.5,"client":{"id":"c-1"},"rid":"r-1"}',
        '{"ts":"2026-11-23T10:15:31Z","response.code":"503","request.method":"GET","request.uri":"/b","took":"7"}',
    )  # fmt: skip
    assert [(row["path"], row["status"], row["duration_us"], row.get("consumer")) for row in rows] == [
        ("/a", 200, 1500, "c-1"),
        ("/b", 503, 7000, None),
    ]
    assert (rows[0]["user_agent"], rows[0]["request_id"], rows[0]["attributes"]) == ("curl/8", "r-1", {"cache": "HIT"})


@pytest.mark.parametrize("took", ["null", '""', '"-"', "-1"])
def test_a_duration_that_is_not_known_is_none(store: Store, tmp_path: Path, took: str) -> None:
    line = f'{{"ts":"2026-11-23T10:15:30Z","response":{{"code":200}},"request":{{"uri":"/a"}},"took":{took}}}'
    [row] = declared_rows(store, tmp_path, _SHOP, line)
    assert row["table"] == "requests"
    assert "duration_us" not in row


def test_objects_of_something_else_and_what_is_none(store: Store, tmp_path: Path) -> None:
    rows = declared_rows(
        store, tmp_path, _SHOP,
        '{"level":"error","time":"2026-11-23T10:15:30Z","msg":"of an application"}',
        '{"response":{"code":200},"req',
        "no JSON",
        '{"ts":"2026-11-23T10:15:30Z","response":{"code":"abc"},"request":{"uri":"/a"}}',
        '{"ts":"yesterday","response":{"code":200},"request":{"uri":"/a"}}',
        '{"ts":"2026-11-23T10:15:30Z","response":{"code":200},"request":{"uri":"/a"},"took":"long"}',
    )  # fmt: skip
    assert [row["severity"] for row in rows if row["table"] == "logs"] == ["ERROR"]
    assert sorted(row["reason"] for row in rows if row["table"] == "dead_letters") == [
        "edge: the duration is not a number",
        "edge: the status is not a number",
        "edge: the time is not a time",
        "not a line of the format edge",
        "not a line of the format edge",
    ]


@pytest.mark.parametrize(
    ("unit", "told", "duration_us"),
    [("s", "0.0125", 12_500), ("ms", "12.5", 12_500), ("us", "12500", 12_500), ("ns", "12500400", 12_500)],
)
def test_units(store: Store, tmp_path: Path, unit: str, told: str, duration_us: int) -> None:
    definition = {"json": {"status": "s", "url": "u", "duration": {"field": "d", "unit": unit}}}
    [row] = declared_rows(store, tmp_path, definition, f'{{"s":200,"u":"/a","d":{told}}}')
    assert row["duration_us"] == duration_us


@pytest.mark.parametrize(
    ("notation", "told"),
    [
        ("iso", '"2026-11-23T11:15:30.5+01:00"'),
        ("clf", '"23/Nov/2026:10:15:30 +0000"'),
        ("unix", "1795428930.5"),
        ("unix_ms", "1795428930500"),
        ("unix_us", "1795428930500000"),
        ("unix_ns", '"1795428930500000000"'),
        ("%d.%m.%Y %H:%M:%S", '"23.11.2026 11:15:30"'),
    ],
)
def test_times(store: Store, tmp_path: Path, notation: str, told: str) -> None:
    definition = {"json": {"time": {"field": "t", "format": notation}, "status": "s", "url": "u"}}
    [row] = declared_rows(store, tmp_path, definition, f'{{"t":{told},"s":200,"u":"/a"}}')
    assert row["time"].startswith("2026-11-23 10:15:30")


def test_a_regular_expression(store: Store, tmp_path: Path) -> None:
    definition = {
        "regex": r"^(?P<client_address>\S+) (?P<time>\S+) "
        r"(?P<url>\S+) (?P<status>\d+) (?P<duration>\d+)( (?P<zone>\w+))?$",
        "units": {"duration": "us"},
        "times": {"time": "iso"},
    }
    rows = declared_rows(
        store,
        tmp_path,
        definition,
        "192.0.2.1 2026-11-23T10:15:30Z /a 200 15 eu",
        "192.0.2.1 2026-11-23T10:15:31Z /b 404 7",
        "x",
    )
    assert [(row["table"], row.get("path"), row.get("duration_us"), row.get("attributes")) for row in rows] == [
        ("requests", "/a", 15, {"zone": "eu"}),
        ("requests", "/b", 7, None),
        ("dead_letters", None, None, None),
    ]


@pytest.mark.parametrize(("told", "duration_us"), [("0.001 0.010 0.002", 13_000), ("0.001 -1 -1", None)])
def test_a_duration_in_parts(store: Store, tmp_path: Path, told: str, duration_us: int | None) -> None:
    definition = {
        "regex": r"^(?P<status>\d+) (?P<url>\S+) (?P<duration_1>\S+) (?P<duration_2>\S+) (?P<duration_3>\S+)$",
        "units": {"duration": "s"},
    }
    [row] = declared_rows(store, tmp_path, definition, f"200 /a {told}")
    assert row.get("duration_us") == duration_us


def test_pairs_in_any_order(store: Store, tmp_path: Path) -> None:
    definition: dict[str, Any] = {
        "logfmt": {"time": ["ts", "leading_time"], "status": "code", "method": "m", "url": "path",
                   "duration": {"field": "took", "unit": "ms"}, "attributes": {"cache": "cache"}},
        "match": {"has": ["code", "m"]},
    }  # fmt: skip
    rows = declared_rows(
        store, tmp_path, definition,
        'ts=2026-11-23T10:15:30.5Z level=info m=GET path="/a?x=\\"1\\"" code=200 took=1.5 cache=HIT',
        "[23/Nov/2026:11:15:31 +0100] took=7 code=503 m=GET path=/b",
        'time="2026-11-23T10:15:32Z" level=warning msg="of the program itself"',
        "code=abc m=GET path=/c",
        "no pairs",
    )  # fmt: skip
    assert [
        (row["time"], row["path"], row["status"], row["duration_us"], row.get("attributes"))
        for row in rows
        if row["table"] == "requests"
    ] == [
        ("2026-11-23 10:15:30.500000", "/a", 200, 1500, {"cache": "HIT"}),
        ("2026-11-23 10:15:31.000000", "/b", 503, 7000, None),
    ]
    assert [row["severity"] for row in rows if row["table"] == "logs"] == ["WARN"]
    assert sorted(row["reason"] for row in rows if row["table"] == "dead_letters") == [
        "edge: the status is not a number",
        "not a line of the format edge",
    ]


def test_a_time_without_a_zone_may_be_in_utc(store: Store, tmp_path: Path) -> None:
    definition = {"regex": r"^(?P<time>.+)\t(?P<status>\d+)$", "times": {"time": "iso_utc"}}
    lines = ("2026-11-23 10:15:30\t200", "2026-11-23\t10:15:31\t200", "2026-11-23T11:15:32+01:00\t200")
    rows = declared_rows(store, tmp_path, definition, *lines)
    assert [row["time"] for row in rows] == [f"2026-11-23 10:15:{second}.000000" for second in (30, 31, 32)]
