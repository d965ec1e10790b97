"""Formats declared in the notations of Apache, Envoy and HAProxy: the unit is that of the program's documentation."""

from pathlib import Path
from typing import Any

import pytest

from storage.store import Store
from tests.collector.declared.declared_rows import declared_rows

_FIELDS = ("time", "method", "path", "status", "duration_us")


def _said(row: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(row.get(field) for field in _FIELDS)


@pytest.mark.parametrize(
    ("directive", "told", "duration_us"),
    [
        ("%D", "1500", 1500),
        ("%T", "2", 2_000_000),
        ("%{s}T", "2", 2_000_000),
        ("%{ms}T", "15", 15_000),
        ("%{us}T", "15", 15),
        ("%T/%D", "0/1500", 1500),
        ("%{ms}T %D", "1 1500", 1500),
    ],
)
def test_durations_of_apache(store: Store, tmp_path: Path, directive: str, told: str, duration_us: int) -> None:
    definition = {"apache": f'%h %l %u %t "%r" %>s %b {directive}'}
    line = f'192.0.2.1 - - [23/Nov/2026:11:15:30 +0100] "GET /orders?x HTTP/1.1" 200 - {told}'
    [row] = declared_rows(store, tmp_path, definition, line)
    assert _said(row) == ("2026-11-23 10:15:30.000000", "GET", "/orders", 200, duration_us)


@pytest.mark.parametrize(
    ("directive", "told"),
    [
        ("%{%Y-%m-%dT%H:%M:%S%z}t", "2026-11-23T11:15:30+0100"),
        ("%{%d/%b/%Y:%T}t", "23/Nov/2026:11:15:30"),
        ("%{sec}t", "1795428930"),
        ("%{msec}t", "1795428930000"),
        ("%{end:usec}t", "1795428930002000"),
        ("%{yyyy-MM-dd'T'HH:mm:ss.SSSZ}t", "2026-11-23T11:15:30.000+0100"),
    ],
)
def test_times_of_apache(store: Store, tmp_path: Path, directive: str, told: str) -> None:
    definition = {"apache": f"%a {directive} %m %U%q %s %{{ms}}T"}
    [row] = declared_rows(store, tmp_path, definition, f"192.0.2.1 {told} GET /orders?x=1 200 2")
    assert _said(row) == ("2026-11-23 10:15:30.000000", "GET", "/orders", 200, 2000)


def test_the_last_status_of_apache_and_its_attributes(store: Store, tmp_path: Path) -> None:
    definition = {
        "apache": r"%v:%p %{c}a %a \"%r\" %s %>s %I %O %{X-Tenant}i %{Age}o %{SSL_PROTOCOL}x %{UNIQUE_ID}e %X"
    }
    line = 'shop.example.com:443 10.0.0.1 2001:db8::1 "GET /orders HTTP/1.1" 200 404 512 1024 acme 60 TLSv1.3 Z1 +'
    [row] = declared_rows(store, tmp_path, definition, line)
    assert (row["status"], row["client_address"], row["request_id"]) == (404, "2001:db8::1", "Z1")
    assert (row["request_bytes"], row["response_bytes"]) == (512, 1024)
    assert row["attributes"] == {
        "server.port": "443",
        "server.address": "shop.example.com",
        "http.request.header.x-tenant": "acme",
        "http.response.header.age": "60",
        "gatelens.doubt": "no_time",
        "apache.ssl.SSL_PROTOCOL": "TLSv1.3",
        "apache.connection_status": "+",
    }


def test_the_unit_of_another_program_with_the_notation_of_apache(store: Store, tmp_path: Path) -> None:
    definition = {"apache": "%h %m %U %s %D", "units": {"duration": "ms"}}
    [row] = declared_rows(store, tmp_path, definition, "192.0.2.1 GET /orders 200 15")
    assert row["duration_us"] == 15_000


_MESH = (
    '[%START_TIME%] "%REQ(:METHOD)% %REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% %PROTOCOL%" %RESPONSE_CODE% %RESPONSE_FLAGS% '
    '%DURATION% %RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)% "%REQ(USER-AGENT):40%" "%UPSTREAM_HOST%" %UPSTREAM_CLUSTER%\n'
)


def test_a_text_of_envoy(store: Store, tmp_path: Path) -> None:
    line = '[2026-11-23T10:15:30.123Z] "GET /orders?x HTTP/2" 503 UF,URX 12 11 "say "hi" and" "10.0.0.1:80" orders-v2'
    [row] = declared_rows(store, tmp_path, {"envoy": _MESH}, line)
    assert _said(row) == ("2026-11-23 10:15:30.123000", "GET", "/orders", 503, 12_000)
    assert (row["upstream_us"], row["user_agent"], row["gateway_kind"]) == (11_000, 'say "hi" and', "envoy")
    assert (row["api"], row["api_version"], row["response_flags"], row["fault"]) == (
        "orders",
        "v2",
        "UF,URX",
        "backend",
    )


def test_a_tcp_connection_of_envoy_is_a_log(store: Store, tmp_path: Path) -> None:
    line = '[2026-11-23T10:15:30.123Z] "- - -" 0 - 12 - "-" "10.0.0.1:80" tcp'
    [row] = declared_rows(store, tmp_path, {"envoy": _MESH}, line)
    assert (row["table"], row["time"], row["body"]) == ("logs", "2026-11-23 10:15:30.123000", line)


@pytest.mark.parametrize(
    ("command", "told", "duration_us"),
    [
        ("%DURATION%", "12", 12_000),
        ("%COMMON_DURATION(DS_RX_BEG:DS_TX_END:ms)%", "12", 12_000),
        ("%COMMON_DURATION(DS_RX_BEG:DS_TX_END:us)%", "12", 12),
        ("%COMMON_DURATION(DS_RX_BEG:DS_TX_END:ns)%", "12000", 12),
        ("%RESPONSE_DURATION%", "12", None),
    ],
)
def test_durations_of_envoy(store: Store, tmp_path: Path, command: str, told: str, duration_us: int | None) -> None:
    definition = {
        "envoy": f"%START_TIME(%Y/%m/%dT%H:%M:%S.%3f%z)% %REQ(:METHOD)% %REQ(:PATH)% %RESPONSE_CODE% {command}"
    }
    [row] = declared_rows(store, tmp_path, definition, f"2026/11/23T10:15:30.500+0000 GET /orders 200 {told}")
    assert _said(row) == ("2026-11-23 10:15:30.500000", "GET", "/orders", 200, duration_us)


@pytest.mark.parametrize(
    ("pattern", "told"),
    [("%s.%3f", "1795428930.500"), ("%s%6f", "1795428930500000"), ("%s.%9f", "1795428930.500000000")],
)
def test_times_of_envoy(store: Store, tmp_path: Path, pattern: str, told: str) -> None:
    [row] = declared_rows(
        store, tmp_path, {"envoy": f"%START_TIME({pattern})% %REQ(:PATH)% %RESPONSE_CODE%"}, f"{told} /orders 200"
    )
    assert row["time"] == "2026-11-23 10:15:30.500000"


_HTTPLOG = "%ci:%cp [%tr] %ft %b/%s %TR/%Tw/%Tc/%Tr/%Ta %ST %B %CC %CS %tsc %ac/%fc/%bc/%sc/%rc %sq/%bq %hr %hs %{+Q}r"


@pytest.mark.parametrize(
    "notation",
    [_HTTPLOG, f'log-format "{_HTTPLOG.replace("%{+Q}r", "%{+Q}r")}"', "log-format " + _HTTPLOG.replace(" ", "\\ ")],
    ids=["text", "quoted directive", "directive with escaped spaces"],
)
def test_a_log_of_haproxy(store: Store, tmp_path: Path, notation: str) -> None:
    start = "192.0.2.1:33317 [23/Nov/2026:11:15:30.655] http-in~ orders"
    rows = declared_rows(
        store, tmp_path, {"haproxy": notation},
        f'{start}/srv1 10/0/30/69/109 200 2750 - - ---- 1/1/1/1/0 0/0 {{shop|x}} {{}} "GET /orders?x HTTP/1.1"',
        f'Nov 23 11:15:31 lb1 haproxy[9]: {start}/<NOSRV> 0/-1/-1/-1/+7 503 9 - - SC-- 1/1/1/1/0 0/0 "GET /a HTTP/1.1"',
        f'<134>1 2026-11-23T11:15:31Z lb1 haproxy 9 - - {start}/srv1 -1/-1/-1/-1/5 400 0 - - CR-- 1/1/1/1/0 0/0 "<B>"',
        "Nov 23 11:15:31 lb1 haproxy[9]: Server orders/srv1 is DOWN, reason: Layer4 timeout.",
        "192.0.2.1:33317 [23/Nov/2026:11:15:30.655] tcp-in db/db1 0/0/5007 212 -- 0/0/0/0/3 0/0",
        "no line of it",
    )  # fmt: skip
    assert [(row["table"], row.get("path"), row.get("status"), row.get("fault"), row.get("duration_us"),
             row.get("upstream_us"), row.get("severity")) for row in rows] == [
        ("requests", None, 400, "client", 5_000, None, None),
        ("requests", "/a", 503, "backend", 7_000, None, None),
        ("requests", "/orders", 200, None, 109_000, 99_000, None),
        ("logs", None, None, None, None, None, "INFO"),
        ("logs", None, None, None, None, None, "WARN"),
        ("dead_letters", None, None, None, None, None, None),
    ]  # fmt: skip
    whole = rows[2]
    # A time that names no zone is of the configured one.
    assert (whole["time"], whole["gateway"]) == ("2026-11-23 10:15:30.655000", "http-in")
    assert (whole["upstream"], whole["upstream_address"]) == ("orders", "srv1")
    assert whole["attributes"]["haproxy.captured_request_headers"] == "{shop|x}"


def test_expressions_and_flags_of_haproxy(store: Store, tmp_path: Path) -> None:
    definition = {"haproxy": "%{+Q}o %{-Q}ci [%trg] %HM %HU %ST %Ta %[req.hdr(user-agent)] %[var(txn.tenant)] %ID"}
    line = '192.0.2.1 [23/Nov/2026:10:15:30 +0000] "GET" "/orders?x" 200 7 "curl/8" "acme" "R-1"'
    [row] = declared_rows(store, tmp_path, definition, line)
    assert _said(row) == ("2026-11-23 10:15:30.000000", "GET", "/orders", 200, 7_000)
    assert (row["user_agent"], row["request_id"]) == ("curl/8", "R-1")
    assert row["attributes"] == {"haproxy.var(txn.tenant)": "acme"}
