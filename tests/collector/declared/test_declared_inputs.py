"""A declared format by the inputs: the same rows whether it is named or recognised."""

import json
import time
from pathlib import Path
from typing import Any

import httpx
import pytest
from fluent import sender
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

from collector.formats.custom.definition import FormatDefinition
from collector.formats.custom.known import known_formats
from collector.formats.custom.remembered import RememberedFormats
from collector.formats.registry import Formats
from collector.receivers.otlp_screen import Screen
from collector.spool.spool import Spool
from storage.store import Store
from tests.collector.rigs.forward_rig import forward
from tests.collector.rigs.receiver_rig import receivers
from tests.collector.rigs.storing import writer_of
from tests.collector.rigs.waiting import wait_until
from tests.patience import PATIENCE

_EDGE = {"name": "edge", "nginx": '$remote_addr [$time_local] "$request" $status $request_time "$http_user_agent"'}
_SHOP = {
    "name": "shop",
    "json": {"time": "ts", "status": "response.code", "url": "uri", "duration": {"field": "took", "unit": "ms"}},
    "match": {"has": ["took", "response.code"]},
}
_COUNT = 4


def _formats(elsewhere: RememberedFormats | None = None) -> Formats:
    definitions = [FormatDefinition.model_validate(each) for each in (_EDGE, _SHOP)]
    return known_formats(definitions, elsewhere.find if elsewhere else lambda _: None)


def _edge_lines() -> list[str]:
    now = time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime())
    return [f'192.0.2.1 [{now}] "GET /orders/{number} HTTP/1.1" 200 0.00{number} "curl/8"' for number in range(_COUNT)]


def _shop_lines() -> list[str]:
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    return [
        json.dumps({"ts": now, "response": {"code": 200}, "uri": f"/orders/{number}", "took": number})
        for number in range(_COUNT)
    ]


_LINES = {"edge": _edge_lines, "shop": _shop_lines}


def _rows(store: Store, spool: Spool, formats: Formats, environment: str) -> list[tuple[Any, ...]]:
    writer = writer_of(store, spool, formats=formats)
    while segment := spool.take(0):
        writer.store(segment)
    return store.rows(
        "SELECT format, path, duration_us FROM requests WHERE environment = {e:String} ORDER BY path",
        {"e": environment},
    )


def _expected(name: str) -> list[tuple[Any, ...]]:
    return [(name, f"/orders/{number}", number * 1000) for number in range(_COUNT)]


@pytest.mark.parametrize("name", _LINES)
@pytest.mark.parametrize("is_named", [True, False], ids=["named", "recognised"])
@pytest.mark.parametrize("is_in_records", [False, True], ids=["lines", "records of an agent"])
def test_posted(store: Store, tmp_path: Path, name: str, is_named: bool, is_in_records: bool) -> None:
    environment, formats = f"declared-{name}-{is_named}-{is_in_records}", _formats()
    lines = _LINES[name]()
    held = [json.dumps({"log": line, "stream": "stdout"}) for line in lines] if is_in_records else lines
    with receivers(tmp_path, environment=environment, formats=formats) as rig:
        address = f"{rig.http}/ingest/{name}" if is_named else f"{rig.http}/ingest"
        httpx.post(address, content="\n".join(held).encode(), trust_env=False, timeout=PATIENCE).raise_for_status()
    assert _rows(store, rig.spool, formats, environment) == _expected(name)


@pytest.mark.parametrize("name", _LINES)
def test_forwarded(store: Store, tmp_path: Path, name: str) -> None:
    environment, formats = f"declared-forward-{name}", _formats()
    settings: dict[str, Any] = {"environment": environment, "rules": [{"tag": "*"}]}
    with forward(tmp_path, settings, formats=formats) as rig:
        client = sender.FluentSender("shop", host="127.0.0.1", port=rig.port)
        for line in _LINES[name]():
            assert client.emit(None, {"log": line}), client.last_error
        client.close()
        wait_until(lambda: sum(payload["body"].count(b"/orders/") for payload in rig.payloads()) == _COUNT)
    assert _rows(store, rig.spool, formats, environment) == _expected(name)


def test_a_body_of_two_declared_formats_is_taken_apart(tmp_path: Path) -> None:
    body = "\n".join(_shop_lines() + _edge_lines()).encode()
    with receivers(tmp_path, formats=_formats()) as rig:
        answer = httpx.post(f"{rig.http}/ingest", content=body, trust_env=False, timeout=PATIENCE)
        assert answer.json()["formats"] == ["edge", "shop"]


def test_a_format_that_has_left_the_configuration_is_still_read(store: Store, tmp_path: Path) -> None:
    remembered = RememberedFormats(tmp_path / "formats")
    remembered.remember(FormatDefinition.model_validate(_EDGE))
    with receivers(tmp_path / "spool", environment="declared-left", formats=_formats()) as rig:
        httpx.post(
            f"{rig.http}/ingest/edge", content="\n".join(_edge_lines()).encode(), trust_env=False, timeout=PATIENCE
        )
    later = known_formats((), RememberedFormats(tmp_path / "formats").find)
    assert _rows(store, rig.spool, later, "declared-left") == _expected("edge")
    # By its name, and not by its lines.
    assert later.find("edge") is not None
    assert later.recogniser.detect(_edge_lines()[0].encode()) is None
    assert later.find("../edge") is None


@pytest.mark.parametrize(
    ("definition", "line", "is_recognised"),
    [
        ({"nginx": "$remote_addr $status $uri"}, "192.0.2.1 200 /orders", False),
        ({"nginx": "$remote_addr $status $uri", "match": {"lines": True}}, "192.0.2.1 200 /orders", True),
        ({"nginx": "$time_iso8601 $status $uri"}, "2026-11-23T10:15:30+00:00 200 /orders", True),
        ({"nginx": "$time_iso8601 $status $uri", "match": {"lines": False}}, "2026-11-23T10:15:30Z 200 /a", False),
        ({"nginx": "access log: $status $uri"}, "access log: 200 /orders", True),
        ({"regex": r"^(?P<status>\d+) (?P<url>\S+)$"}, "200 /orders", False),
        ({"regex": r"(?i)^get (?P<url>\S+) (?P<status>\d+)$", "match": {"lines": True}}, "GET /orders 200", True),
        ({"regex": r"^größe=\pL (?P<status>\d+)$", "match": {"lines": True}}, "größe=ß 200", True),
        ({"regex": r"^(?P<url>\S+) (?P<status>\d+)$", "match": {"lines": True}}, "/orders 200\r", True),
        ({"regex": r"^(?P<url>\S+) (?P<status>\d+) \w+$", "match": {"lines": True}}, "/orders 200 é", False),
    ],
)
def test_which_lines_are_recognised_without_a_name(definition: dict[str, Any], line: str, is_recognised: bool) -> None:
    formats = known_formats([FormatDefinition.model_validate({"name": "own", **definition})])
    assert (formats.recogniser.detect(line.encode()) == "own") is is_recognised


@pytest.mark.parametrize("size", [10, 200, 5000])
@pytest.mark.parametrize("runtime", ["", "2026-11-23T10:15:30Z stdout F "])
def test_a_whole_body_of_otlp_is_looked_at_though_attributes_follow(size: int, runtime: str) -> None:
    definition = {"name": "own", "regex": r"^get (?P<url>\S+)(?: (?P<status>\d+))?$", "match": {"lines": True}}
    screen = Screen(known_formats([FormatDefinition.model_validate(definition)]))
    for line, is_request in ((f"get /{'é' * size} 200", True), (f"got /{'é' * size} 200", False)):
        request = ExportLogsServiceRequest()
        record = request.resource_logs.add().scope_logs.add().log_records.add()
        record.body.string_value = runtime + line
        attribute = record.attributes.add()
        attribute.key, attribute.value.string_value = "log.file.name", "own.log"
        assert screen.may_hold_requests(request.SerializeToString()) is is_request


_HOSTILE = (" ", '" "', '"', "a", "1", "/", ":", ", ", " : ", "[", "1.1.1.1:80, ", "{a} ", "\\", "=")


def test_a_hostile_line_is_looked_at_no_longer_than_any() -> None:
    definitions = [
        {
            "name": "a",
            "nginx": '$remote_addr [$time_local] "$request" $status "$http_user_agent" $upstream_response_time',
        },
        {"name": "b", "nginx": "$time_iso8601 $status $http_a:$http_b-$http_c/$http_d $upstream_addr $http_e"},
        {"name": "c", "haproxy": "%ci:%cp [%tr] %ft %b/%s %TR/%Tw/%Tc/%Tr/%Ta %ST %tsc %hr %hs %{+Q}r"},
    ]
    recogniser = known_formats([FormatDefinition.model_validate(each) for each in definitions]).recogniser
    beginnings = (
        "",
        '192.0.2.1 [23/Nov/2026:10:15:30 +0000] "',
        '192.0.2.1 - - [23/Nov/2026:10:15:30 +0000] "GET / HTTP/1.1" 200 1 "a" "b" 1 "',
        "2026-11-23T10:15:30Z 200 ",
        "192.0.2.1:1 [23/Nov/2026:10:15:30.123] f b/s 1/1/1/1/1 200 ---- ",
    )
    started = time.process_time()
    for beginning in beginnings:
        for piece in _HOSTILE:
            recogniser.line_format((beginning + piece * 5000)[:4096])
    # With time that grows with a power of the length, one of them alone takes longer.
    assert time.process_time() - started < 20
