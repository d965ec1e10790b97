"""Which format a record is in, alone and among others, and when a body of text is looked at line by line."""

import json
from collections.abc import Sequence
from typing import Any

import pytest

from collector.formats.formats import FORMATS
from collector.records.classify import Classifier, line_of
from collector.records.json_body import recognised
from collector.records.place import Part
from collector.records.slices import SLICE_BYTES, line_slices
from collector.records.text_body import by_format
from tests.collector.inputs.records_of_formats import ACCESS, COMBINED, CPU, EVENT, FLEX, ISTIO, MEM, MULE, TEXT


@pytest.mark.parametrize(
    ("record", "name"),
    [
        (ACCESS, "envoy_json"),
        ({"response_code": 200, "upstream_cluster": "a"}, "envoy_json"),
        ({"response_code": 200, "n": 1}, ""),
        ({"method": "GET", "path": "/", "start_time": "now", "msg": "an application's own"}, ""),
        (EVENT, "mule_analytics"),
        (FLEX, "flex"),
        (CPU, "fluent_metrics"),
        (CPU | {"hostname": "edge-1", "cluster": "eu", "date": 1.5, "kubernetes": {"pod_name": "a"}}, "fluent_metrics"),
        (CPU | {"message": "an application's own"}, ""),
        (CPU | {"n": 1}, ""),
        (CPU | {"cpu_p": "0.75"}, ""),
        (CPU | {"cpu0.p_user": None}, ""),
        ({"cpu_p": 0.75, "user_p": 0.5}, ""),
        (MEM, "fluent_metrics"),
        (MEM | {"proc_bytes": 1, "proc_hr": "1b"}, "fluent_metrics"),
        (MEM | {"Mem.free": True}, ""),
        ({"alive": True, "proc_name": "envoy", "pid": 7, "mem.VmRSS": 1, "fd": 2}, "fluent_metrics"),
        ({"alive": "yes", "proc_name": "envoy", "pid": 7}, ""),
        ({"alive": True, "hostname": "backend", "port": 80}, "fluent_metrics"),
        ({"alive": True}, ""),
        ({"read_size": 1, "write_size": 2}, "fluent_metrics"),
        ({"read_size": 1, "write_size": 2, "user": "an application's own"}, ""),
        ({"eth0.rx.bytes": 1, "eth0.rx.packets": 1, "eth0.tx.bytes": 2, "date": 1}, "fluent_metrics"),
        ({"eth0.rx.bytes": 1, "of": "an application"}, ""),
        ({"id": "6a2c", "name": "web", "cpu_used": 1, "mem_used": 2, "mem_limit": 3}, "fluent_metrics"),
        ({"id": 7, "name": "web", "cpu_used": 1, "mem_used": 2, "mem_limit": 3}, ""),
        ({"name": "thermal_zone0", "type": "acpitz", "temp": 40.0}, "fluent_metrics"),
        ({"name": "oven", "type": "kitchen", "temp": 180}, ""),
        ({}, ""),
    ],
)
def test_the_keys_of_a_record_tell_its_format(record: dict[str, Any], name: str) -> None:
    assert FORMATS.recogniser.record_format(record) == name
    assert FORMATS.recogniser.detect(json.dumps(record).encode()) == (name or None)
    assert Classifier(FORMATS).formats_of([record]) == [name or "json"]
    [(found, lines, _)] = recognised(json.dumps(record).encode(), FORMATS)
    assert (found, json.loads(lines)) == (name or "json", record)


def _by_name(parts: Sequence[Part]) -> dict[str, bytes]:
    return {part.format: part.body for part in parts}


def test_blank_lines_are_no_records() -> None:
    records: list[dict[str, Any]] = [
        {"log": "\n"},
        {"log": COMBINED},
        {"log": "", "stream": "stdout"},
        {"log": " ", "order": 4711},
    ]
    assert Classifier(FORMATS).formats_of(records) == ["", "combined", "", "json"]
    found = recognised(b"\n".join(json.dumps(record).encode() for record in records), FORMATS)
    assert _by_name(found) == {"combined": COMBINED.encode(), "json": json.dumps(records[3]).encode()}
    named = recognised(b"\n".join(json.dumps(record).encode() for record in records[:3]), FORMATS, "common")
    assert named == [Part("common", COMBINED.encode())]


@pytest.mark.parametrize("record", [b'{"log":"hello"}', b'{"n":1}', json.dumps(ACCESS).encode()])
def test_more_blank_lines_than_are_sorted_at_once(record: bytes) -> None:
    blank = b"\n" * (2 * SLICE_BYTES)
    [(name, lines, _)] = recognised(record + blank + record, FORMATS)
    assert name == recognised(record, FORMATS)[0][0]
    assert lines.split() == (record + b"\n" + record).split()


def test_each_record_is_of_its_own_format() -> None:
    records: list[dict[str, Any]] = [
        {"log": COMBINED}, {"log": TEXT + "\n"}, ACCESS, {"log": json.dumps(ACCESS)}, CPU, FLEX,
        {"log": json.dumps(EVENT)}, {"log": ISTIO}, {"level": "info"}, {"log": COMBINED},
    ]  # fmt: skip
    formats = [
        "combined", "envoy_text", "envoy_json", "envoy_json", "fluent_metrics", "flex",
        "mule_analytics", "json", "json", "combined",
    ]  # fmt: skip
    assert Classifier(FORMATS).formats_of(records) == formats
    assert Classifier(FORMATS).formats_of(records[::-1]) == formats[::-1]


def test_what_goes_on_with_a_record_of_mule_stays_with_it() -> None:
    lines = ["before", MULE, "\tat org.mule.A.b(A.java:1)", "Caused by: a.B", COMBINED, "\tat alone"]
    told = ["", "mule_log", "mule_log", "mule_log", "combined", ""]
    assert Classifier(FORMATS).formats_of_texts(lines) == told
    assert Classifier(FORMATS).formats_of([{"log": line} for line in lines]) == [name or "json" for name in told]
    of_other_pods = [{"log": line, "kubernetes": {"pod_name": str(number)}} for number, line in enumerate(lines)]
    assert Classifier(FORMATS).formats_of(of_other_pods) == ["json", "mule_log", "json", "json", "combined", "json"]


@pytest.mark.parametrize(
    ("record", "line"),
    [
        ({"log": "a"}, "a"),
        ({"message": "a", "date": 1, "host": "h"}, "a"),
        # Vector's, and Filebeat's, whose `log` tells of the file.
        ({"message": "a", "timestamp": "now", "source_type": "file", "file": "/a", "host": "h"}, "a"),
        ({"message": "a", "log": {"offset": 1}, "@timestamp": "now", "agent": {}, "ecs": {}, "input": {}}, "a"),
        # Logstash's, which keeps the line once more; Filebeat's of a module; Vector's of Docker, syslog, the journal.
        ({"message": "a", "@version": "1", "host": {"name": "h"}, "log": {}, "event": {"original": "a"}}, "a"),
        ({"message": "a", "service": {"type": "nginx"}, "fileset": {"name": "access"}, "type": "log"}, "a"),
        (
            {
                "message": "a",
                "container_created_at": "now",
                "image": "nginx",
                "label": {},
                "source_type": "docker_logs",
            },
            "a",
        ),
        ({"message": "a", "appname": "nginx", "facility": "local7", "severity": "info", "source_type": "syslog"}, "a"),
        ({"message": "a", "_SYSTEMD_UNIT": "nginx.service", "SYSLOG_FACILITY": "3", "source_type": "journald"}, "a"),
        ({"message": "a", "gateway": "edge", "environment": "test"}, "a"),
        ({"message": "a", "level": "info"}, ""),
        ({"message": "a", "severity": "info", "user": "u"}, ""),
        ({"log": 7}, ""),
        ({"log": None}, ""),
        ({}, ""),
    ],
)
def test_the_line_in_a_record(record: dict[str, Any], line: str) -> None:
    assert line_of(record) == line


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        ([COMBINED, "cut off", COMBINED], {"combined": [0, 1, 2]}),
        (["[info] first", ISTIO, TEXT, ISTIO], {"envoy_text": [0, 1, 2, 3]}),
        ([COMBINED, '{"level":"info"}', COMBINED, "other"], {"combined": [0, 2, 3], "json": [1]}),
        ([TEXT, json.dumps(ACCESS), TEXT], {"envoy_text": [0, 2], "envoy_json": [1]}),
        ([COMBINED, TEXT, ISTIO, COMBINED], {"combined": [0, 2, 3], "envoy_text": [1]}),
        ([TEXT, COMBINED, ISTIO], {"envoy_text": [0, 2], "combined": [1]}),
        ([COMBINED, '{"cut', json.dumps(CPU)], {"combined": [0], "json": [1], "fluent_metrics": [2]}),
        ([MULE, "{", '"a": 1', "}", TEXT], {"mule_log": [0, 1, 2, 3, 4]}),
        (["nothing", "that we know"], {}),
    ],
)
def test_a_body_of_text_by_format(lines: list[str], found: dict[str, list[int]]) -> None:
    body = "\n".join(lines).encode()
    for end in (b"", b"\n"):
        told = by_format(body + end, FORMATS)
        assert {name: part.decode().rstrip("\n").split("\n") for name, part, _ in told} == {
            name: [lines[number] for number in numbers] for name, numbers in found.items()
        }
        assert len(told) == len(found)


def test_text_after_records_is_sorted_too() -> None:
    body = "\n".join(['{"level":"info"}', COMBINED, '{"level":"warn"}', TEXT]).encode()
    assert recognised(body, FORMATS) == [
        Part("json", b'{"level":"info"}\n{"level":"warn"}'),
        Part("combined", COMBINED.encode()),
        Part("envoy_text", TEXT.encode()),
    ]


def test_bytes_that_are_no_letters_are_kept_as_they_are() -> None:
    body = COMBINED.replace("curl", "c\xff").encode("latin-1") + b'\n{"a": "\xff"}\n'
    assert by_format(body, FORMATS) == [
        Part("combined", body.split(b"\n")[0] + b"\n"),
        Part("json", b'{"a": "\xff"}'),
    ]


@pytest.mark.parametrize(
    "damage", [b'{"log": "\xff"}', b'{"log": "\\ud800"}', b"{", b'{"a":' * 3000, b"{}", b"[1]", b"7"]
)
def test_a_damaged_record_does_not_change_the_others(damage: bytes) -> None:
    good = json.dumps({"log": COMBINED}).encode()
    found = _by_name(recognised(b"\n".join([good, damage, good]), FORMATS))
    if damage in (b"[1]", b"7"):
        # Text between objects: each is a record as it is.
        assert found["json"].split(b"\n") == [good, damage, good]
    else:
        assert found["combined"].decode() == f"{COMBINED}\n{COMBINED}"
        assert damage in found["json"]


def test_large_bodies_are_sorted_by_slices() -> None:
    lines = [json.dumps({"log": COMBINED, "n": 1}), json.dumps({"log": "other", "n": 2}), json.dumps(CPU)] * 8000
    [(_, combined, _), (_, others, _), (_, measured, _)] = recognised("\n".join(lines).encode(), FORMATS)
    assert combined.split(b"\n") == [COMBINED.encode() + b'\x1e{"n":1}'] * 8000
    assert others.split(b"\n") == [lines[1].encode()] * 8000
    assert measured.split(b"\n") == [lines[2].encode()] * 8000
    text = "\n".join([COMBINED, '{"level": "info"}'] * 16_000).encode()
    assert [(name, body.count(b"\n") + 1) for name, body, _ in by_format(text, FORMATS)] == [
        ("combined", 16_000),
        ("json", 16_000),
    ]


@pytest.mark.parametrize(
    "lines", [b"", b"a", b"a\nb", b"abcdefghij\nk", b"a\n" * 50, b"\n\n", b"a" * 30 + b"\n" + b"b" * 30]
)
def test_slices_are_whole_lines(lines: bytes) -> None:
    found = list(line_slices(lines, 8))
    assert b"\n".join(found) == lines
    assert all(len(part) <= 8 or b"\n" not in part for part in found)
