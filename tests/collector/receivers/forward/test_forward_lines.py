"""Which format records are in, and what of them is the line: by rule, by tag, by what they hold."""

import json
from typing import Any

import msgpack  # type: ignore[import-untyped]
import pytest

from collector.formats.formats import FORMATS
from collector.intake.chunk_delivery import Kind
from collector.receivers.forward.config import ForwardConfig, ForwardRule
from collector.receivers.forward.entries import Entry, decode
from collector.receivers.forward.lines import Rules, classified
from collector.receivers.forward.message import parse
from collector.receivers.forward.records import Records
from collector.records.classify import Classifier
from collector.records.place import Part, Place
from tests.collector.rigs.forward_rig import MOMENT, whole

_TEXT = '[2026-11-23T10:15:30.123Z] "GET /pets HTTP/1.1" 200 - 0 375 12 11 "-" "a" "id" "pets" "10.0.0.1:80"'
_JSON = {"start_time": "2026-11-23T10:15:30Z", "method": "GET", "path": "/pets", "response_code": 200}
_COMBINED = '192.0.2.1 - - [23/Nov/2026:10:15:30 +0000] "GET / HTTP/1.1" 200 12 "-" "curl/8.5.0"'
_FLEX = {"logger": "flex-gateway-agent", "level": "info", "kind": "runtimeLog", "message": "started"}


def _sorted(*records: dict[str, Any], format_name: str = "") -> list[tuple[str, list[Any]]]:
    named = (ForwardRule(tag="*", format=format_name),) if format_name else ()
    rules = Rules(ForwardConfig(rules=named), FORMATS)
    found = classified([Entry(MOMENT, dict(record)) for record in records], "t", rules, Classifier(FORMATS))
    return [(lines.format, [_read(line) for line in lines.body.decode().splitlines()]) for lines in found]


def _read(line: str) -> Any:
    if not line.startswith("{"):
        return line
    record = json.loads(line)
    record.pop("fluent_time", None)
    record.pop("fluent_tag", None)
    return record


@pytest.mark.parametrize(
    ("record", "format_name", "line"),
    [
        ({"log": "hello"}, "json", {"log": "hello"}),
        ({"message": "hello", "n": 1}, "json", {"message": "hello", "n": 1}),
        ({}, "json", {}),
        ({"log": _TEXT}, "envoy_text", _TEXT),
        ({"log": _TEXT + "\n", "stream": "stdout"}, "envoy_text", _TEXT),
        ({"message": _TEXT}, "envoy_text", _TEXT),
        ({"message": _TEXT, "level": "info"}, "json", {"message": _TEXT, "level": "info"}),
        (_JSON, "envoy_json", _JSON),
        ({"log": json.dumps(_JSON)}, "envoy_json", _JSON),
        ({"log": json.dumps(_JSON, indent=1)}, "json", {"log": json.dumps(_JSON, indent=1)}),
        ({"response_code": 200}, "json", {"response_code": 200}),
        ({"log": _COMBINED}, "combined", _COMBINED),
        (_FLEX, "flex", _FLEX),
        ({"log": "[flex-gateway-agent][info] started"}, "flex", {"log": "[flex-gateway-agent][info] started"}),
        ({"log": {"no": "text"}}, "json", {"log": {"no": "text"}}),
    ],
)
def test_the_format_of_a_record(record: dict[str, Any], format_name: str, line: object) -> None:
    assert _sorted(record) == [(format_name, [line])]


def test_records_of_one_message_are_sorted_by_what_each_is() -> None:
    found = _sorted({"log": "starting"}, {"log": _TEXT}, _JSON, {"log": json.dumps(_JSON)}, {"log": "[info] no access"})
    assert sorted(found) == [
        ("envoy_json", [_JSON, _JSON]),
        ("envoy_text", [_TEXT]),
        ("json", [{"log": "starting"}, {"log": "[info] no access"}]),
    ]


def test_a_format_that_is_told_is_that_of_all() -> None:
    assert _sorted({"log": "a"}, {"message": "b"}, {"c": 1}, {"log": None}, format_name="combined") == [
        ("combined", ["a", "b", {"c": 1}, {"log": None}])
    ]
    assert _sorted({"log": _TEXT}, format_name="json") == [("json", [{"log": _TEXT}])]
    assert _sorted(_JSON, {"log": "x"}, format_name="envoy_json") == [("envoy_json", [_JSON, "x"])]


def test_lines_of_several_pods_are_told_apart() -> None:
    def record(pod: object, labels: object = None, namespace: object = "shop") -> dict[str, Any]:
        return {"log": _TEXT, "kubernetes": {"pod_name": pod, "labels": labels, "namespace_name": namespace}}

    records = [
        record("orders-7d9f8b6c5-bcdfg"),
        record("orders-7d9f8b6c5-fghjk", {"app": "orders-api"}),
        record("db-0", {"app.kubernetes.io/name": "postgres", "app": "db"}, None),
        record(None),
        {"log": _TEXT, "kubernetes": "odd"},
        {"log": _TEXT, "hostname": "edge-1"},
    ]
    line = _TEXT.encode() + b"\n"
    rules = Rules(ForwardConfig(), FORMATS)
    assert classified([Entry(MOMENT, found) for found in records], "t", rules, Classifier(FORMATS)) == [
        Part("envoy_text", line, Place("orders.shop", "orders-7d9f8b6c5-bcdfg")),
        Part("envoy_text", line, Place("orders.shop", "orders-7d9f8b6c5-fghjk")),
        Part("envoy_text", line, Place("db", "db-0")),
        Part("envoy_text", line * 2),
        Part("envoy_text", line, Place("", "edge-1")),
    ]


def test_rules_by_tag() -> None:
    config = ForwardConfig.model_validate(
        {
            "environment": "all",
            "rules": [
                {"tag": "nginx.edge", "format": "combined", "gateway": "edge"},
                {"tag": "nginx.*", "format": "combined", "environment": "test"},
                {"tag": "*.flex", "format": "flex"},
            ],
        }
    )
    records = Records(Rules(config, FORMATS), config)
    for tag in ("nginx.edge", "nginx.a.b", "a.flex", "other"):
        message = parse(whole(msgpack.packb([tag, [[MOMENT, {"log": tag}]]])), 1000)
        assert message is not None
        records.add(message)
    assert [kind for kind, _ in records.payloads()] == [
        Kind("combined", "all", "edge"),
        Kind("combined", "test", ""),
        Kind("flex", "all", ""),
        Kind("json", "all", ""),
    ]


def test_small_messages_of_a_tag_become_one_payload() -> None:
    config = ForwardConfig()
    records = Records(Rules(config, FORMATS), config)
    for number in range(5000):
        message = parse(whole(msgpack.packb([f"tag-{number % 2}", MOMENT, {"log": "x" * 500}])), 10_000)
        assert message is not None
        records.add(message)
    [(kind, body)] = records.payloads()
    assert kind == Kind("json", "", "")
    assert body.count(b"\n") == 5000


def test_a_batch_is_read_the_same_fast_and_one_by_one() -> None:
    entries = [[MOMENT, {"log": f"{number}", "inner": {"a": [1.5, None, "é"]}}] for number in range(10)]
    fast, _ = decode(msgpack.packb(entries))
    slow, _ = decode(msgpack.packb([*entries, [MOMENT, {"bytes": b"\xff"}]]))
    assert [(entry.head, entry.record) for entry in fast] == [(entry.head, entry.record) for entry in slow[:-1]]


@pytest.mark.parametrize("format_name", ["", "combined"])
def test_a_blank_line_is_no_record(format_name: str) -> None:
    records = [{"log": "", "stream": "stdout"}, {"log": _COMBINED}, {"log": ""}]
    assert _sorted(*records, format_name=format_name) == [("combined", [_COMBINED])]
