"""Lines that something else has wrapped: what is told apart of them, and what becomes of it."""

import json
from collections.abc import Sequence
from typing import Any

import pytest

from collector.formats.custom.known import known_formats
from collector.formats.formats import FORMATS
from collector.records.json_body import unframed
from collector.records.place import Part, Place, place_of
from collector.records.prefixes import unwrapped
from collector.records.unwrap import parts

ACCESS = '203.0.113.4 - - [23/Nov/2026:10:15:30 +0000] "GET /orders/17 HTTP/1.1" 200 117 "-" "curl/8.5.0"'
ISTIO = (
    '[2026-11-23T10:15:30.123Z] "GET /orders/17 HTTP/1.1" 200 - via_upstream - "-" 0 178 20 19 "-" "curl/8.5.0" "id-1" '
    '"orders:8080" "10.1.0.5:8080" outbound|8080||orders.shop.svc.cluster.local 10.1.0.4:1 10.1.0.5:8080 '
    "10.1.0.4:2 - default"
)
FLEX = "[flex-gateway-agent][warn] Registration is using v1 version"
MULE = "INFO  2026-11-23 10:15:30,123 [main] org.mule.Example: order 42"
POD = "edge-7d9c8b5f66-x2x4q"
TASK = "0123456789abcdef0123456789abcdef"
_NANOSECONDS = "2026-11-23T10:15:30.123456789Z"

_BALANCED = {"requestMethod": "GET", "requestUrl": "https://shop.example.com/orders/17", "status": 502}

PREFIXES: dict[str, tuple[str, dict[str, Any], Place]] = {
    "compose": ("shop-edge-1  | ", {"container_name": "shop-edge-1"}, Place("shop-edge", "shop-edge-1")),
    "compose, in colour": (
        "\x1b[36medge-1  |\x1b[0m ", {"container_name": "edge-1"}, Place("edge", "edge-1"),
    ),
    "compose with times": (
        f"edge_1  | {_NANOSECONDS} ", {"container_name": "edge_1", "time": _NANOSECONDS}, Place("edge", "edge_1"),
    ),
    "swarm": (
        "shop_edge.1.k2j3h4@node-1    | ", {"container_name": "shop_edge.1.k2j3h4", "_HOSTNAME": "node-1"},
        Place("shop_edge", "shop_edge.1.k2j3h4"),
    ),
    "kubectl": (
        f"[pod/{POD}/app] ", {"kubernetes": {"pod_name": POD, "container_name": "app"}}, Place("edge", POD),
    ),
    "kubectl with times": (
        f"[pod/{POD}/app] {_NANOSECONDS} ",
        {"kubernetes": {"pod_name": POD, "container_name": "app"}, "time": _NANOSECONDS}, Place("edge", POD),
    ),
    "stern": (f"{POD} app ", {"kubernetes": {"pod_name": POD, "container_name": "app"}}, Place("edge", POD)),
    "times": (f"{_NANOSECONDS} ", {"time": _NANOSECONDS}, Place()),
    "Docker Desktop": ("2026-11-23 10:15:30 ", {"time": "2026-11-23 10:15:30"}, Place()),
    "CRI": (f"{_NANOSECONDS} stderr F ", {"time": _NANOSECONDS, "stream": "stderr"}, Place()),
    "journalctl": (
        "Nov  3 10:15:31 gw1 gateway[712]: ",
        {"time": "Nov  3 10:15:31", "_HOSTNAME": "gw1", "SYSLOG_IDENTIFIER": "gateway", "_PID": "712"},
        Place("", "gw1"),
    ),
    "short-iso": (
        "2026-11-23T10:15:31+0100 gw1 gateway[712]: ",
        {"time": "2026-11-23T10:15:31+0100", "_HOSTNAME": "gw1", "SYSLOG_IDENTIFIER": "gateway", "_PID": "712"},
        Place("", "gw1"),
    ),
    "short-full": (
        "Mon 2026-11-23 10:15:31 UTC gw1 gateway.service[7]: ",
        {"time": "2026-11-23 10:15:31 UTC", "_HOSTNAME": "gw1", "SYSLOG_IDENTIFIER": "gateway.service", "_PID": "7"},
        Place("", "gw1"),
    ),
    "RFC 3164": (
        "<28>Nov 23 10:15:31 gw1 gateway: ",
        {"time": "Nov 23 10:15:31", "_HOSTNAME": "gw1", "SYSLOG_IDENTIFIER": "gateway", "PRIORITY": "4"},
        Place("", "gw1"),
    ),
    "RFC 3164 without a host": (
        "<30>Nov 23 10:15:31 gateway[7]: ", {"time": "Nov 23 10:15:31", "SYSLOG_IDENTIFIER": "gateway", "_PID": "7"},
        Place(),
    ),
    "RFC 5424": (
        '<30>1 2026-11-23T10:15:31.5Z gw1 gateway 712 - [a@1 b="]" c="\\""] ',
        {"time": "2026-11-23T10:15:31.5Z", "_HOSTNAME": "gw1", "SYSLOG_IDENTIFIER": "gateway", "_PID": "712"},
        Place("", "gw1"),
    ),
    "aws logs tail": (
        f"2026-11-23T10:15:31.123000+00:00 edge/app/{TASK} ",
        {"time": "2026-11-23T10:15:31.123000+00:00", "container_name": f"edge/app/{TASK}"},
        Place("app", f"edge/app/{TASK}"),
    ),
    "Java Service Wrapper": (
        "INFO   | jvm 1    | 2026/11/23 10:15:31 | ", {"time": "2026/11/23 10:15:31", "source": "jvm 1"}, Place(),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", PREFIXES)
@pytest.mark.parametrize("line", [ACCESS, FLEX, MULE, ISTIO, ""], ids=["access", "flex", "mule", "istio", "empty"])
def test_a_prefix_is_taken_off(name: str, line: str) -> None:
    prefix, told, _ = PREFIXES[name]
    found = unwrapped(prefix + line if line else prefix.rstrip(" ") if not name.startswith("stern") else prefix)
    assert found is not None
    assert found.line == line
    assert {key: value for key, value in found.fields.items() if key != "logtag"} == told


@pytest.mark.parametrize("name", PREFIXES)
def test_lines_are_of_what_is_in_them_and_of_whom_the_prefix_tells(name: str) -> None:
    prefix, told, place = PREFIXES[name]
    body = "\n".join(prefix + line for line in (ACCESS, FLEX, MULE, "\tat a.stack.Trace(Of.java:1)", "", ISTIO))
    found = {part.format: part for part in parts(body.encode(), FORMATS)}
    assert {part.place for part in found.values()} == {place}
    assert found["combined"].body.decode() == ACCESS
    assert found["envoy_text"].body.decode() == ISTIO
    assert found["mule_log"].body.decode().split("\n") == [MULE, "\tat a.stack.Trace(Of.java:1)", ""]
    # Flex Gateway's lines may have a time before them, which stays there.
    assert json.loads(found["flex"].body) == ({"log": prefix + FLEX} if name == "times" else told | {"log": FLEX})


@pytest.mark.parametrize(
    "line",
    [
        ACCESS,
        ISTIO,
        MULE,
        FLEX,
        "2026-11-23T10:15:30.123456Z\tinfo\tEnvoy proxy is ready",
        "2026-11-23T10:15:30.935Z INFO [edge-766cbd68f9-g2r7n] flex-gateway-agent - Running",
        "2026-11-23T10:15:30.935Z ERROR org.example.Main: a logger's own colon",
        "2026-11-23T10:15:30,935 INFO main: a logger's own colon",
        "a | table | of somebody",
        '{"log":"a line of an agent"}',
        "",
    ],
)
def test_lines_without_a_prefix_are_left_alone(line: str) -> None:
    found = parts(f"{line}\n{ACCESS}\n".encode() if not line.startswith("{") else line.encode(), FORMATS)
    assert {part.place for part in found} == {Place()}
    assert (
        b"\n".join(part.body for part in found)
        .replace(b"\n", b"")
        .endswith((ACCESS if not line.startswith("{") else line).encode())
    )


def test_what_a_program_writes_of_itself_goes_with_its_access_log_and_anything_else_is_a_log() -> None:
    error = "2026/11/23 10:15:31 [error] 7#7: *1 connect() failed"
    start = "/docker-entrypoint.sh: Configuration complete; ready for start up"
    lines = [f"web-1  | {line}" for line in (start, "waiting for the backend", error, ACCESS)]
    found = {part.format: part.body.decode() for part in parts("\n".join(lines).encode(), FORMATS)}
    assert found["combined"].split("\n") == [start, error, ACCESS]
    assert json.loads(found["json"]) == {"container_name": "web-1", "log": "waiting for the backend"}


def test_records_that_are_mixed_stay_apart() -> None:
    lines = [
        "mule-1  | DEBUG 2026-11-23 10:15:30,123 [main] org.mule.HttpMessageLogger: REQUESTER",
        f"web-1   | {ACCESS}",
        "mule-1  | POST /orders HTTP/1.1",
        "mule-1  | ",
        'mule-1  | {"order":4711}',
        "flex-1  | [flex-gateway-envoy][critical] wasm log a.default.b.default.svc main: [policy: a]",
        "mule-1  | " + MULE,
        "flex-1  |   panicked at claims.rs:340:65:",
    ]
    found = {part.place.instance: part for part in parts("\n".join(lines).encode(), FORMATS)}
    told = [line.removeprefix("mule-1  | ") for line in lines if line.startswith("mule")]
    assert found["mule-1"].body.decode().split("\n") == told
    assert json.loads(found["flex-1"].body)["log"].endswith("[policy: a]\n  panicked at claims.rs:340:65:")


def test_a_long_line_that_cri_has_cut_is_whole() -> None:
    cut = [
        ("stdout", "P", FLEX[:20]),
        ("stderr", "F", "between"),
        ("stdout", "P", FLEX[20:25]),
        ("stdout", "F", FLEX[25:]),
    ]
    body = "\n".join(f"{_NANOSECONDS} {stream} {tag} {text}" for stream, tag, text in cut)
    [part] = parts(body.encode(), FORMATS)
    assert sorted(json.loads(line)["log"] for line in part.body.split(b"\n")) == [FLEX, "between"]


def test_haproxy_reads_what_syslog_puts_before_its_lines() -> None:
    line = (
        "10.0.1.2:33317 [23/Nov/2026:10:14:14.655] http-in static/srv1 10/0/30/69/109 200 2750 - - ---- 1/1/1/1/0 0/0 "
        '"GET /index.html HTTP/1.1"'
    )
    behind_syslog = f"<134>Nov 23 10:14:14 lb1 haproxy[14389]: {line}".encode()
    assert parts(behind_syslog, FORMATS) == [Part("haproxy", behind_syslog)]
    assert parts(f"haproxy-1  | {line}".encode(), FORMATS) == [
        Part("haproxy", line.encode(), Place("haproxy", "haproxy-1"))
    ]


@pytest.mark.parametrize("format_name", ["combined", "flex", "mule_log"])
def test_with_a_name_all_lines_are_of_that_format(format_name: str) -> None:
    line = {"combined": ACCESS, "flex": FLEX, "mule_log": MULE}[format_name]
    body = f"[pod/{POD}/app] {line}\n[pod/{POD}/app] damaged\n".encode()
    [part] = parts(body, FORMATS, format_name)
    assert (part.format, part.place) == (format_name, Place("edge", POD))
    assert part.body.count(b"\n") == 1


_POD_LABELS = {"pod_name": POD, "namespace_name": "shop", "container_name": "app"}


@pytest.mark.parametrize(
    ("record", "place", "time"),
    [
        (
            {"MESSAGE": ACCESS, "_HOSTNAME": "gw1", "__CURSOR": "s=1", "__REALTIME_TIMESTAMP": "1795428930500000"},
            Place("", "gw1"),
            "1795428930.500000",
        ),
        ({"MESSAGE": list(ACCESS.encode()), "_HOSTNAME": "gw1"}, Place("", "gw1"), None),
        (
            {"textPayload": ACCESS + "\n", "resource": {"labels": _POD_LABELS}, "timestamp": "2026-11-23T10:15:31Z"},
            Place("edge.shop", POD),
            "2026-11-23T10:15:31Z",
        ),
        (
            {"line": ACCESS, "labels": {"pod": POD, "namespace": "shop"}, "timestamp": "2026-11-23T10:15:31Z"},
            Place("edge.shop", POD),
            "2026-11-23T10:15:31Z",
        ),
        ({"line": ACCESS, "source": "stdout", "tag": "edge-1"}, Place("edge", "edge-1"), None),
        (
            {"logStream": f"edge/app/{TASK}", "logEvents": [{"timestamp": 1795428930500, "message": ACCESS}]},
            Place("app", f"edge/app/{TASK}"),
            "1795428930.500",
        ),
        (
            {"events": [{"logStreamName": f"edge/app/{TASK}", "timestamp": 1795428930500, "message": ACCESS}]},
            Place("app", f"edge/app/{TASK}"),
            "1795428930.500",
        ),
        ({"log": f"Nov 23 10:15:31 gw1 nginx: {ACCESS}", "date": 1.5}, Place("", "gw1"), "Nov 23 10:15:31"),
        ({"message": f"edge-1  | {ACCESS}", "agent": {}, "ecs": {}}, Place("edge", "edge-1"), None),
    ],
)  # fmt: skip
def test_records_that_hold_a_line_under_another_name(record: dict[str, Any], place: Place, time: str | None) -> None:
    assert parts(unframed(json.dumps([record]).encode()), FORMATS) == [Part("combined", ACCESS.encode(), place)]
    other = json.loads(json.dumps(record).replace(json.dumps(ACCESS)[1:-1], "an application's own"))
    if isinstance(record.get("MESSAGE"), list):
        other["MESSAGE"] = list(b"an application's own")
    [part] = parts(json.dumps(record).encode() + b"\n" + json.dumps(other).encode(), FORMATS)[1:]
    told = json.loads(part.body)
    assert (part.format, part.place, told["log"].rstrip()) == ("json", place, "an application's own")
    assert told.get("time") == time


@pytest.mark.parametrize("key", ["short_message", "full_message"])
def test_gelf_around_a_line_of_a_known_format(key: str) -> None:
    gelf = {"version": "1.1", "host": "docker-1", "level": 6, "_container_name": "edge-1", "short_message": "a"}
    other = gelf | {"short_message": "ready"}
    body = b"\n".join(json.dumps(record).encode() for record in (gelf | {key: ACCESS}, other))
    assert parts(body, FORMATS) == [
        Part("combined", ACCESS.encode(), Place("edge", "edge-1")),
        Part("json", json.dumps(other, separators=(",", ":")).encode()),
    ]


def test_the_host_of_a_request_is_not_its_instance() -> None:
    request = {
        "time_iso8601": "2026-11-23T10:15:30Z",
        "remote_addr": "192.0.2.1",
        "status": "200",
        "request": "GET / HTTP/1.1",
    }
    body = json.dumps(request | {"host": "shop.example.com"}).encode()
    assert parts(body, known_formats()) == [Part("nginx_json", body)]
    of_filebeat = json.dumps(request | {"host": {"name": "web-1"}}).encode()
    assert parts(of_filebeat, known_formats()) == [Part("nginx_json", of_filebeat, Place("", "web-1"))]


def test_objects_of_an_application_are_no_wrapping() -> None:
    records: Sequence[dict[str, Any]] = [
        {"events": [1, 2]},
        {"line": 7, "file": "a.py"},
        {"line": "x"},
        {"MESSAGE": "mine"},
        {"textPayload": None, "jsonPayload": None},
        {"logEvents": []},
        {"records": [{"id": 7}]},
        {"records": [{"category": "books"}]},
    ]
    body = b"\n".join(json.dumps(record).encode() for record in records)
    assert parts(body, FORMATS) == [Part("json", body)]


def test_a_request_of_a_load_balancer_is_not_what_its_payload_says() -> None:
    entry = {"httpRequest": _BALANCED, "jsonPayload": {"statusDetails": "failed_to_connect_to_backend"}}
    assert [part.format for part in parts(json.dumps(entry).encode(), known_formats())] == ["google_cloud"]


def test_records_of_azure_are_each_a_record() -> None:
    request = {
        "category": "ApplicationGatewayAccessLog",
        "properties": {"httpStatus": 200, "httpMethod": "GET", "requestUri": "/orders/17"},
    }
    other = {"category": "Administrative", "resourceId": "/subscriptions/x"}
    found = parts(json.dumps({"records": [request, other]}).encode(), known_formats())
    assert {part.format: json.loads(part.body) for part in found} == {
        "azure_application_gateway": request,
        "json": other,
    }


def test_a_message_about_a_request_is_what_its_payload_says() -> None:
    entry = {"httpRequest": {"requestMethod": "GET"}, "textPayload": ACCESS, "timestamp": "2026-11-23T10:15:31Z"}
    assert [part.format for part in parts(json.dumps(entry).encode(), known_formats())] == ["combined"]


@pytest.mark.parametrize(
    ("service", "gateway"), [({"name": "edge"}, "edge"), ({"name": "orders", "host": "10.1.0.6"}, "")]
)
def test_a_service_behind_a_gateway_is_not_the_gateway(service: dict[str, str], gateway: str) -> None:
    assert place_of({"service": service}) == Place(gateway)
