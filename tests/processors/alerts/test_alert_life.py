"""Alerting as it lives: configuration that changes, restarts, outages, and people who silence and take alerts."""

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.metrics import get_meter

from processors.alerts.channels.delivery import Delivery
from processors.alerts.channels.notification import DeliveryError, Notification
from processors.alerts.engine import AlertEngine
from processors.alerts.evaluation.state import State
from processors.alerts.routing.matchers import parse_matchers
from processors.alerts.routing.silences import new_silence
from processors.alerts.rule_source import RuleSource
from processors.alerts.telemetry import AlertMetrics
from storage.retry import Backoff
from storage.store import Store
from tests.processors.alerts import rig
from tests.processors.alerts.conftest import TABLES, AddRequests
from tests.processors.alerts.hook import Hook

_BUSY = datetime(2026, 3, 2, 12, tzinfo=UTC)
_NOW = _BUSY + timedelta(seconds=95)
_SECOND = timedelta(seconds=1)
_MINUTE = timedelta(minutes=1)

OpenEngine = Callable[[], AlertEngine]


class RulesOnDisk:
    """A rule file that a test changes."""

    def __init__(self, path: Path, url: str) -> None:
        self.path = path
        self._url = url

    def write(self, environment: str, threshold: float = 4, more: str = "", rule: str = "") -> None:
        self.path.write_text(
            f"""rules:
  - alert: {environment}
    measure: requests
    window: 1m
    op: ">"
    threshold: {threshold}
    by: [api]
    filters: {{environment: {environment}}}
    receiver: on-call
{rule}receivers:
  - name: on-call
    webhook: {{url: "{self._url}"}}
    repeat_interval: 1m
{more}""",
            encoding="utf-8",
        )


@pytest.fixture
def rules(tmp_path: Path, hook: Hook) -> RulesOnDisk:
    return RulesOnDisk(tmp_path / "alerts.yaml", hook.url)


@pytest.fixture
def open_engine(store: Store, rules: RulesOnDisk) -> Iterator[OpenEngine]:
    """An engine on the rule file, as after a restart."""
    for table in TABLES:
        store.command(f"TRUNCATE TABLE {table}")
    engines: list[AlertEngine] = []

    def open_one() -> AlertEngine:
        engine = AlertEngine(
            store, RuleSource(rules.path, environment={}), lambda: _NOW, get_meter("test"), "http://gatelens",
            rig.questions_of(store), rig.Sources(), backoff=Backoff(first=0.01, longest=0.02, tries=2),
        )  # fmt: skip
        engines.append(engine)
        return engine

    yield open_one
    for engine in engines:
        engine.stop()


def _statuses(hook: Hook) -> list[str]:
    return [body["status"] for body in hook.bodies]


def test_a_rule_file_that_changes_is_read_again(
    open_engine: OpenEngine, rules: RulesOnDisk, hook: Hook, add_requests: AddRequests
) -> None:
    add_requests("life-reload", _BUSY, 5)
    rules.write("life-reload", threshold=9)
    engine = open_engine()
    engine.tick(_NOW)
    assert hook.bodies == []
    rules.write("life-reload", threshold=4)
    engine.tick(_NOW + 5 * _SECOND)
    assert _statuses(hook) == ["firing"]
    rules.path.write_text("rules: [{alert: x, threshold: y}]", encoding="utf-8")
    engine.tick(_NOW + 10 * _SECOND)
    assert "threshold: input should be a valid number" in engine.fault
    assert [status.rule.name for status in engine.overview()] == ["life-reload"]
    assert _statuses(hook) == ["firing"]
    rules.path.write_text("rules: []", encoding="utf-8")
    engine.tick(_NOW + 15 * _SECOND)
    assert (engine.fault, engine.overview()) == ("", [])


def test_an_alert_whose_rule_leaves_the_file_resolves(
    open_engine: OpenEngine, rules: RulesOnDisk, hook: Hook, add_requests: AddRequests
) -> None:
    add_requests("life-leaves", _BUSY, 5)
    rules.write("life-leaves")
    engine = open_engine()
    engine.tick(_NOW)
    rules.write("life-other")
    engine.tick(_NOW + 5 * _SECOND)
    assert _statuses(hook) == ["firing", "resolved"]


def test_what_is_acknowledged_is_not_repeated_and_its_end_is_sent_even_after_a_restart(
    open_engine: OpenEngine, rules: RulesOnDisk, hook: Hook, add_requests: AddRequests
) -> None:
    for minute in range(4):
        add_requests("life-taken", _BUSY + minute * _MINUTE, 5)
    rules.write("life-taken")
    engine = open_engine()
    engine.tick(_NOW)
    engine.tick(_NOW + _MINUTE)
    assert _statuses(hook) == ["firing", "firing"]
    engine.acknowledge(engine.alerts()[0].fingerprint, "ada", "looking", _NOW + _MINUTE)
    again = open_engine()
    again.tick(_NOW + 2 * _MINUTE)
    (alert,) = again.alerts()
    taken = again.notifier.acknowledgement_of(alert)
    assert taken is not None
    assert (taken.owner, taken.note, len(hook.bodies)) == ("ada", "looking", 2)
    for seconds in (240, 300):
        again.tick(_NOW + seconds * _SECOND)
    assert _statuses(hook) == ["firing", "firing", "resolved"]


def test_a_silence_survives_a_restart_and_its_end_lets_the_alert_be_sent(
    open_engine: OpenEngine, rules: RulesOnDisk, hook: Hook, add_requests: AddRequests
) -> None:
    for minute in range(3):
        add_requests("life-silent", _BUSY + minute * _MINUTE, 5)
    rules.write("life-silent")
    engine = open_engine()
    silence = new_silence(parse_matchers("api=orders"), _NOW, _NOW + _MINUTE, "ada", "maintenance")
    engine.tick(_NOW - 5 * _MINUTE)
    engine.notifier.put_silence(silence, _NOW)
    again = open_engine()
    again.tick(_NOW)
    assert (hook.bodies, again.alerts()[0].state) == ([], State.FIRING)
    again.tick(_NOW + _MINUTE)
    assert _statuses(hook) == ["firing"]


def test_the_minutes_of_an_outage_are_caught_up(
    open_engine: OpenEngine, rules: RulesOnDisk, hook: Hook, add_requests: AddRequests
) -> None:
    """With `for: 5m`, what held through an outage fires at once; what was over by then is in the history."""
    for minute in range(15):
        add_requests("life-outage", _BUSY + minute * _MINUTE, 5)
    for minute in range(3, 10):
        add_requests("life-outage", _BUSY + minute * _MINUTE, 5, api="carts")
    rules.write("life-outage", rule="    for: 5m\n")
    open_engine().tick(_NOW)
    engine = open_engine()
    engine.tick(_NOW + 12 * _MINUTE)
    (alert,) = engine.alerts()
    assert (alert.labels["api"], alert.state, alert.active_at, alert.since) == (
        "orders", State.FIRING, _NOW, _NOW + 5 * _MINUTE,
    )  # fmt: skip
    (body,) = hook.bodies
    assert [told["labels"]["api"] for told in body["alerts"]] == ["orders"]
    assert body["alerts"][0]["startsAt"] == "2026-03-02T12:06:35Z"
    history = engine.history(100, rule="life-outage").iloc[::-1]
    carts = [row["state"] for _, row in history.iterrows() if row["labels"]["api"] == "carts"]
    assert carts == ["pending", "firing", "resolved"]


def test_after_a_long_time_out_of_work_an_hour_is_caught_up(
    open_engine: OpenEngine, rules: RulesOnDisk, add_requests: AddRequests
) -> None:
    add_requests("life-long", _BUSY, 5)
    add_requests("life-long", _BUSY + 100 * _MINUTE, 5)
    rules.write("life-long", rule="    for: 30m\n")
    open_engine().tick(_NOW)
    engine = open_engine()
    engine.tick(_NOW + 101 * _MINUTE)
    changes = engine.history(100, rule="life-long")["state"].tolist()[::-1]
    assert changes == ["pending", "inactive", "pending", "inactive"]


def test_each_channel_of_a_receiver_is_notified_and_retried_by_itself(
    open_engine: OpenEngine, rules: RulesOnDisk, hook: Hook, add_requests: AddRequests
) -> None:
    other = Hook()
    for minute in range(3):
        add_requests("life-channels", _BUSY + minute * _MINUTE, 5)
    rules.write("life-channels", more=f'    slack: {{url: "{other.url}"}}\n')
    hook.answers.extend([500, 500])
    engine = open_engine()
    engine.tick(_NOW)
    assert (len(hook.bodies), len(other.bodies)) == (0, 1)
    assert [(fault.receiver, fault.channel) for fault in engine.notifier.faults] == [("on-call", "webhook")]
    engine.tick(_NOW + 15 * _SECOND)
    assert (len(hook.bodies), len(other.bodies), engine.notifier.faults) == (1, 1, [])
    tried = engine.notifier.deliveries(10)
    assert sorted(zip(tried["channel"], tried["outcome"], tried["tries"], strict=True)) == [
        ("slack", "delivered", 1), ("webhook", "delivered", 1), ("webhook", "failed", 2),
    ]  # fmt: skip
    assert (
        tried.query("outcome == 'failed'")["error"].iloc[0].startswith(f"http://127.0.0.1:{hook.port}/… answered 500.")
    )
    other.close()


def test_a_channel_that_fails_is_left_alone_for_longer_and_longer() -> None:
    calls: list[float] = []
    now = _NOW

    def send(_notification: Notification) -> None:
        calls.append((now - _NOW).total_seconds())
        raise DeliveryError("away", True)

    def open_one() -> Delivery:
        backoff = Backoff(first=0, longest=0, tries=1)
        return Delivery(send, AlertMetrics(get_meter("test")), threading.Event(), backoff, lambda outcome: None)

    delivery = open_one()
    notification = Notification("on-call", "webhook", "{}:{}", {}, ())
    for second in range(0, 1_200, 15):
        now = _NOW + second * _SECOND
        if second == 150:
            # A restart.
            delivery = open_one()
            delivery.restore({("on-call", "webhook"): (4, _NOW + 105 * _SECOND)})
        if not delivery.busy(now):
            delivery.start([notification], now)
            delivery.wait()
    assert calls == [0, 15, 45, 105, 225, 465, 765, 1065]


def test_a_channel_that_breaks_keeps_no_other_from_being_notified() -> None:
    told: list[str] = []

    def send(notification: Notification) -> None:
        if notification.channel == "email":
            raise UnicodeError("s3cret")
        told.append(notification.channel)

    outcomes: dict[str, str] = {}
    delivery = Delivery(
        send, AlertMetrics(get_meter("test")), threading.Event(), Backoff(first=0, longest=0, tries=2),
        lambda outcome: outcomes.update({outcome.notification.channel: outcome.error}),
    )  # fmt: skip
    notifications = [Notification("on-call", channel, "{}:{}", {}, ()) for channel in ("email", "slack")]
    delivery.start(notifications, _NOW)
    delivery.wait()
    assert (told, outcomes["slack"]) == (["slack"], "")
    assert outcomes["email"] == "The email of on-call failed by UnicodeError. Report it with the log."
    assert delivery.busy(_NOW + 5 * _SECOND) == {("on-call", "email")}


def test_a_stored_rule_whose_receiver_is_gone_is_reported(open_engine: OpenEngine, rules: RulesOnDisk) -> None:
    rules.write("life-file")
    engine = open_engine()
    engine.tick(_NOW)
    definition = "alert: life-lost\nmeasure: p95\nwindow: 5m\nop: '>'\nthreshold: 500\nreceiver: on-call\n"
    engine.source.put(definition, "ada", _NOW)
    assert engine.fault == ""
    rules.path.write_text("receivers: [{name: other, webhook: {url: 'http://127.0.0.1:9'}}]", encoding="utf-8")
    engine.tick(_NOW + 15 * _SECOND)
    assert "The stored rule 'life-lost' notifies nobody" in engine.fault
    assert [status.rule.name for status in engine.overview()] == ["life-lost"]


def test_stored_rules_come_back_after_a_restart(open_engine: OpenEngine, rules: RulesOnDisk) -> None:
    rules.write("life-file")
    engine = open_engine()
    engine.tick(_NOW)
    definition = "alert: life-stored\nmeasure: p95\nwindow: 5m\nop: '>'\nthreshold: 500\nreceiver: on-call\n"
    engine.source.put(definition, "ada", _NOW)
    again = open_engine()
    again.tick(_NOW + 15 * _SECOND)
    origins: dict[str, Any] = {status.rule.name: status.origin for status in again.overview()}
    assert origins == {"life-stored": "stored", "life-file": "file"}
    assert [(rule.name, rule.updated_by) for rule in again.source.stored()] == [("life-stored", "ada")]
    again.source.delete("life-stored", "ada", _NOW + 20 * _SECOND)
    assert [status.rule.name for status in again.overview()] == ["life-file"]
