"""Real proxies with the settings that we ship: as many rows as requests, and in each what was sent."""

import json
import os
import shutil
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest

from storage.store import Store
from tests.collector.rigs.ingest_rig import http_port
from tests.collector.rigs.proxied_service import REQUESTS, Request, free_port, proxy, send_all, service
from tests.collector.rigs.storing import store_all
from tests.collector.rigs.waiting import wait_until
from tests.patience import PATIENCE

_SETTINGS = Path(__file__).parents[4] / "deploy" / "gateways"
_TIMES = 20
_SENT = [request for request in REQUESTS for _ in range(_TIMES)]

_JSON_LOG = """log_format truth escape=json '{"id":"$request_id","status":$status,"bytes":$body_bytes_sent,'
    '"took":"$request_time","upstream":"$upstream_response_time","length":$request_length,"end":"$msec"}';
    access_log truth.log truth;
    access_log combined.log combined;
"""

# As Debian's Apache has them, and what is true of each request.
_APACHE_LOGS = """
LogFormat "%h %l %u %t \\"%r\\" %>s %O \\"%{Referer}i\\" \\"%{User-Agent}i\\"" combined
LogFormat "%h %l %u %t \\"%r\\" %>s %B \\"%{Referer}i\\" \\"%{User-Agent}i\\" %Dus" microseconds
LogFormat "%v:%p %h %l %u %t \\"%r\\" %>s %O \\"%{Referer}i\\" \\"%{User-Agent}i\\"" vhost_combined
LogFormat "%h %l %u %t \\"%r\\" %>s %O" common
CustomLog microseconds.log microseconds
CustomLog combined.log combined
CustomLog vhost_combined.log vhost_combined
CustomLog common.log common
CustomLog truth.log "%{begin:sec}t %m %U %>s %D %B %O %H"
"""


def _binary(name: str) -> str:
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin")
    if found is None:
        pytest.skip(f"No {name} was found; install it with `apt-get install {name}`.")
    return found


def _rows(store: Store, tmp_path: Path, environment: str, log: bytes, found: str) -> list[dict[str, Any]]:
    with http_port(tmp_path / environment, environment=environment) as rig:
        answer = httpx.post(f"{rig.http}/ingest", content=log, trust_env=False, timeout=PATIENCE)
        assert answer.json() == {"accepted_bytes": len(log), "format": found}
        store_all(store, rig.spool)
    dead = store.rows("SELECT body FROM dead_letters WHERE environment = {e:String}", {"e": environment})
    assert dead == []
    raw = store.raw(
        "SELECT *, toUnixTimestamp64Milli(time) AS milliseconds FROM requests WHERE environment = {e:String}",
        "JSONEachRow",
        {"e": environment},
    )
    return [json.loads(line) for line in raw.splitlines()]


def _told(request: Request, statuses: dict[str, int]) -> tuple[Any, ...]:
    path = request.path.partition("?")[0]
    return (
        request.method,
        path,
        statuses.get(path, request.status),
        "" if request.agent == "-" else request.agent,
        request.consumer,
        request.forwarded_for.partition(",")[0] or "127.0.0.1",
    )


def _said(rows: Sequence[dict[str, Any]]) -> list[tuple[Any, ...]]:
    names = ("method", "path", "status", "user_agent", "consumer", "client_address")
    return sorted(tuple(row[name] for name in names) for row in rows)


def test_nginx(store: Store, tmp_path: Path) -> None:
    nginx = _binary("nginx")
    port = free_port()
    directory = tmp_path / "nginx"
    directory.mkdir()
    with service() as backend:
        settings = (_SETTINGS / "nginx" / "nginx.conf").read_text()
        settings = settings.replace("127.0.0.1:10001", f"127.0.0.1:{port}").replace(
            "127.0.0.1:8080", f"127.0.0.1:{backend}"
        )
        settings = settings.replace("access_log access.log gatelens;", "access_log access.log gatelens;\n" + _JSON_LOG)
        (directory / "nginx.conf").write_text(settings)
        command = [nginx, "-p", str(directory), "-c", str(directory / "nginx.conf"), "-e", "stderr"]
        with proxy(command, port, tmp_path / "out.log"):
            send_all(port, _SENT)

    rows = _rows(store, tmp_path, "live-nginx", (directory / "access.log").read_bytes(), "combined")
    statuses = {"/nowhere/at/all": 404, "/admin/users": 404}
    assert _said(rows) == sorted(_told(request, statuses) for request in _SENT)
    truth = [json.loads(line) for line in (directory / "truth.log").read_bytes().splitlines()]
    assert {_nginx_truth(line) for line in truth} == {
        (
            row["request_id"],
            row["status"],
            row["response_bytes"],
            row["duration_us"] // 1000,
            None if row["upstream_us"] is None else row["upstream_us"] // 1000,
            row["request_bytes"],
            row["milliseconds"],
        )
        for row in rows
    }
    assert len(truth) == len({row["request_id"] for row in rows}) == len(_SENT)
    assert {(row["api"], row["api_version"], row["gateway_kind"]) for row in rows} == {
        ("orders", "v1", "proxy"),
        ("", "", "proxy"),
    }
    assert min(row["duration_us"] for row in rows if row["path"] == "/orders/v1/slow") >= 50_000

    plain = _rows(store, tmp_path, "live-nginx-combined", (directory / "combined.log").read_bytes(), "combined")
    names = ("method", "path", "status", "user_agent", "response_bytes", "protocol")
    assert sorted([row[name] for name in names] for row in plain) == sorted(
        [row[name] for name in names] for row in rows
    )


def _nginx_truth(line: dict[str, Any]) -> tuple[Any, ...]:
    took = round(float(line["took"]) * 1000)
    upstream = None if line["upstream"] in ("", "-") else round(float(line["upstream"]) * 1000)
    ended = int(line["end"].replace(".", ""))
    return line["id"], line["status"], line["bytes"], took, upstream, line["length"], ended - took


def test_apache(store: Store, tmp_path: Path) -> None:
    apache = _binary("apache2")
    port = free_port()
    directory = tmp_path / "apache"
    directory.mkdir()
    with service() as backend:
        settings = (_SETTINGS / "apache" / "apache2.conf").read_text()
        settings = settings.replace("127.0.0.1:10003", f"127.0.0.1:{port}").replace(
            "127.0.0.1:8080", f"127.0.0.1:{backend}"
        )
        (directory / "apache2.conf").write_text(settings + _APACHE_LOGS)
        command = [apache, "-d", str(directory), "-f", str(directory / "apache2.conf"), "-DFOREGROUND"]
        with proxy(command, port, tmp_path / "out.log"):
            send_all(port, _SENT)

    truth = [line.split(" ") for line in (directory / "truth.log").read_text().splitlines()]
    assert len(truth) == len(_SENT)
    statuses = {"/nowhere/at/all": 404, "/admin/users": 403}
    # Of the client Apache's own formats tell the address and a user, who would have to sign in.
    said = sorted((*_told(request, statuses)[:4], "", "127.0.0.1") for request in _SENT)
    ours = sorted(_told(request, statuses) for request in _SENT)
    for name, took, size in (
        ("access", 4, 5),
        ("microseconds", 4, 5),
        ("combined", 0, 6),
        ("vhost_combined", 0, 6),
        ("common", 0, 6),
    ):
        log = (directory / f"{name}.log").read_bytes()
        found = "common" if name == "common" else "combined"
        rows = _rows(store, tmp_path, f"live-apache-{name}", log, found)
        assert _said(rows) == {"access": ours, "common": sorted(_without_agent(said))}.get(name, said)
        assert Counter(_apache_truth(line, took, size) for line in truth) == Counter(
            (row["milliseconds"] // 1000, row["method"], row["path"], row["status"], row["duration_us"],
             row["response_bytes"], row["protocol"]) for row in rows
        )  # fmt: skip
        assert {(row["api"], row["api_version"], row["gateway_kind"]) for row in rows} == {
            ("orders", "v1", "proxy"), ("", "", "proxy"), ("admin", "", "proxy"),
        }  # fmt: skip
        if took:
            assert min(row["duration_us"] for row in rows if row["path"] == "/orders/v1/slow") >= 50_000


def _without_agent(said: Sequence[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    return [(*row[:3], "", *row[4:]) for row in said]


def _apache_truth(line: Sequence[str], took: int, size: int) -> tuple[Any, ...]:
    """`took` and `size` are where the line has them; 0 where the log does not say how long it took."""
    duration = int(line[took]) if took else None
    return int(line[0]), line[1], line[2], int(line[3]), duration, int(line[size]), line[7]


@pytest.mark.parametrize("prefix", ["iso", "raw", "rfc3164", "rfc5424", "local", "priority"])
def test_haproxy(store: Store, tmp_path: Path, prefix: str) -> None:
    haproxy = _binary("haproxy")
    port = free_port()
    with service() as backend:
        settings = (_SETTINGS / "haproxy" / "haproxy.cfg").read_text()
        settings = settings.replace("127.0.0.1:10002", f"127.0.0.1:{port}").replace(
            "127.0.0.1:8080", f"127.0.0.1:{backend}"
        )
        settings = settings.replace("format iso", f"format {prefix}")
        (tmp_path / "haproxy.cfg").write_text(settings)
        # Only the prefix of iso and of RFC 5424 tells the zone.
        zone = "Asia/Kolkata" if prefix in ("iso", "rfc5424") else "UTC"
        said = tmp_path / "log"
        with proxy([haproxy, "-f", str(tmp_path / "haproxy.cfg")], port, said, os.environ | {"TZ": zone}):
            send_all(port, _SENT)
            # It answers before it logs, and says nothing more once it is told to end.
            wait_until(lambda: said.read_bytes().count(b'HTTP/1.1"') >= len(_SENT))

    log = b"".join(line for line in said.read_bytes().splitlines(keepends=True) if b"orders" in line or b'"GET' in line)
    rows = _rows(store, tmp_path, f"live-haproxy-{prefix}", log, "haproxy")
    statuses = {"/nowhere/at/all": 503, "/admin/users": 403}
    assert _said(rows) == sorted(_told(request, statuses) for request in _SENT)
    faults = {row["path"]: (row["fault"], row["policy"], row["api"], row["response_flags"]) for row in rows}
    assert faults["/nowhere/at/all"] == ("config", "", "nowhere", "SC")
    assert faults["/admin/users"] == ("policy", "deny", "admin", "PR")
    assert faults["/orders/v1/items/4711/lines"] == ("backend", "", "orders", "")
    assert faults["/orders/v1/items/17"] == ("", "", "orders", "")
    assert {(row["gateway_kind"], row["gateway"]) for row in rows} == {("proxy", "edge")}
    assert len({row["request_id"] for row in rows}) == len(_SENT)
    assert min(row["duration_us"] for row in rows if row["path"] == "/orders/v1/slow") >= 50_000
    assert min(row["upstream_us"] for row in rows if row["path"] == "/orders/v1/slow") >= 50_000
    assert min(row["request_bytes"] for row in rows if row["method"] == "POST") > 99
    claimed = [row for row in rows if "claimed_time" in row["attributes"]]
    assert claimed == []
