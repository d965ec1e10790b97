"""Formats declared as nginx' log_format: units, lists of upstreams, quotes, and what is no line of them."""

from pathlib import Path
from typing import Any

import pytest

from collector.formats.custom.definition import FormatDefinition
from collector.formats.custom.known import known_formats
from storage.store import Store
from tests.collector.declared.declared_rows import declared_rows

_TIMES = {
    "nginx": '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" '
    '"$http_user_agent" $request_time $upstream_response_time "$upstream_addr" $upstream_status'
}


def _line(tail: str, *, asked: str = "GET /orders/17?x=1 HTTP/1.1", agent: str = "curl/8") -> str:
    return f'192.0.2.1 - joe [23/Nov/2026:11:15:36 +0100] "{asked}" 200 2326 "-" "{agent}" {tail}'


def test_a_line_becomes_a_request(store: Store, tmp_path: Path) -> None:
    [row] = declared_rows(store, tmp_path, _TIMES, _line('0.123 0.120 "10.0.0.1:80" 200'))
    assert row == {
        "table": "requests", "time": "2026-11-23 10:15:36.000000", "gateway_kind": "proxy", "gateway": "proxy",
        "instance": "192.0.2.7", "reporter": "gateway", "api": "orders", "route": "/orders/{id}", "method": "GET",
        "path": "/orders/17", "status": 200, "consumer": "joe", "client_address": "192.0.2.1", "user_agent": "curl/8",
        "upstream_address": "10.0.0.1:80", "duration_us": 123_000, "upstream_us": 120_000, "request_bytes": 0,
        "response_bytes": 2326, "protocol": "HTTP/1.1", "environment": "declared",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("tail", "upstream_us", "address"),
    [
        ('0.300 0.100, 0.150 "10.0.0.1:80, 10.0.0.2:80" 502, 200', 250_000, "10.0.0.2:80"),
        ('0.300 0.100, - "10.0.0.1:80, 10.0.0.2:80" 502, -', 100_000, "10.0.0.1:80"),
        ('0.300 0.100 : 0.050 "10.0.0.1:80 : unix:/run/app.sock" 404 : 200', 150_000, "unix:/run/app.sock"),
        (
            '0.300 0.1, 0.05 : 0.05 "[2001:db8::7]:80, [2001:db8::8]:80 : 10.0.0.3:80" 502, 502 : 200',
            200_000,
            "10.0.0.3:80",
        ),
        ('0.300 - "-" -', None, None),
        ('0.300 -, - "10.0.0.1:80, 10.0.0.2:80" -, -', None, "10.0.0.2:80"),
    ],
)
def test_several_upstreams(
    store: Store, tmp_path: Path, tail: str, upstream_us: int | None, address: str | None
) -> None:
    [row] = declared_rows(store, tmp_path, _TIMES, _line(tail))
    assert (row["duration_us"], row.get("upstream_us"), row.get("upstream_address")) == (300_000, upstream_us, address)


@pytest.mark.parametrize(
    ("agent", "read"),
    [
        (r"say \x22hello\x22", 'say "hello"'),
        (r"say \"hello\"", 'say "hello"'),
        ('say "hello" twice', 'say "hello" twice'),
        ('"', '"'),
        ('a" "b', 'a" "b'),
        ("back\\\\slash", "back\\slash"),
    ],
)
def test_quotes_do_not_cost_the_line(store: Store, tmp_path: Path, agent: str, read: str) -> None:
    [row] = declared_rows(store, tmp_path, _TIMES, _line('0.123 0.120 "10.0.0.1:80" 200', agent=agent))
    assert (row["user_agent"], row["duration_us"], row["upstream_address"]) == (read, 123_000, "10.0.0.1:80")


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("GET https://shop.example.com/orders?x HTTP/2.0", ("GET", "/orders", "HTTP/2.0")),
        ("CONNECT shop.example.com:443 HTTP/1.1", ("CONNECT", None, "HTTP/1.1")),
        ("GET /with a space HTTP/1.1", ("GET", "/with a space", "HTTP/1.1")),
        (r"GET /quoted\x22path HTTP/1.1", ("GET", '/quoted"path', "HTTP/1.1")),
        (r"\x16\x03\x01", (None, None, None)),
    ],
)
def test_request_lines(store: Store, tmp_path: Path, asked: str, expected: tuple[str | None, ...]) -> None:
    [row] = declared_rows(store, tmp_path, _TIMES, _line('0.000 - "-" -', asked=asked))
    assert (row.get("method"), row.get("path"), row.get("protocol")) == expected


def test_lines_of_something_else(store: Store, tmp_path: Path) -> None:
    error = (
        "2026/11/23 11:15:30 [error] 7#7: *1 connect() failed (111: Connection refused) while connecting to upstream"
    )
    application = '{"level": "warn", "time": "2026-11-23T10:15:31Z", "msg": "a line of its own"}'
    rows = declared_rows(
        store,
        tmp_path,
        _TIMES,
        error,
        application,
        _line("not-a-time -"),
        "no line at all",
        _line('0.1 - "-" -') + " x",
    )
    assert [(row["table"], row.get("severity"), row.get("reason")) for row in rows] == [
        ("logs", "ERROR", None),
        ("logs", "WARN", None),
        ("dead_letters", None, "not a line of the format edge"),
        ("dead_letters", None, "not a line of the format edge"),
        ("dead_letters", None, "not a line of the format edge"),
    ]


def test_a_line_by_way_of_syslog(store: Store, tmp_path: Path) -> None:
    line = _line('0.123 0.120 "10.0.0.1:80" 200')
    rows = declared_rows(
        store,
        tmp_path,
        _TIMES,
        f"<190>Nov 23 11:15:36 web1 nginx: {line}",
        f"2026-11-23T11:15:36+01:00 web1 nginx[7]: {line}",
    )
    assert [(row["table"], row["path"], row["duration_us"]) for row in rows] == [
        ("requests", "/orders/17", 123_000)
    ] * 2


def test_what_is_no_field_is_an_attribute_and_secrets_are_not_kept(store: Store, tmp_path: Path) -> None:
    definition = {
        "nginx": "$msec $status $request_time $request_method $host$request_uri $http_x_tenant $ssl_protocol "
        '$connection_requests "$http_authorization" "$http_cookie" "$arg_key" $sent_http_x_cache $http_traceparent'
    }
    line = (
        '1795428936.250 200 0.250 GET shop.example.com/orders?key=s3cret acme TLSv1.3 7 "Bearer s3cret" "id=s3cret" '
        '"s3cret" '
        "HIT 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    )
    [row] = declared_rows(store, tmp_path, definition, line)
    assert row["attributes"] == {
        "http.request.header.x-tenant": "acme",
        "nginx.ssl_protocol": "TLSv1.3",
        "nginx.connection_requests": "7",
        "http.response.header.x-cache": "HIT",
        "server.address": "shop.example.com",
    }
    assert (row["trace_id"], row["span_id"]) == ("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7")
    # The log is written when the request has ended.
    assert row["time"] == "2026-11-23 10:15:36.000000"
    assert "s3cret" not in str(row)


def test_labels_of_a_definition_stand_where_nothing_else_says_it(store: Store, tmp_path: Path) -> None:
    definition = {"nginx": "$remote_addr $status $uri", "gateway": "edge-1", "gateway_kind": "gateway"}
    line = "192.0.2.1 200 /orders"
    [row] = declared_rows(store, tmp_path, definition, line)
    assert (row["gateway"], row["gateway_kind"]) == ("edge-1", "gateway")
    [row] = declared_rows(store, tmp_path, definition, line, gateway="edge-2")
    assert row["gateway"] == "edge-2"


@pytest.mark.parametrize(("told", "upstream"), [("orders-v2:4002", "orders-v2"), ("10.0.0.1:80", None), ("app", "app")])
def test_the_name_of_an_upstream(store: Store, tmp_path: Path, told: str, upstream: str | None) -> None:
    [row] = declared_rows(store, tmp_path, {"nginx": "$status $uri $proxy_host"}, f"200 /orders {told}")
    assert row.get("upstream") == upstream


def test_a_whole_directive_is_read(store: Store, tmp_path: Path) -> None:
    directive = """log_format main escape=default '$remote_addr [$time_iso8601] '
        '"$request" $status '
        '$request_time';"""
    [row] = declared_rows(
        store, tmp_path, {"nginx": directive}, '192.0.2.1 [2026-11-23T11:15:36+01:00] "GET / HTTP/1.1" 200 1.5'
    )
    assert (row["time"], row["duration_us"]) == ("2026-11-23 10:15:36.000000", 1_500_000)


def test_nothing_in_a_definition_is_a_statement(store: Store, tmp_path: Path) -> None:
    definition: dict[str, Any] = {
        "nginx": "'); DROP TABLE requests; -- {{inner}} {{path}} \\ {x:String} $status $uri $http_o'brien",
        "gateway": "' OR {{time_zone}} \\",
    }
    line = "'); DROP TABLE requests; -- {{inner}} {{path}} \\ {x:String} 200 /orders it'brien"
    [row] = declared_rows(store, tmp_path, definition, line)
    assert (row["path"], row["gateway"]) == ("/orders", "' OR {{time_zone}} \\")
    assert row["attributes"] == {"http.request.header.o": "it", "gatelens.doubt": "no_time"}


def test_bytes_that_are_no_text(store: Store, tmp_path: Path) -> None:
    [row] = declared_rows(store, tmp_path, _TIMES, _line('0.1 - "-" -', agent="caf\udce9"))
    assert row["user_agent"] == "caf\ufffd"


def test_a_log_format_that_writes_json(store: Store, tmp_path: Path) -> None:
    directive = """log_format json escape=json '{"time":"$time_iso8601","status":$status, "request":"$request",'
        '"took":$request_time,"upstream":{"took":"$upstream_response_time","address":"${upstream_addr}"},'
        '"url":"$scheme://$host$request_uri","tenant":"$http_x_tenant","cookie":"$http_cookie"}';"""
    line = (
        '{"time":"2026-11-23T11:15:36+01:00","status":200, "request":"GET /orders/\\u00e9?x HTTP/1.1","took":0.310,'
        '"upstream":{"took":"0.100, 0.200","address":"10.0.0.1:80, 10.0.0.2:80"},"url":"https://shop/orders",'
        '"tenant":"say \\"hi\\"","cookie":"s3cret"}'
    )
    [row] = declared_rows(store, tmp_path, {"nginx": directive}, line)
    assert (row["path"], row["duration_us"], row["upstream_us"]) == ("/orders/é", 310_000, 300_000)
    assert (row["upstream_address"], row["attributes"]) == ("10.0.0.2:80", {"http.request.header.x-tenant": 'say "hi"'})
    edge = FormatDefinition.model_validate({"name": "edge", "nginx": directive})
    assert known_formats([edge]).recogniser.detect(line.encode()) == "edge"
