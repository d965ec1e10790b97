"""What each channel sends, to servers of ours: a real SMTP server, and HTTP that keeps what it gets."""

import base64
import hashlib
import hmac
import logging
import socket
import ssl
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword

from processors.alerts.channels.channel import CHANNELS
from processors.alerts.channels.notification import DeliveryError, Notification
from processors.alerts.channels.receiver import Receiver
from processors.alerts.channels.trial import trial_notification
from processors.alerts.evaluation.fingerprint import fingerprint
from processors.alerts.evaluation.state import Alert, State
from processors.time.window import Window
from tests.processors.alerts.hook import Hook

_NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
_WINDOW = Window(_NOON - timedelta(minutes=5), _NOON)
_SECRET = "s3cret"  # noqa: S105 - of nobody


def _alert(api: str = "orders", severity: str = "critical", state: State = State.FIRING) -> Alert:
    labels = {"alertname": "fails", "api": api, "environment": "production", "severity": severity}
    annotations = {
        "summary": "<b>5.32 %</b> of the requests fail & more", "value": "5.32 %", "threshold": "> 5 %",
        "runbook_url": "https://wiki.example.com/fails",
    }  # fmt: skip
    return Alert(
        rule="fails", fingerprint=fingerprint(labels), labels=labels, annotations=annotations, receiver="on-call",
        state=state, value=0.0532, active_at=_NOON, fired_at=_NOON, window=_WINDOW,
        resolved_at=_NOON + timedelta(minutes=9) if state is State.RESOLVED else None,
    )  # fmt: skip


def _notification(channel: str, *alerts: Alert, **keys: Any) -> Notification:
    group = {"alertname": "fails", "environment": "production"}
    key = '{}:{alertname="fails", environment="production"}'
    told = alerts or (_alert(),)
    return Notification("on-call", channel, key, group, told, external_url="https://gatelens.example.com", **keys)


def _send(channel: str, settings: dict[str, Any], *alerts: Alert, **keys: Any) -> None:
    receiver = Receiver.model_validate({"name": "on-call", channel: settings})
    opened = receiver.channels[channel].open()
    try:
        opened.send(_notification(channel, *alerts, **keys))
    finally:
        opened.close()


# What every message for people says: what, how bad, since when, of which window, and where to go.
_SAID = (
    "fails", "5.32 %", "> 5 %", "2026-03-02 12:00:00 UTC", "2026-03-02 11:55 to 12:00 UTC", "orders",
    "https://gatelens.example.com/apis?api=orders", "tab=silences", "https://wiki.example.com/fails",
)  # fmt: skip

_BY_URL = ("slack", "teams", "discord")


@pytest.mark.parametrize("channel", [*_BY_URL, "telegram", "pagerduty", "opsgenie"])
def test_what_people_are_told(hook: Hook, channel: str) -> None:
    settings: dict[str, Any] = {"url": hook.url}
    settings |= {
        "telegram": {"token": _SECRET, "chat_id": "-100"}, "pagerduty": {"routing_key": _SECRET},
        "opsgenie": {"api_key": _SECRET},
    }.get(channel, {})  # fmt: skip
    _send(channel, settings)
    (body,) = hook.bodies
    text = "\n".join(_texts(body)).replace("\\", "").replace("&amp;", "&").replace("&gt;", ">")
    for part in _SAID:
        assert part in text, part
    for secret in (_SECRET, "s3cret-token"):
        assert channel == "pagerduty" or secret not in text


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for name, part in value.items():
            yield str(name)
            yield from _texts(part)
    elif isinstance(value, list):
        for part in value:
            yield from _texts(part)
    else:
        yield str(value)


def test_slack_and_telegram_read_no_marks_in_names(hook: Hook) -> None:
    _send("slack", {"url": hook.url}, _alert("<!channel>"))
    _send("telegram", {"url": hook.url, "token": _SECRET, "chat_id": 5}, _alert("<a href='x'>"))
    _send("discord", {"url": hook.url}, _alert("@everyone"))
    slack, telegram, discord = hook.bodies
    assert "<!channel>" not in str(slack)
    assert "<a href='x'>" not in telegram["text"]
    assert (telegram["chat_id"], telegram["parse_mode"]) == ("5", "HTML")
    assert hook.paths[1].endswith(f"/bot{_SECRET}/sendMessage")
    assert discord["allowed_mentions"] == {"parse": []}


def test_pagerduty_knows_a_group_by_its_key(hook: Hook) -> None:
    settings = {"url": hook.url, "routing_key": _SECRET}
    _send("pagerduty", settings, _alert(severity="warning"), _alert("carts"))
    _send("pagerduty", settings, _alert(state=State.RESOLVED))
    opened, closed = hook.bodies
    assert (opened["event_action"], closed["event_action"]) == ("trigger", "resolve")
    assert opened["dedup_key"] == closed["dedup_key"]
    assert opened["payload"]["severity"] == "critical"
    assert opened["payload"]["timestamp"] == "2026-03-02T12:00:00Z"
    assert {link["text"] for link in opened["links"]} == {"Open", "Silence", "Rule", "Runbook"}


def test_opsgenie_opens_and_closes_by_an_alias(hook: Hook) -> None:
    settings = {"url": hook.url, "api_key": _SECRET}
    _send("opsgenie", settings)
    _send("opsgenie", settings, _alert(state=State.RESOLVED))
    alias = hook.bodies[0]["alias"]
    assert hook.bodies[0]["priority"] == "P1"
    assert hook.headers[0]["Authorization"] == f"GenieKey {_SECRET}"
    assert hook.paths[1].endswith(f"/v2/alerts/{alias}/close?identifierType=alias")


def test_a_webhook_with_a_body_headers_and_a_signature_of_its_own(hook: Hook) -> None:
    body = '{"text": "{{ title }}: {{ annotations.summary }}", "team": "{{ labels.api }}{{ labels.none }}"}'
    settings = {"url": hook.url, "body": body, "headers": {"X-Team": "shop"}, "secret": _SECRET}
    alert = _alert('or"ders')
    _send("webhook", settings, alert)
    (told,) = hook.bodies
    assert told["team"] == 'or"ders'
    assert told["text"].startswith("[FIRING:1] fails (environment=production): <b>5.32 %</b>")
    headers = {name.lower(): value for name, value in hook.headers[0].items()}
    assert headers["x-team"] == "shop"
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + hook.raw[0]
    digest = hmac.new(_SECRET.encode(), signed, hashlib.sha256).digest()
    assert headers["webhook-signature"] == f"v1,{base64.b64encode(digest).decode()}"


def test_apprise_tells_other_services_and_logs_no_address(hook: Hook, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    url = f"json://127.0.0.1:{hook.port}/s3cret-token"
    _send("apprise", {"urls": [url]})
    assert hook.bodies[0]["title"] == "[FIRING:1] fails (environment=production)"
    assert hook.bodies[0]["type"] == "failure"
    assert "5.32 % (threshold > 5 %)" in hook.bodies[0]["message"]
    hook.answers.append(500)
    with pytest.raises(DeliveryError, match=r"json://… did not take the notification\."):
        _send("apprise", {"urls": url})
    assert "s3cret-token" not in caplog.text
    with pytest.raises(ValueError, match="number 1 is no address of apprise"):
        Receiver.model_validate({"name": "x", "apprise": {"urls": ["nowhere"]}})


@pytest.mark.parametrize("channel", CHANNELS)
def test_no_channel_tells_its_secret_when_it_fails(channel: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    closed = "http://127.0.0.1:9/s3cret-path"
    special: dict[str, dict[str, Any]] = {
        "email": {
            "host": "127.0.0.1", "port": 9, "from": "g@example.com", "to": "a@example.com", "security": "tls",
            "username": "g", "password": _SECRET,
        },
        "telegram": {"url": closed, "token": _SECRET, "chat_id": "1"},
        "pagerduty": {"url": closed, "routing_key": _SECRET},
        "opsgenie": {"url": closed, "api_key": _SECRET},
        "apprise": {"urls": ["json://127.0.0.1:9/s3cret-path"]},
        "alertmanager": {"url": closed, "token": _SECRET},
    }  # fmt: skip
    settings = special.get(channel, {"url": closed})
    receiver = Receiver.model_validate({"name": "on-call", channel: settings})
    with pytest.raises(DeliveryError) as caught:
        _send(channel, settings)
    shown = f"{caught.value} {caught.value.__context__!r} {receiver!r} {receiver.channels[channel].shown} {caplog.text}"
    assert "s3cret" not in shown
    assert caught.value.again


class _Inbox:
    """Keeps what it is sent; takes one user."""

    def __init__(self) -> None:
        self.messages: list[EmailMessage] = []
        self.recipients: list[list[str]] = []
        self.answer = "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Envelope) -> str:  # noqa: N802
        assert isinstance(envelope.content, bytes)
        self.messages.append(message_from_bytes(envelope.content, policy=policy.default))
        self.recipients.append(list(envelope.rcpt_tos))
        return self.answer


def _authenticate(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
    is_known = isinstance(data, LoginPassword) and (data.login, data.password) == (b"gatelens", _SECRET.encode())
    return AuthResult(success=is_known, handled=False)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate and its key in one file, for localhost."""
    path = tmp_path_factory.mktemp("smtp") / "server.pem"
    subprocess.run(
        [
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
            "-keyout", str(path), "-out", str(path.with_suffix(".crt")), "-days", "2", "-subj", "/CN=localhost",
            "-addext", "subjectAltName=DNS:localhost",
        ],
        check=True, capture_output=True,
    )  # fmt: skip
    return path


@pytest.fixture
def inbox() -> _Inbox:
    return _Inbox()


@pytest.fixture
def smtp(inbox: _Inbox, certificate: Path) -> Iterator[dict[str, Any]]:
    """The settings of a channel to a server that demands STARTTLS and a password."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.with_suffix(".crt"), certificate)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    controller = Controller(
        inbox, hostname="localhost", port=port, tls_context=context, require_starttls=True, auth_required=True,
        authenticator=_authenticate,
    )  # fmt: skip
    controller.start()
    yield {
        "host": "localhost", "port": port, "from": "Gatelens <g@example.com>",
        "to": ["a@example.com", "b@example.com"], "username": "gatelens", "password": _SECRET,
        "ca_file": str(certificate.with_suffix(".crt")),
    }  # fmt: skip
    controller.stop()


def test_a_mail_by_starttls_with_a_plain_and_an_html_part(smtp: dict[str, Any], inbox: _Inbox) -> None:
    _send("email", smtp)
    _send("email", smtp, _alert(state=State.RESOLVED))
    mail, resolved = inbox.messages
    assert inbox.recipients[0] == ["a@example.com", "b@example.com"]
    assert mail["Subject"] == "[FIRING:1] fails (environment=production)"
    assert resolved["Subject"].startswith("[RESOLVED]")
    assert mail["References"] == resolved["References"]
    plain, page = mail.get_body(("plain",)), mail.get_body(("html",))
    assert plain is not None
    assert page is not None
    for part in _SAID:
        assert part in plain.get_content(), part
    html = page.get_content().replace("&amp;", "&").replace("&gt;", ">")
    for part in _SAID:
        assert part in html, part
    assert "&lt;b&gt;5.32 %&lt;/b&gt;" in page.get_content()


def test_a_name_with_a_line_in_it_makes_no_header(smtp: dict[str, Any], inbox: _Inbox) -> None:
    receiver = Receiver.model_validate({"name": "on-call", "email": smtp})
    channel = receiver.channels["email"].open()
    group = {"alertname": "x\r\nBcc: eve@example.com"}
    channel.send(replace(_notification("email"), group_labels=group))
    assert inbox.messages[0]["Bcc"] is None
    assert inbox.recipients[0] == ["a@example.com", "b@example.com"]


def test_a_server_that_refuses(smtp: dict[str, Any], inbox: _Inbox) -> None:
    with pytest.raises(DeliveryError, match="refused username and password") as caught:
        _send("email", {**smtp, "password": "wrong"})
    assert not caught.value.again
    inbox.answer = "451 later"
    with pytest.raises(DeliveryError, match="refused the message with 451") as caught:
        _send("email", smtp)
    assert caught.value.again
    with pytest.raises(DeliveryError, match="could not be used"):
        _send("email", {**smtp, "ca_file": ""})


def test_a_test_says_that_it_is_one(hook: Hook) -> None:
    receiver = Receiver.model_validate({"name": "on-call", "webhook": {"url": hook.url}})
    channel = receiver.channels["webhook"].open()
    channel.send(trial_notification("on-call", "webhook", "", _NOON))
    channel.close()
    (body,) = hook.bodies
    assert (body["status"], body["commonLabels"]["alertname"]) == ("resolved", "GatelensTest")
    assert body["commonAnnotations"]["summary"] == "This is a test of the receiver on-call. Nothing is wrong."
