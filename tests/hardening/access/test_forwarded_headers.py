"""Whose X-Forwarded-For and X-Forwarded-Proto are believed: those of proxies that are named, and of nobody else."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send

from collector.receivers.net.http_server import AsgiServer
from collector.receivers.net.limits import HttpLimits
from gatelens.machine.event_loop import EventLoopThread
from gatelens.machine.listeners import bind
from tests.collector.rigs.ingest_rig import http_port, payloads
from tests.patience import PATIENCE

_FORGED = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https"}


@contextmanager
def _port(limits: HttpLimits) -> Iterator[str]:
    """A port that tells who it thinks has asked."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        answer = JSONResponse([request.client.host if request.client else "", request.url.scheme])
        await answer(scope, receive, send)

    loop, bound = EventLoopThread("test"), bind("127.0.0.1:0", "test")
    server = AsgiServer(app, bound, limits=limits)
    loop.run(server.start())
    try:
        yield f"http://127.0.0.1:{bound.getsockname()[1]}"
    finally:
        loop.run(server.stop())
        loop.close()
        bound.close()


@pytest.mark.parametrize(
    ("trusted", "told"),
    [
        ("", ["127.0.0.1", "http"]),
        ("192.0.2.1, 10.0.0.0/8", ["127.0.0.1", "http"]),
        ("127.0.0.1", ["203.0.113.9", "https"]),
        ("::1,127.0.0.0/8", ["203.0.113.9", "https"]),
    ],
)
def test_only_a_proxy_that_is_named_is_believed(trusted: str, told: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    # What uvicorn would look at by itself.
    monkeypatch.setenv("FORWARDED_ALLOW_IPS", "*")
    with _port(HttpLimits.model_validate({"trusted_proxies": trusted})) as url:
        assert json.loads(httpx.get(url, headers=_FORGED, trust_env=False, timeout=PATIENCE).content) == told


@pytest.mark.parametrize("trusted", ["*", "proxy.example.com", "10.0.0.1/8"])
def test_what_is_no_address_is_refused(trusted: str) -> None:
    with pytest.raises(ValidationError):
        HttpLimits.model_validate({"trusted_proxies": trusted})


def test_nobody_chooses_the_sender_of_a_key(tmp_path: Path) -> None:
    headers = {"Idempotency-Key": "k"}
    with http_port(tmp_path) as rig, httpx.Client(base_url=rig.http, trust_env=False, timeout=PATIENCE) as client:
        for number in range(2):
            forged = headers | {"X-Forwarded-For": f"203.0.113.{number}"}
            assert client.post("/ingest/json", content=b'{"a":1}\n', headers=forged).status_code == 200
        assert [payload["peer"] for payload in payloads(rig)] == ["127.0.0.1"]
