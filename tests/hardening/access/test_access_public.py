"""A Gatelens that other machines reach, as it is run: who gets in, who does not, and what it says of secrets."""

import re
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import httpx
import pytest
from rich.progress import Progress

from gatelens.commands.import_logs.job import Import, run_import
from gatelens.commands.query.command import run_query
from gatelens.commands.report.command import UsageQuestion, run_usage
from storage.access.database import AccessDatabase
from storage.access.token_files import TokenKind
from storage.access.tokens import Tokens
from tests.collector.rigs.access_logs import json_line, json_lines, otlp_logs
from tests.e2e.gatelens_process import FREE_PORTS, GatelensProcess, run, until
from tests.patience import PATIENCE

_RIGHT, _WRONG = "correct horse battery", "wrong"
_ANYWHERE, _HERE = "0.0.0.0", "127.0.0.1"  # noqa: S104 - others are to be kept out
_SHARED_KEY = "of-the-agents"
_EXPORT = "/opentelemetry.proto.collector.logs.v1.LogsService/Export"
_PUBLIC = dict.fromkeys(FREE_PORTS, "0.0.0.0:0")
_LINK = re.compile(r"http://127\.0\.0\.1:\d+/setup\?token=(glx_\w+)")


def test_without_authentication_nothing_starts(tmp_path: Path) -> None:
    refused = run("up", "--data", tmp_path / "data", settings=_PUBLIC)
    told = refused.stderr.decode()
    assert refused.returncode == 1
    for section in ("collector.http", "collector.grpc", "collector.forward"):
        assert f"{section}.listen 0.0.0.0:0 does not start without authentication" in told
        assert f"{section}.allow_unauthenticated" in told
    assert "Traceback" not in told


def test_what_is_opened_on_purpose_is_logged_at_each_start(tmp_path: Path) -> None:
    opened = {name.replace("LISTEN", "ALLOW_UNAUTHENTICATED"): "true" for name in FREE_PORTS}
    with GatelensProcess(tmp_path / "data", settings=_PUBLIC | opened) as process:
        for section in ("web", "collector.http", "collector.grpc", "collector.forward"):
            assert f"{section}.listen 0.0.0.0:0 is open to everybody" in process.log
        assert process.log.count('"level": "WARNING"') == 4
        web, http = _loopback(process)
        assert httpx.get(f"{web}/", trust_env=False, timeout=PATIENCE).status_code == 200
        assert (
            httpx.post(
                f"{http}/ingest/envoy_json", content=json_line("a"), trust_env=False, timeout=PATIENCE
            ).status_code
            == 200
        )
        # Whom it is opened to are machines, not pages that somebody looks at.
        for address in (f"{web}/api/v1/segments?prefix=a", f"{http}/ingest/envoy_json"):
            assert _ask(address, Host="evil.example") == 421


@dataclass(frozen=True)
class _Public:
    process: GatelensProcess
    web: str
    http: str
    grpc: str
    reader: str
    sender: str


@pytest.fixture(scope="module")
def public(tmp_path_factory: pytest.TempPathFactory) -> Iterator[_Public]:
    """One that listens on all addresses, with a token of each kind and no administrator yet."""
    data = tmp_path_factory.mktemp("public") / "data"
    sender, reader = _token(data, "edge", TokenKind.SEND), _token(data, "dashboard", TokenKind.READ)
    settings = _PUBLIC | {"GATELENS_COLLECTOR__FORWARD__SHARED_KEY": _SHARED_KEY}
    with GatelensProcess(data, settings=settings) as process:
        web, http = _loopback(process)
        rpc = process.addresses.grpc.replace(_ANYWHERE, _HERE)
        yield _Public(process, web, http, rpc, reader, sender)


def _token(data: Path, name: str, kind: TokenKind) -> str:
    with closing(AccessDatabase(data)) as database:
        return Tokens(database).create(name, kind, 0)


def _loopback(process: GatelensProcess) -> tuple[str, str]:
    """The addresses of pages and intake by which only loopback is contacted, though they listen on everything."""
    return process.addresses.web.replace(_ANYWHERE, _HERE), process.addresses.http.replace(_ANYWHERE, _HERE)


def _ask(address: str, method: str = "GET", body: bytes = b"", **headers: str) -> int:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.request(method, address, content=body, headers=named, trust_env=False, timeout=PATIENCE).status_code


def test_strangers_see_nothing(public: _Public) -> None:
    for path in ("/", "/sql", "/_dash-layout", "/api/v1/segments?prefix=a", "/api/v1/openapi.json", "/metrics"):
        assert _ask(public.web + path) == 401
    assert _ask(f"{public.web}/api/v1/query", "POST", b'{"sql": "SELECT 1"}', Content_Type="application/json") == 401
    assert httpx.get(f"{public.web}/readyz", trust_env=False, timeout=PATIENCE).json() == {"ready": True}
    assert _ask(f"{public.web}/healthz") == 200


def test_a_token_reads_and_another_sends(public: _Public) -> None:
    reads, sends = f"Bearer {public.reader}", f"Bearer {public.sender}"
    segments, ingest = f"{public.web}/api/v1/segments?prefix=a", f"{public.http}/ingest/envoy_json"
    assert _ask(segments, Authorization=reads) == 200
    assert _ask(segments, Authorization=sends) == 401
    assert (
        "faults"
        in httpx.get(f"{public.web}/readyz", headers={"Authorization": reads}, trust_env=False, timeout=PATIENCE).json()
    )
    assert _ask(ingest, "POST", json_line("a"), Authorization=sends) == 200
    assert _ask(ingest, "POST", json_line("a"), Authorization=reads) == 401
    assert _ask(ingest, "POST", json_line("a")) == 401
    # Senders in a cluster know it by whatever name a service has.
    assert _ask(ingest, "POST", json_line("b"), Authorization=sends, Host="gatelens.observability.svc:4318") == 200


def test_over_grpc_too(public: _Public) -> None:
    assert _export(public, ("authorization", f"Bearer {public.sender}")) is None
    assert _export(public) == grpc.StatusCode.UNAUTHENTICATED
    assert _export(public, ("authorization", f"Bearer {public.reader}")) == grpc.StatusCode.UNAUTHENTICATED


def _export(public: _Public, *metadata: tuple[str, str]) -> grpc.StatusCode | None:
    with grpc.insecure_channel(public.grpc) as channel:
        call: Any = channel.unary_unary(_EXPORT, request_serializer=None, response_deserializer=None)
        try:
            call(otlp_logs("a"), metadata=metadata, timeout=PATIENCE)
        except grpc.RpcError as refused:
            code: grpc.StatusCode = refused.code()
            return code
    return None


def test_the_commands_go_on_working(public: _Public, tmp_path: Path) -> None:
    data, log = public.process.data, tmp_path / "access.log"
    log.write_bytes(json_lines("commands", range(7)))
    [imported] = run_import(Import([log], environment="commands"), data, Progress(disable=True))
    assert "7 requests" in str(imported)
    assert run_query("SELECT count() FROM requests WHERE environment = 'commands'", "csv", data).split()[-1] == b"7"
    assert run_usage(UsageQuestion("now-1h", "", "api", "csv"), data).content.startswith(b"api,requests")


def test_a_token_that_is_revoked_is_noticed(public: _Public) -> None:
    data, address = public.process.data, f"{public.web}/api/v1/segments?prefix=a"
    token = _token(data, "for-a-while", TokenKind.READ)
    assert until(lambda: _ask(address, Authorization=f"Bearer {token}"), lambda status: status == 200) == 200
    with closing(AccessDatabase(data)) as database:
        Tokens(database).revoke("for-a-while")
    assert until(lambda: _ask(address, Authorization=f"Bearer {token}"), lambda status: status == 401) == 401


def test_pages_of_other_sites_and_other_names_get_nothing(public: _Public) -> None:
    token = f"Bearer {public.reader}"
    address = f"{public.web}/api/v1/segments?prefix=a"
    assert _ask(address, Authorization=token, Host="evil.example") == 421
    assert _ask(address, Authorization=token, Origin="http://evil.example") == 403
    assert _ask(address, Authorization=token, Sec_Fetch_Site="cross-site", Sec_Fetch_Mode="no-cors") == 403
    form = b"name=ann&password=x"
    kind = "application/x-www-form-urlencoded"
    for path in ("/sign-in", "/sign-out", "/setup"):
        assert _ask(public.web + path, "POST", form, Content_Type=kind, Origin="http://evil.example") == 403


# The last one, since it looks at everything that was written by then.
def test_no_secret_is_in_the_log_or_in_the_clear_on_disk(public: _Public) -> None:
    data = public.process.data
    link = _LINK.search(public.process.log)
    assert link is not None
    created = run("admin", "create", "ann", "--data", data, typed=f"{_RIGHT}\n")
    assert created.returncode == 0, created.stderr
    with httpx.Client(base_url=public.web, trust_env=False, timeout=PATIENCE) as client:
        assert client.post("/sign-in", data={"name": "ann", "password": _WRONG}).status_code == 403
        assert client.post("/sign-in", data={"name": "ann", "password": _RIGHT}).status_code == 303
        cookie = client.cookies["gatelens-session"]
        assert client.get("/").status_code == 200
        # The link of the start is worthless now.
        assert client.get("/setup", params={"token": link[1]}).status_code == 410
    local = (data / "local-token").read_text()
    secrets = {_RIGHT, _SHARED_KEY, cookie, public.reader, public.sender, local}
    assert [secret for secret in secrets if secret in public.process.log] == []
    held = b"".join(path.read_bytes() for path in data.glob("access.sqlite*"))
    assert [secret for secret in secrets if secret.encode() in held] == []
    for path in (*data.glob("access.sqlite*"), data / "local-token"):
        assert path.stat().st_mode & 0o077 == 0, path
    assert public.process.log.count("A sign-in failed.") == 1
