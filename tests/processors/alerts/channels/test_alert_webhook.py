"""Notifications: which are due, what their body is, and that it is Alertmanager's."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from processors.alerts.channels.notification import DeliveryError
from processors.alerts.channels.receiver import Receiver
from processors.alerts.channels.webhook import payload
from processors.alerts.evaluation.fingerprint import fingerprint
from processors.alerts.evaluation.state import Alert, State
from processors.alerts.routing.dispatcher import Dispatcher, Situation
from processors.alerts.routing.group_key import group_key
from processors.alerts.routing.notification_log import NotificationLog
from processors.alerts.routing.routing import Routing
from tests.processors.alerts import rig
from tests.processors.alerts.hook import Hook

_NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
_MINUTE = timedelta(minutes=1)


def _receiver(url: str = "http://127.0.0.1:9/s3cret-token", **keys: Any) -> Receiver:
    return Receiver.model_validate({"name": "on-call", "webhook": {"url": url, **keys}})


def _alert(api: str, state: State = State.FIRING, **keys: Any) -> Alert:
    labels = {"alertname": "fails", "environment": "production", "api": api, "severity": "critical"}
    given = {
        "rule": "fails", "fingerprint": fingerprint(labels), "labels": labels,
        "annotations": {"summary": f"{api} fails", "runbook": "https://wiki/fails"}, "receiver": "on-call",
        "state": state, "value": 0.2, "active_at": _NOW - 3 * _MINUTE, "fired_at": _NOW - 2 * _MINUTE,
        "resolved_at": _NOW if state is State.RESOLVED else None, **keys,
    }  # fmt: skip
    return Alert(**given)


def _annotations(api: str, until: str = "2026-03-01T12%3A03") -> dict[str, str]:
    matchers = (
        f"alertname%3D%22fails%22%2Capi%3D%22{api}%22%2Cenvironment%3D%22production%22%2Cseverity%3D%22critical%22"
    )
    base = "https://gatelens.example.com"
    query = f"api={api}&from=2026-03-01T11%3A27&to={until}&environment=production"
    return {
        "page_url": f"{base}/apis?{query}",
        "runbook": "https://wiki/fails",
        "silence_url": f"{base}/alerts?tab=silences&matchers=%7B{matchers}%7D",
        "summary": f"{api} fails",
    }


def test_the_body_that_a_receiver_gets(hook: Hook) -> None:
    fired = _NOW - 2 * _MINUTE + timedelta(microseconds=120_000)
    alerts = [_alert("orders", State.RESOLVED), _alert("carts", fired_at=fired)]
    receiver = _receiver(hook.url.replace("://", "://user:p%40ss@"))
    dispatcher = Dispatcher(log := NotificationLog())
    (first,) = dispatcher.due([_alert("orders")], Routing({"on-call": receiver}), Situation(_NOW))
    log.taken(first, _NOW)
    situation = Situation(_NOW, external_url="https://gatelens.example.com")
    (notification,) = dispatcher.due(alerts, Routing({"on-call": receiver}), situation)
    channel = receiver.channels["webhook"].open()
    channel.send(notification)
    channel.close()
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
                    "annotations": _annotations("carts"),
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
                    "annotations": _annotations("orders", "2026-03-01T12%3A05"),
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


def test_truncation() -> None:
    receiver = _receiver()
    alerts = [_alert(api) for api in ("d", "c", "b", "a")]
    (notification,) = rig.notifications(alerts, {"on-call": receiver}, _NOW)
    body = payload(notification, max_alerts=2)
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
    receiver = _receiver(url)
    (notification,) = rig.notifications([_alert("orders")], {"on-call": receiver}, _NOW)
    channel = receiver.channels["webhook"].open()
    with pytest.raises(DeliveryError) as caught:
        channel.send(notification)
    channel.close()
    assert "s3cret" not in str(caught.value)
    return caught.value
