"""The same alerts through the real Alertmanager: its fingerprints and its webhook's body are ours."""

import socket
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from processors.alerts.channels.receiver import Receiver
from processors.alerts.channels.webhook import payload, time_text
from processors.alerts.evaluation.fingerprint import fingerprint
from processors.alerts.evaluation.state import Alert, State, step
from processors.alerts.routing.dispatcher import Dispatcher, Situation
from processors.alerts.routing.inhibition import Inhibitions
from processors.alerts.routing.notification_log import NotificationLog
from processors.alerts.routing.routing import Routing
from processors.alerts.rule_file import RuleFile
from processors.alerts.rules.sample import Sample
from processors.time.window import MINUTE, Window, floor
from tests.patience import PATIENCE
from tests.processors.alerts import rig
from tests.processors.alerts.hook import Hook

_BINARY = Path("/usr/bin/prometheus-alertmanager")
_EXTERNAL_URL = "http://gatelens.example.com"
# Alertmanager takes what has long ended for new and what is in the future for old.
_NOW = datetime.now(UTC).replace(microsecond=120_000) - timedelta(minutes=5)

pytestmark = pytest.mark.skipif(not _BINARY.exists(), reason=f"{_BINARY} is not installed.")

_CONFIG = """
route:
  receiver: on-call
  group_by: [alertname, environment]
  group_wait: 100ms
  group_interval: 200ms
  routes:
    - matchers: [team="shop", alertname=~"fails|gateway-.+"]
      group_by: [alertname, api]
receivers:
  - name: on-call
    webhook_configs: [{{url: "{url}"}}]
inhibit_rules:
  - source_matchers: [severity="critical"]
    target_matchers: [severity="warning"]
    equal: [alertname, api]
  - source_matchers: [alertname="gateway-dead"]
    target_matchers: [alertname="fails"]
    equal: [gateway]
"""


@pytest.fixture
def alertmanager(hook: Hook, tmp_path: Path) -> Iterator[httpx.Client]:
    """A running Alertmanager that tells the hook."""
    (tmp_path / "alertmanager.yml").write_text(_CONFIG.format(url=hook.url), encoding="utf-8")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    command = [
        str(_BINARY), f"--config.file={tmp_path / 'alertmanager.yml'}", f"--storage.path={tmp_path / 'data'}",
        f"--web.listen-address={address}", "--cluster.listen-address=", f"--web.external-url={_EXTERNAL_URL}",
    ]  # fmt: skip
    with (
        (tmp_path / "log").open("w") as log,
        subprocess.Popen(command, stdout=log, stderr=log) as process,
        httpx.Client(base_url=f"http://{address}", trust_env=False, timeout=PATIENCE) as client,
    ):
        try:
            _wait_for(lambda: _is_ready(client))
            yield client
        finally:
            process.terminate()


def test_fingerprints_and_bodies(alertmanager: httpx.Client, hook: Hook) -> None:
    rule = rig.rule(
        **{
            "name": 'is "slow" \\ <&> é', "measure": "p99", "window": "5m", "op": ">", "threshold": 500,
            "by": ["api", "gateway"], "filters": {"environment": "pro\tduction ü"}, "severity": "critical",
            "labels": {"team": "shop"}, "receiver": "on-call",
            "annotations": {"summary": "{{ labels.api }}: {{ value_with_unit }}", "runbook": "https://wiki/slow"},
        }
    )  # fmt: skip
    samples = [
        Sample({"api": api, "gateway": gateway}, 812.0, 9)
        for api, gateway in (("orders", "edge"), ("carts", "edge"), ("", "inner"), ("stock", ""))
    ]
    receivers = {"on-call": Receiver.model_validate({"name": "on-call", "webhook": {"url": hook.url}})}

    window = Window(floor(_NOW, MINUTE) - 5 * MINUTE, floor(_NOW, MINUTE))
    firing, _ = step(rule, {}, samples, _NOW, window)
    log = NotificationLog()
    dispatcher = Dispatcher(log)
    situation = Situation(_NOW, external_url=_EXTERNAL_URL)
    (notification,) = dispatcher.due(firing.values(), Routing(receivers), situation)
    expected = payload(notification)
    _post(alertmanager, expected)
    # It tells at once of what began longer ago than its group waits, and of the rest of a batch after that.
    _wait_for(lambda: hook.bodies[-1:] == [expected])
    assert list(hook.bodies[-1]) == list(expected)
    shown = alertmanager.get("/api/v2/alerts").raise_for_status().json()
    assert {alert["fingerprint"] for alert in shown} == set(firing)

    dispatcher.taken(notification, Routing(receivers), _NOW)
    changed = firing
    for minutes in (1, 2):
        changed, _ = step(rule, changed, samples[:2], _NOW + timedelta(minutes=minutes), window)
    (notification,) = dispatcher.due(changed.values(), Routing(receivers), situation)
    expected = payload(notification)
    _post(alertmanager, expected)
    _wait_for(lambda: hook.bodies[-1:] == [expected])


def test_the_channel_that_gives_alerts_to_an_alertmanager(alertmanager: httpx.Client, hook: Hook) -> None:
    """It groups and routes them itself, takes the end, and takes the same alert again for the same."""
    rule = rig.rule(name="given", measure="error_rate", window="5m", op=">", threshold=0.1, by=["api"], receiver="am")
    receiver = Receiver.model_validate({"name": "am", "alertmanager": {"url": str(alertmanager.base_url)}})
    channel = receiver.channels["alertmanager"].open()
    firing, _ = step(rule, {}, [Sample({"api": "orders"}, 0.2, 9)], _NOW)
    (notification,) = rig.notifications(firing.values(), {"am": receiver}, _NOW, _EXTERNAL_URL)
    for _ in range(2):
        channel.send(notification)
    (key,) = firing
    _wait_for(lambda: [alert["fingerprint"] for alert in hook.bodies[-1]["alerts"]] == [key] if hook.bodies else False)
    assert hook.bodies[-1]["alerts"][0]["annotations"]["value"] == "20 %"
    ended = {key: replace(firing[key], state=State.RESOLVED, resolved_at=_NOW + timedelta(minutes=2))}
    channel.send(replace(notification, alerts=tuple(ended.values())))
    channel.close()
    _wait_for(lambda: hook.bodies[-1]["status"] == "resolved")
    assert hook.bodies[-1]["alerts"][0]["endsAt"] == time_text(_NOW + timedelta(minutes=2))


def test_groups_and_inhibition(alertmanager: httpx.Client, hook: Hook) -> None:
    """Both are given the same alerts and end up having notified the same of them, in the same groups."""
    document = yaml.safe_load(_CONFIG.format(url=hook.url))
    # Of ours the clock is the test's, and moves by minutes.
    document["route"] |= {"group_wait": "1s", "group_interval": "1s"}
    document["receivers"] = [{"name": "on-call", "webhook": {"url": hook.url}}]
    routing = RuleFile.model_validate(document).routing
    sources = [_alert("fails", "orders", "critical"), _alert("gateway-dead", "", "critical", gateway="inner")]
    targets = [
        _alert("fails", "orders", "warning"), _alert("fails", "carts", "warning"),
        _alert("fails", "stock", "warning", gateway="inner"), _alert("slow", "orders", "warning"),
    ]  # fmt: skip
    ours = _Notified(routing)
    # Whether an Alertmanager inhibits what comes together with its source depends on which is first.
    for alerts in (sources, targets):
        ours.take(alerts)
        _give(alertmanager, alerts)
        _wait_for(lambda: _statuses(hook.bodies) == ours.statuses)
    assert len({group for group, _ in ours.statuses}) == 4
    assert len(ours.statuses) == 4

    ended = [replace(one, state=State.RESOLVED, resolved_at=_NOW + MINUTE) for one in sources]
    ours.take(ended)
    _give(alertmanager, ended)
    _wait_for(lambda: _statuses(hook.bodies) == ours.statuses)
    assert sorted(Counter(ours.statuses.values()).items()) == [("firing", 4), ("resolved", 2)]


class _Notified:
    """A dispatcher of ours whose notifications are all accepted; by group and fingerprint how each was last."""

    def __init__(self, routing: Routing) -> None:
        self.statuses: dict[tuple[str, str], str] = {}
        self._routing = routing
        self._dispatcher = Dispatcher(NotificationLog())
        self._alerts: dict[str, Alert] = {}
        self._now = _NOW

    def take(self, alerts: Sequence[Alert]) -> None:
        """Alerts as they are from now on; goes on until the intervals of all groups have passed."""
        self._alerts |= {alert.fingerprint: alert for alert in alerts}
        inhibitions = Inhibitions(self._routing.inhibit_rules, self._alerts.values())
        for _ in range(2):
            self._now += MINUTE
            situation = Situation(self._now, lambda alert: inhibitions.source_of(alert) is not None)
            for notification in self._dispatcher.due(self._alerts.values(), self._routing, situation):
                self._dispatcher.taken(notification, self._routing, self._now)
                self.statuses |= _statuses([payload(notification)])


def _statuses(bodies: Sequence[Mapping[str, Any]]) -> dict[tuple[str, str], str]:
    return {(body["groupKey"], one["fingerprint"]): one["status"] for body in bodies for one in body["alerts"]}


def _alert(name: str, api: str, severity: str, gateway: str = "edge") -> Alert:
    given = {"alertname": name, "api": api, "severity": severity, "gateway": gateway, "team": "shop"}
    labels = {name: value for name, value in given.items() if value}
    return Alert(
        rule=name, fingerprint=fingerprint(labels), labels=labels, annotations={}, receiver="",
        state=State.FIRING, value=1.0, active_at=_NOW, fired_at=_NOW,
    )  # fmt: skip


def _give(client: httpx.Client, alerts: Sequence[Alert]) -> None:
    """As they are now; only its own rules say when each begins and ends."""
    given = [
        {"labels": dict(one.labels), "startsAt": time_text(_NOW)}
        | ({"endsAt": time_text(one.resolved_at)} if one.resolved_at is not None else {})
        for one in alerts
    ]
    client.post("/api/v2/alerts", json=given).raise_for_status()


def _post(client: httpx.Client, body: dict[str, Any]) -> None:
    """Give Alertmanager the alerts of a body as Prometheus does: without an end where it has none."""
    alerts = [
        {
            **{key: alert[key] for key in ("labels", "annotations", "startsAt", "generatorURL")},
            **({"endsAt": alert["endsAt"]} if alert["status"] == "resolved" else {}),
        }
        for alert in body["alerts"]
    ]
    client.post("/api/v2/alerts", json=alerts).raise_for_status()


def _is_ready(client: httpx.Client) -> bool:
    try:
        return client.get("/-/ready").is_success
    except httpx.TransportError:
        return False


def _wait_for(condition: Callable[[], bool], seconds: float = PATIENCE) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "It did not happen in time."
        time.sleep(0.05)
