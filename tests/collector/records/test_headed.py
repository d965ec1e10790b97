"""Logs whose beginning says how the rest is to be read: W3C's fields, the names of CSV, the journal's export."""

import io
import json
import struct
from pathlib import Path

import httpx
import pytest

from collector.errors import PayloadError, PayloadTooLarge
from collector.formats.custom.known import known_formats
from collector.importer.block import Labels
from collector.importer.importer import import_stream
from collector.importer.sorting import Sorter
from collector.records.headed.log import unheaded
from tests.collector.rigs.import_rig import MemorySink
from tests.collector.rigs.ingest_rig import http_port, payloads
from tests.patience import PATIENCE

_FORMATS = known_formats()
_LIMIT = 1 << 20

_ACCESS = '203.0.113.4 - - [23/Nov/2026:10:15:30 +0000] "GET /orders/17 HTTP/1.1" 200 117 "-" "curl/8.5.0"'
_ANYPOINT = '"Application","Client IP","Resource Path",Timestamp,"API ID","API Version ID","API Name","Response Time"'
_IIS = """#Software: Microsoft Internet Information Services 10.0
#Version: 1.0
#Date: 2026-11-23 00:00:00
#Fields: time c-ip cs-method cs-uri-stem sc-status time-taken
10:13:06 203.0.113.4 GET /orders/17 200 85
#Fields: date time cs-uri-stem cs-method sc-status sc-bytes
2026-11-24 10:13:07 /orders/18 POST 201 12
cut off
"""
_CLOUDFRONT = """#Version: 1.0
#Fields: date time time-taken sc-status cs-method cs-uri-stem x-edge-result-type cs(User-Agent)
2026-11-23\t10:13:06\t0.031\t200\tGET\t/orders/17\tHit\ta b
"""
_SOFTWARE = "#Software Microsoft Internet Information Services"

_CASES: dict[str, tuple[str, str, list[dict[str, str]]]] = {
    "fields that change": (
        _IIS,
        "iis_fields",
        [
            {"time": "10:13:06", "cs-uri-stem": "/orders/17", "time-taken": "85", "date": "2026-11-23"},
            {"date": "2026-11-24", "time": "10:13:07", "cs-method": "POST", "sc-bytes": "12"},
        ],
    ),
    "fields behind tabs": (
        _CLOUDFRONT,
        "cloudfront_fields",
        [{"time-taken": "0.031", "cs(User-Agent)": "a b", "x-edge-result-type": "Hit"}],
    ),
    "fields of another program, one quoted": (
        "#Software: Apache Tomcat/10.1.5\n#Fields: date time c-ip cs-method cs-uri sc-status\n"
        '2026-11-23 10:13:06 192.0.2.1 GET "/a ""b""" 200\n',
        "w3c",
        [{"cs-uri": '/a "b"', "sc-status": "200", "#Software Apache Tomcat": "Apache Tomcat/10.1.5"}],
    ),
    "a report": (
        "\ufeff" + _ANYPOINT + '\r\n"acme, ""Inc.""",203.0.113.4,/orders/17,2026-11-23T10:13:06Z,1,2,orders,12\r\n',
        "anypoint_analytics",
        [{"Application": 'acme, "Inc."', "Response Time": "12", "API Name": "orders"}],
    ),
    "a report between semicolons, with a line in a value": (
        _ANYPOINT.replace(",", ";") + '\n"a\nb";203.0.113.4;/orders/17;2026-11-23T10:13:06Z;1;2;orders;\n',
        "anypoint_analytics",
        [{"Application": "a\nb", "Response Time": ""}],
    ),
    "names of no program": (
        "time,method,path,status,latency_ms\n2026-11-23T10:13:06Z,GET,/orders,200,12\n",
        "access_json",
        [{"method": "GET", "latency_ms": "12"}],
    ),
}


def _lines(body: bytes, name: str) -> list[dict[str, str]]:
    return [json.loads(line) for line in body.splitlines() if line.startswith(b"{")] if name else []


@pytest.mark.parametrize("case", _CASES)
def test_names_at_the_beginning_name_the_values_below(case: str, tmp_path: Path) -> None:
    log, name, expected = _CASES[case]

    sink = MemorySink()
    summary = import_stream(io.BytesIO(log.encode()), Sorter("log", _FORMATS), sink, Labels(), block_bytes=200)
    with http_port(tmp_path, formats=_FORMATS) as rig:
        answer = httpx.post(f"{rig.http}/ingest", content=log.encode(), timeout=PATIENCE, trust_env=False)
        assert answer.json()["format"] == name
        [posted] = [_lines(told["body"], name) for told in payloads(rig) if told["format"] == name]

    imported = [line for block in sink.blocks.values() for line in _lines(block.body, block.format)]
    assert summary.format == name
    assert {block.format for block in sink.blocks.values()} == {name}
    assert imported == posted
    assert [{key: line[key] for key in wanted} for line, wanted in zip(imported, expected, strict=True)] == expected
    assert all((_SOFTWARE in line) == (name == "iis_fields") for line in imported)


def test_a_line_with_more_or_fewer_values_than_names_stays_as_it_is() -> None:
    assert unheaded(_IIS.encode(), _LIMIT, _FORMATS).endswith(b"\ncut off\n")
    assert unheaded((_ANYPOINT + "\na,b\n").encode(), _LIMIT, _FORMATS) == b"a,b\n"
    assert unheaded((_ANYPOINT + '\n"never closed\nc,d').encode(), _LIMIT, _FORMATS) == b'"never closed\nc,d\n'


def test_a_log_is_read_as_it_stands_where_its_format_is_one_of_text() -> None:
    assert unheaded(_IIS.encode(), _LIMIT, _FORMATS, "iis") == _IIS.encode()
    assert unheaded(_IIS.encode(), _LIMIT, _FORMATS, "iis_fields") != _IIS.encode()


@pytest.mark.parametrize(
    "text",
    ["# HELP up, a, b\nup 1\n", "a,b,c\n1,2,3\n", f"{_ACCESS}, {_ACCESS}, {_ACCESS}\n", "time,method,path,status"],
)
def test_other_text_has_no_names_at_its_beginning(text: str) -> None:
    assert unheaded(text.encode(), _LIMIT, _FORMATS) == text.encode()


def test_a_body_does_not_grow_without_bounds() -> None:
    log = b"#Fields: " + b" ".join(b"a-name-that-is-long%d" % number for number in range(100))
    with pytest.raises(PayloadTooLarge):
        unheaded(log + b"\n" + b" ".join([b"1"] * 100), 200, _FORMATS)


_ENTRY = b"__CURSOR=s=1;i=af01\n__REALTIME_TIMESTAMP=1795428930123456\n_HOSTNAME=edge\nSYSLOG_IDENTIFIER=nginx\n"


def _binary(value: bytes) -> bytes:
    return b"MESSAGE\n" + struct.pack("<Q", len(value)) + value + b"\n"


def test_entries_of_a_journal_that_was_exported() -> None:
    log = _ENTRY + f"MESSAGE={_ACCESS}\n\n".encode() + _ENTRY + _binary(_ACCESS.encode() + b"\nnot one line")

    sink = MemorySink()
    import_stream(io.BytesIO(log), Sorter("journal", _FORMATS), sink, Labels())

    assert sink.lines()["combined"][0] == _ACCESS.encode()
    assert {(block.gateway, block.peer) for block in sink.blocks.values()} == {("", "edge")}


def test_an_exported_journal_may_be_cut_off_and_not_be_nonsense() -> None:
    whole = _ENTRY + _binary(_ACCESS.encode())
    for length in range(len(_ENTRY), len(whole)):
        assert unheaded(whole[:length], _LIMIT, _FORMATS).startswith(b'{"__CURSOR":"s=1;i=af01"')
    with pytest.raises(PayloadError, match="export it again"):
        unheaded(_ENTRY + b"MESSAGE\n" + b"\xff" * 9, _LIMIT, _FORMATS)
