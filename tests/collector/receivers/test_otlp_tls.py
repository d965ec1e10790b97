"""TLS of both ports: whose certificate clients see, whose clients are taken, and what a bad file is told by."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc
import httpx
import pytest
from opentelemetry.metrics import NoOpMeter

from collector.intake.intake import Intake
from collector.receivers.grpc.config import GrpcConfig
from collector.receivers.grpc.server import GrpcServer
from collector.receivers.http.app import http_app
from collector.receivers.http.config import HttpConfig
from collector.receivers.net.http_server import AsgiServer
from collector.receivers.net.tls import TlsConfig, ssl_context
from collector.spool.config import SpoolConfig
from collector.spool.spool import Spool
from collector.telemetry import CollectorMetrics
from gatelens.machine.event_loop import EventLoopThread
from gatelens.machine.listeners import bind
from storage.errors import ConfigError
from tests.collector.rigs.access_logs import otlp_logs
from tests.collector.rigs.certificates import Certificates, Pair, certificates
from tests.patience import PATIENCE

_EXPORT = "/opentelemetry.proto.collector.logs.v1.LogsService/Export"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return certificates(tmp_path_factory.mktemp("certificates"))


@contextmanager
def _ports(directory: Path, tls: TlsConfig) -> Iterator[tuple[str, str]]:
    spool = Spool(directory, SpoolConfig(segment_age=60))
    intake = Intake(spool, CollectorMetrics(NoOpMeter("test")))
    loop = EventLoopThread("tls")
    grpc_server = GrpcServer(intake, GrpcConfig(listen="127.0.0.1:0", tls=tls))
    bound = bind("127.0.0.1:0", "http")
    web = AsgiServer(http_app(intake, HttpConfig(tls=tls)), bound)
    web._server.config.ssl_context_factory = lambda _config, _default: ssl_context(tls, "collector.http.tls")
    loop.run(grpc_server.start())
    loop.run(web.start())
    try:
        yield f"127.0.0.1:{grpc_server.port}", f"https://127.0.0.1:{bound.getsockname()[1]}"
    finally:
        loop.run(web.stop())
        loop.run(grpc_server.stop(0.1))
        loop.close()
        bound.close()
        spool.close()


def _export(address: str, authority: Path, client: Pair | None = None) -> bytes:
    credentials = grpc.ssl_channel_credentials(
        authority.read_bytes(),
        client.key.read_bytes() if client else None,
        client.certificate.read_bytes() if client else None,
    )
    with grpc.secure_channel(address, credentials) as channel:
        call: Any = channel.unary_unary(_EXPORT, request_serializer=None, response_deserializer=None)
        return bytes(call(otlp_logs("a"), timeout=PATIENCE))


def _post(address: str, authority: Path, client: Pair | None = None) -> int:
    context = ssl.create_default_context(cafile=str(authority))
    if client is not None:
        context.load_cert_chain(client.certificate, client.key)
    headers = {"Content-Type": "application/x-protobuf"}
    with httpx.Client(verify=context, trust_env=False, timeout=PATIENCE) as opened:
        return opened.post(f"{address}/v1/logs", content=otlp_logs("a"), headers=headers).status_code


def test_clients_that_know_the_authority_are_served(tmp_path: Path, made: Certificates) -> None:
    tls = TlsConfig(certificate=made.server.certificate, key=made.server.key)
    with _ports(tmp_path, tls) as (rpc, web):
        assert _export(rpc, made.authority) == b""
        assert _post(web, made.authority) == 200
        with pytest.raises(grpc.RpcError):
            _export(rpc, made.stranger.certificate)
        with pytest.raises(httpx.ConnectError):
            _post(web, made.stranger.certificate)
        plain = web.replace("https", "http")
        with pytest.raises(httpx.HTTPError):
            httpx.post(f"{plain}/v1/logs", content=b"", trust_env=False, timeout=PATIENCE)


def test_only_clients_of_the_authority_are_taken(tmp_path: Path, made: Certificates) -> None:
    tls = TlsConfig(certificate=made.server.certificate, key=made.server.key, client_ca=made.authority)
    with _ports(tmp_path, tls) as (rpc, web):
        assert _export(rpc, made.authority, made.client) == b""
        assert _post(web, made.authority, made.client) == 200
        for client in (None, made.stranger):
            with pytest.raises(grpc.RpcError):
                _export(rpc, made.authority, client)
            with pytest.raises(httpx.HTTPError):
                _post(web, made.authority, client)


@pytest.mark.parametrize("fault", ["missing", "not PEM", "another key", "authority"])
def test_files_of_no_use_are_a_clear_error_at_the_start(tmp_path: Path, made: Certificates, fault: str) -> None:
    (tmp_path / "text.pem").write_text("no certificate")
    tls = {
        "missing": TlsConfig(certificate=tmp_path / "none.pem", key=made.server.key),
        "not PEM": TlsConfig(certificate=tmp_path / "text.pem", key=made.server.key),
        "another key": TlsConfig(certificate=made.server.certificate, key=made.client.key),
        "authority": TlsConfig(
            certificate=made.server.certificate, key=made.server.key, client_ca=tmp_path / "text.pem"
        ),
    }[fault]
    with pytest.raises(ConfigError, match=r"^collector\.http\.tls cannot be used: .*\. Check that its files") as told:
        ssl_context(tls, "collector.http.tls")
    assert ("none.pem" in str(told.value)) == (fault == "missing")
    loop = EventLoopThread("tls")
    spool = Spool(tmp_path / "spool", SpoolConfig())
    intake = Intake(spool, CollectorMetrics(NoOpMeter("test")))
    try:
        with pytest.raises(ConfigError, match=r"^collector\.grpc\.tls cannot be used"):
            loop.run(GrpcServer(intake, GrpcConfig(listen="127.0.0.1:0", tls=tls)).start())
    finally:
        loop.close()
        spool.close()


def test_a_key_with_a_passphrase_does_not_ask_for_it(tmp_path: Path, made: Certificates) -> None:
    locked = tmp_path / "locked.key"
    locked.write_text(
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\n"
        "MIHsMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAi3oYxVn0zq8wICCAAw\n"
        "-----END ENCRYPTED PRIVATE KEY-----\n"
    )
    with pytest.raises(ConfigError, match="need no passphrase"):
        ssl_context(TlsConfig(certificate=made.server.certificate, key=locked), "collector.http.tls")


def test_over_grpc_a_certificate_that_is_renewed_is_shown_to_new_clients(tmp_path: Path, made: Certificates) -> None:
    shown = Pair(tmp_path / "shown.pem", tmp_path / "shown.key")
    _copy(made.server, shown)
    with _ports(tmp_path / "spool", TlsConfig(certificate=shown.certificate, key=shown.key)) as (rpc, _):
        assert _export(rpc, made.authority) == b""
        # Half of it: the one of before is shown on.
        shown.certificate.write_bytes(made.stranger.certificate.read_bytes())
        assert _export(rpc, made.authority) == b""
        _copy(made.stranger, shown)
        with pytest.raises(grpc.RpcError):
            _export(rpc, made.authority)
        assert _export(rpc, made.stranger.certificate) == b""


def _copy(source: Pair, target: Pair) -> None:
    target.certificate.write_bytes(source.certificate.read_bytes())
    target.key.write_bytes(source.key.read_bytes())
