"""Services that answer for ever, names that are markup, and receivers of people that reach into the machine."""

import gzip
import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from pydantic import SecretStr

from processors.alerts.channels.discord import discord_message
from processors.alerts.channels.http_call import HttpCaller
from processors.alerts.channels.notification import DeliveryError, Notification
from processors.alerts.channels.receiver import Receiver
from processors.alerts.channels.slack import slack_message
from processors.alerts.channels.trial import trial_notification, try_channels
from processors.alerts.channels.webhook import WebhookConfig
from processors.alerts.receiver_definition import receiver_of
from processors.alerts.rule_file import RuleFile
from processors.alerts.rule_source import parse_rule
from processors.alerts.rules.templates import render
from processors.errors import InvalidReceiver, InvalidRule
from tests.patience import PATIENCE

_NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
_MEBIBYTE = bytes(1 << 20)
# Far more than sockets hold on their way.
_MOST_SENT = 256 << 20


class Service:
    """Answers 200 with a body that never ends, until nobody takes any more of it."""

    def __init__(self, send: Callable[["Service", BaseHTTPRequestHandler], None]) -> None:
        self.sent = 0
        self.ended, self.free = threading.Event(), threading.Event()
        self.paths: list[str] = []
        service = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                service.paths.append(self.path)
                try:
                    send(service, self)
                except OSError:
                    self.close_connection = True
                finally:
                    service.ended.set()

            do_GET = do_POST  # noqa: N815 - of the library

            def log_message(self, *_: object) -> None:
                """Nothing: the output is for the tests."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def __enter__(self) -> "Service":
        return self

    def __exit__(self, *_: object) -> None:
        self.free.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def _endless(service: Service, handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", str(_MOST_SENT))
    handler.end_headers()
    while service.sent < _MOST_SENT:
        handler.wfile.write(_MEBIBYTE)
        service.sent += len(_MEBIBYTE)


def _dripping(service: Service, handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", "1000000000")
    handler.end_headers()
    while not service.free.is_set():
        handler.wfile.write(b"x")
        time.sleep(0.01)


def _bomb(_: Service, handler: BaseHTTPRequestHandler) -> None:
    # One that cannot be unpacked: whoever tries would say so.
    body = gzip.compress(bytes(1 << 16))[:40]
    handler.send_response(200)
    handler.send_header("Content-Encoding", "gzip")
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


def _silent(service: Service, handler: BaseHTTPRequestHandler) -> None:
    """Head after head line, each of them in time."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
    while not service.free.is_set():
        handler.wfile.write(b"a: b\r\n")
        time.sleep(0.5)


def _redirecting(_: Service, handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(302)
    handler.send_header("Location", "/elsewhere")
    handler.send_header("Content-Length", "0")
    handler.end_headers()


@pytest.fixture
def caller() -> Iterator[HttpCaller]:
    opened = HttpCaller()
    yield opened
    opened.close()


def test_an_answer_is_not_read_for_ever(caller: HttpCaller) -> None:
    for answer in (_endless, _dripping):
        with Service(answer) as service:
            caller.post(SecretStr(service.url), {})
            assert service.ended.wait(PATIENCE)
            assert service.sent < _MOST_SENT


def test_an_answer_is_not_unpacked(caller: HttpCaller) -> None:
    with Service(_bomb) as service:
        caller.post(SecretStr(service.url), {})


def test_a_trial_does_not_wait_for_ever() -> None:
    with Service(_silent) as service:
        receiver = Receiver.model_validate({"name": "slow", "webhook": {"url": service.url}})
        assert try_channels(receiver, "", _NOW, seconds=0.2) == {
            "webhook": "It has not taken the test within 0.2 seconds. Check that it runs."
        }


@pytest.mark.parametrize("scheme", ["http", "json"])
def test_no_channel_goes_where_an_answer_sends_it(scheme: str) -> None:
    with Service(_redirecting) as service:
        address = service.url.replace("http:", f"{scheme}:")
        channel = {"webhook": {"url": address}} if scheme == "http" else {"apprise": {"urls": [address]}}
        receiver = Receiver.model_validate({"name": "moved", **channel})
        assert all(try_channels(receiver, "", _NOW, PATIENCE).values())
        assert "/elsewhere" not in service.paths
        assert service.paths


_OF_THE_MACHINE = (
    "workflows://host:1/workflow/signature/?template={path}",
    "workflows://host:1/workflow/signature/?template=http://169.254.169.254/",
    "discord://1234567890123456789/abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxyz012345?template={path}",
    "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/?template={path}",
    "tgram://123456789:abcdefg_hijklmnop/12315544/?template={path}",
    "tgram://123456789:abcdefg_hijklmnop/12315544/?%74emplate={path}",
    "syslog://",
    "json://host/?keyfile={path}",
)


@pytest.mark.parametrize("address", _OF_THE_MACHINE)
def test_no_receiver_of_people_uses_the_machine(tmp_path: Path, address: str) -> None:
    secret = tmp_path / "secret.json"
    secret.write_text('{"key": "private"}')
    wanted = {"name": "shop", "apprise": {"urls": [address.format(path=secret)]}}
    with pytest.raises(InvalidReceiver, match="on the server; leave that out, or put the receiver into the rule file"):
        receiver_of(json.dumps(wanted), {})
    # Who writes the rule file may read the files anyway.
    assert Receiver.model_validate(wanted).apprise is not None


@pytest.mark.parametrize("address", ["ntfy://topic", "matrix://user:token@host/#room", "json://host/path?format=text"])
def test_other_services_are_taken(address: str) -> None:
    receiver, _ = receiver_of(json.dumps({"name": "shop", "apprise": {"urls": [address]}}), {})
    assert receiver.apprise is not None


def _notification(api: str, **annotations: str) -> Notification:
    made = trial_notification("shop", "slack", "https://gatelens.example", _NOW)
    [alert] = made.alerts
    return replace(made, alerts=(replace(alert, labels={**alert.labels, "api": api}, annotations=annotations),))


def test_names_that_clients_invent_are_no_markup() -> None:
    name = "x>|y <!channel> [free](https://evil.example) **loud** `code`"
    labels = {"api": name}
    notification = _notification(
        name,
        summary=render("{{ labels.api }} fails", {}, labels),
        runbook_url=render("https://runbooks.example/{{ labels.api }}", {}, labels),
    )
    slack = json.dumps(slack_message(notification), ensure_ascii=False)
    assert "<!channel>" not in slack
    assert "<https://runbooks.example/x%3E%7Cy%20%3C!channel%3E%20[free]%28https://evil.example%29" in slack
    discord = json.dumps(discord_message(notification), ensure_ascii=False).replace("\\\\", "\\")
    assert "[free](https" not in discord
    assert r"\[free\]\(https://evil.example\) \*\*loud\*\* \`code\`" in discord
    assert "[Runbook](https://runbooks.example/x%3E" in discord


def test_no_template_grows_without_end() -> None:
    rendered = render("{{ labels.api }} " * 10_000, {}, {"api": "long" * 25_000})
    assert (len(rendered), rendered[-1]) == (16_001, "…")
    channel = WebhookConfig(url=SecretStr("http://127.0.0.1:9/"), body="{{ text }}" * 100_000).open()
    with pytest.raises(DeliveryError, match="Take some out of `body`") as caught:
        channel.send(_notification("orders"))
    assert not caught.value.again


def test_long_definitions_are_refused_unread() -> None:
    text = "a: b\n" * 1_000_000
    with pytest.raises(InvalidReceiver, match="at most 200,000 characters"):
        receiver_of(text, {})
    with pytest.raises(InvalidRule, match="at most 200,000 characters"):
        parse_rule(text, RuleFile())
