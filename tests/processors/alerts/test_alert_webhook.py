"""Notifications: which are due, what their body is, and that it is Alertmanager's."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from processors.alerts.fingerprint import fingerprint
from processors.alerts.notifications import due, is_settled, told
from processors.alerts.rules import Receiver
from processors.alerts.state import Alert, State
from processors.alerts.webhook import DeliveryError, WebhookSender, group_key, payload
from tests.processors.alerts.hook import Hook

_NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
_MINUTE = timedelta(minutes=1)


def _receiver(url: str = "http://127.0.0.1:9/s3cret-token", **keys: Any) -> Receiver:
    webhook = {"url": url, "max_alerts": keys.pop("max_alerts", 0)}
    return Receiver.model_validate({"name": "on-call", "webhook": webhook, **keys})


def _alert(api: str, state: State = State.FIRING, **keys: Any) -> Alert:
    labels = {"alertname": "fails", "environment": "production", "api": api, "severity": "critical"}
    given = {
        "rule": "fails", "fingerprint": fingerprint(labels), "labels": labels,
        "annotations": {"summary": f"{api} fails", "runbook": "https://wiki/fails"}, "receiver": "on-call",
        "state": state, "value": 0.2, "active_at": _NOW - 3 * _MINUTE, "fired_at": _NOW - 2 * _MINUTE,
        "resolved_at": _NOW if state is State.RESOLVED else None, **keys,
    }  # fmt: skip
    return Alert(**given)


def test_the_body_that_a_receiver_gets(hook: Hook) -> None:
    fired = _NOW - 2 * _MINUTE + timedelta(microseconds=120_000)
    alerts = [_alert("orders", State.RESOLVED), _alert("carts", fired_at=fired)]
    receiver = _receiver(hook.url.replace("://", "://user:p%40ss@"))
    (notification,) = due(alerts, {"on-call": receiver}, _NOW)
    sender = WebhookSender("https://gatelens.example.com")
    sender.send(notification)
    sender.close()
    assert hook.headers[0]["Content-Type"] == "application/json"
    assert hook.headers[0]["Authorization"] == "Basic dXNlcjpwQHNz"
    assert hook.bodies == [
        {
            "version": "4",
            "groupKey": '{}:{alertname="fails", environment="production"}',
            "truncatedAlerts": 0,
            "status": "firing",
            "receiver": "on-call",
            "groupLabels": {"alertname": "fails", "environment": "production"},
            "commonLabels": {"alertname": "fails", "environment": "production", "severity": "critical"},
            "commonAnnotations": {"runbook": "https://wiki/fails"},
            "externalURL": "https://gatelens.example.com",
            "alerts": [
                {
                    "status": "firing",
                    "labels": {
                        "alertname": "fails",
                        "api": "carts",
                        "environment": "production",
                        "severity": "critical",
                    },
                    "annotations": {"runbook": "https://wiki/fails", "summary": "carts fails"},
                    "startsAt": "2026-03-01T11:58:00.12Z",
                    "endsAt": "0001-01-01T00:00:00Z",
                    "generatorURL": "https://gatelens.example.com/alerts?rule=fails",
                    "fingerprint": "e7103abe140bd84c",
                },
                {
                    "status": "resolved",
                    "labels": {
                        "alertname": "fails",
                        "api": "orders",
                        "environment": "production",
                        "severity": "critical",
                    },
                    "annotations": {"runbook": "https://wiki/fails", "summary": "orders fails"},
                    "startsAt": "2026-03-01T11:58:00Z",
                    "endsAt": "2026-03-01T12:00:00Z",
                    "generatorURL": "https://gatelens.example.com/alerts?rule=fails",
                    "fingerprint": "03b5b5b2bca53d16",
                },
            ],
        }
    ]


def test_fingerprints_that_alertmanager_gave() -> None:
    assert fingerprint({"alertname": "noenv"}) == "a06b32f601e1898c"
    labels = {"severity": "page", "alertname": "high", "api": "carts", "environment": 'pr"o\\d é'}
    assert fingerprint(labels) == "4370843950244bc7"
    assert fingerprint({**labels, "api": "orders"}) == "fd4aaa60be7656a7"


def test_group_keys() -> None:
    assert group_key({}) == "{}:{}"
    assert group_key({"environment": 'pr"o\\d é', "alertname": "high"}) == (
        '{}:{alertname="high", environment="pr\\"o\\\\d é"}'
    )
    assert group_key({"a": "tab\t nul\0 sep\u2028 \U000e0001"}) == '{}:{a="tab\\t nul\\x00 sep\\u2028 \\U000e0001"}'


def test_groups() -> None:
    alerts = [_alert("orders"), _alert("carts"), _alert("stock", receiver="others"), _alert("x", receiver="gone")]
    others = Receiver.model_validate({"name": "others", "webhook": {"url": "http://x"}, "group_by": ["no", "api"]})
    found = due(alerts, {"on-call": _receiver(group_by=["api"]), "others": others}, _NOW)
    assert [(one.receiver.name, dict(one.group_labels)) for one in found] == [
        ("on-call", {"api": "carts"}), ("on-call", {"api": "orders"}), ("others", {"api": "stock"}),
    ]  # fmt: skip
    (whole,) = due(alerts, {"on-call": _receiver(group_by=[])}, _NOW)
    assert (dict(whole.group_labels), len(whole.alerts)) == ({}, 2)


def test_a_group_is_due_when_it_changes_and_when_it_is_to_be_repeated() -> None:
    receivers = {"on-call": _receiver(repeat_interval="1h")}

    def is_due(*alerts: Alert, after: timedelta = timedelta()) -> bool:
        return bool(due(alerts, receivers, _NOW + after))

    known = told(_alert("orders"), _NOW)
    assert is_due(_alert("orders"))
    assert not is_due(known, after=59 * _MINUTE)
    assert is_due(known, after=60 * _MINUTE)
    assert is_due(known, _alert("carts"))
    assert is_due(_alert("orders", State.RESOLVED, notified_state=State.FIRING, notified_at=_NOW))
    assert not is_due(_alert("orders", State.PENDING))
    assert not is_due(_alert("orders", State.PENDING), known)
    assert told(_alert("orders", State.RESOLVED), _NOW).state is State.INACTIVE


def test_who_wants_no_resolved_ones_gets_none() -> None:
    receivers = {"on-call": _receiver(send_resolved=False)}
    over = _alert("orders", State.RESOLVED, notified_state=State.FIRING, notified_at=_NOW)
    assert due([over], receivers, _NOW) == []
    (notification,) = due([over, _alert("carts")], receivers, _NOW)
    assert [alert.labels["api"] for alert in notification.alerts] == ["carts"]
    assert is_settled(over, receivers)
    assert is_settled(over, {})
    assert not is_settled(over, {"on-call": _receiver()})
    assert not is_settled(_alert("carts"), receivers)


def test_truncation() -> None:
    receiver = _receiver(max_alerts=2)
    alerts = [_alert(api) for api in ("d", "c", "b", "a")]
    (notification,) = due(alerts, {"on-call": receiver}, _NOW)
    body = payload(notification, "")
    assert [alert["labels"]["api"] for alert in body["alerts"]] == ["a", "b"]
    assert (body["truncatedAlerts"], body["alerts"][0]["generatorURL"]) == (2, "")


@pytest.mark.parametrize(("status", "again"), [(500, True), (503, True), (429, True), (400, False), (302, False)])
def test_an_answer_that_is_no_success(hook: Hook, status: int, again: bool) -> None:
    hook.answers.append(status)
    error = _error(hook.url)
    assert error.again is again
    assert str(status) in str(error)
    assert f"http://127.0.0.1:{hook.port}/…" in str(error)


def test_no_answer(hook: Hook) -> None:
    hook.close()
    error = _error(hook.url)
    assert error.again
    assert "did not answer: [Errno 111] Connection refused. Check that it runs." in str(error)


def _error(url: str) -> DeliveryError:
    (notification,) = due([_alert("orders")], {"on-call": _receiver(url)}, _NOW)
    sender = WebhookSender("")
    with pytest.raises(DeliveryError) as caught:
        sender.send(notification)
    sender.close()
    assert "s3cret" not in str(caught.value)
    return caught.value
