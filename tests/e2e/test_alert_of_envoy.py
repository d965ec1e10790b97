"""A real Envoy whose upstream breaks: the page by e-mail and webhook; it is mended, and both are told the end."""

import email
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import Envelope

from gatelens.demo.gateways import bootstrap
from gatelens.demo.gateways.binary import envoy_binary
from gatelens.demo.gateways.envoy import Envoy
from gatelens.demo.gateways.upstreams import Upstreams
from gatelens.demo.model import DEAD_CLUSTER, GATEWAY, UPSTREAMS
from gatelens.demo.traffic import Traffic
from gatelens.machine.event_loop import EventLoopThread
from storage.errors import GatelensError
from tests.e2e.gatelens_process import GatelensProcess, until
from tests.processors.alerts.hook import Hook

_PATIENCE_SECONDS = 120
_CLUSTER, _KIND = "payments", "payment status"
_RULES = """
rules:
  - alert: upstream-fails
    kind: sql
    sql: |
      SELECT api, countIf(status >= 500) AS failing
      FROM (SELECT api, status FROM requests WHERE environment = 'demo' ORDER BY time DESC LIMIT 3)
      GROUP BY api
    op: ">"
    threshold: 0
    severity: critical
    annotations: {{summary: "{{{{ labels.api }}}}: {{{{ value }}}} requests failed"}}
    receiver: on-call
receivers:
  - name: on-call
    webhook: {{url: "{hook}"}}
    email: {{host: 127.0.0.1, port: {smtp}, security: none, from: gatelens@example.com, to: on-call@example.com}}
"""


class _Inbox:
    """What arrived by SMTP."""

    def __init__(self) -> None:
        self.messages: list[EmailMessage] = []

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd calls it
        self.messages.append(email.message_from_bytes(envelope.content or b"", policy=default))  # type: ignore[arg-type]
        return "250 taken"


class _Gateway:
    """An Envoy in front of an upstream that can be broken, and a client of it."""

    def __init__(self, directory: Path, process: GatelensProcess) -> None:
        self._cleanup = ExitStack()
        self._loop = EventLoopThread("alert-of-envoy")
        self._cleanup.callback(self._loop.close)
        self._upstreams = Upstreams(UPSTREAMS)
        self._loop.run(self._upstreams.start())
        self._cleanup.callback(lambda: self._loop.run(self._upstreams.stop()))
        dead = self._cleanup.enter_context(socket.socket())
        dead.bind(("127.0.0.1", 0))
        ports = {**self._upstreams.ports, DEAD_CLUSTER: dead.getsockname()[1]}
        envoy = Envoy(GATEWAY.cluster, bootstrap.gateway(process.addresses.grpc, ports), directory)
        envoy.start()
        self._cleanup.callback(envoy.stop)
        self._url = f"http://127.0.0.1:{envoy.listener_port('als')}"

    def call(self) -> None:
        """A few requests."""
        self._loop.run(Traffic([]).send_exactly({_KIND: 3}, self._url))

    def break_upstream(self) -> None:
        self._loop.run(self._on_loop(lambda: self._upstreams.kill(_CLUSTER)))

    def mend_upstream(self) -> None:
        self._loop.run(self._upstreams.revive(_CLUSTER))

    def close(self) -> None:
        self._cleanup.close()

    @staticmethod
    async def _on_loop(do: Callable[[], None]) -> None:
        do()


@pytest.fixture
def inbox() -> _Inbox:
    return _Inbox()


@pytest.fixture
def smtp_port(inbox: _Inbox) -> Iterator[int]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    controller = Controller(inbox, hostname="127.0.0.1", port=port)
    controller.start()
    yield port
    controller.stop()


@pytest.fixture
def hook() -> Iterator[Hook]:
    opened = Hook()
    yield opened
    opened.close()


@pytest.fixture
def gatelens(tmp_path: Path, hook: Hook, smtp_port: int) -> Iterator[GatelensProcess]:
    try:
        envoy_binary()
    except GatelensError as error:
        pytest.skip(str(error))
    rules, config = tmp_path / "rules.yaml", tmp_path / "gatelens.yaml"
    rules.write_text(_RULES.format(hook=hook.url, smtp=smtp_port), encoding="utf-8")
    config.write_text(f"alerts: {{rules: {rules}}}\n", encoding="utf-8")
    with GatelensProcess(tmp_path / "data", "--config", config) as process:
        yield process


@pytest.fixture
def gateway(tmp_path: Path, gatelens: GatelensProcess) -> Iterator[_Gateway]:
    opened = _Gateway(tmp_path / "gateway", gatelens)
    yield opened
    opened.close()


def test_a_page_and_its_end(gateway: _Gateway, gatelens: GatelensProcess, hook: Hook, inbox: _Inbox) -> None:
    gateway.call()
    until(gatelens.count, bool)
    gateway.break_upstream()
    _call_until(gateway, lambda: gatelens.count("status >= 500") > 0)
    broken = time.monotonic()
    _call_until(gateway, lambda: bool(hook.bodies and inbox.messages))
    _report("page", broken)
    (alert,) = hook.bodies[0]["alerts"]
    assert (alert["status"], alert["labels"]["api"], alert["labels"]["severity"]) == ("firing", "payments", "critical")
    page = inbox.messages[0]
    assert page["To"] == "on-call@example.com"
    body = page.get_body(("plain",))
    assert body is not None
    assert "payments: " in body.get_content()

    gateway.mend_upstream()
    mended = time.monotonic()
    _call_until(gateway, lambda: _statuses(hook)[-1] == "resolved" and len(inbox.messages) > 1)
    _report("end", mended)
    assert hook.bodies[-1]["alerts"][0]["fingerprint"] == alert["fingerprint"]
    assert "resolved" in str(inbox.messages[-1]["Subject"]).lower()
    assert _statuses(hook) == ["firing", "resolved"]


def _call_until(gateway: _Gateway, done: Callable[[], bool]) -> None:
    def look() -> bool:
        gateway.call()
        return done()

    assert until(look, bool, _PATIENCE_SECONDS)


def _statuses(hook: Hook) -> list[str]:
    return [str(body["status"]) for body in hook.bodies]


def _report(what: str, since: float) -> None:
    print(f"{what}: told {time.monotonic() - since:.1f} s after it was so")  # noqa: T201 - measured, and not held to
