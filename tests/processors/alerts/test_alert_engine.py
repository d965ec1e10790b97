"""The whole of it: requests in ClickHouse, rules, alerts, a webhook, and restarts between."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd
import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader

from processors.alerts.engine import AlertEngine
from processors.alerts.evaluation.rule_status import RuleState, RuleStatus
from processors.alerts.evaluation.state import State
from processors.alerts.rule_file import RuleFile
from processors.alerts.rule_source import RuleSource
from storage.errors import QueryFailed, StoreUnavailable
from storage.retry import Backoff
from storage.store import Store
from tests.collector.rigs.waiting import wait_until
from tests.processors.alerts import rig
from tests.processors.alerts.conftest import TABLES, AddRequests
from tests.processors.alerts.hook import Hook

_SECOND = timedelta(seconds=1)
_MINUTE = timedelta(minutes=1)
# The minute that requests are put in, and the first evaluation that sees it.
_BUSY = datetime(2026, 3, 2, 12, tzinfo=UTC)
_NOW = _BUSY + timedelta(seconds=95)

OpenEngine = Callable[..., AlertEngine]


@pytest.fixture
def reader() -> Iterator[InMemoryMetricReader]:
    opened = InMemoryMetricReader()
    yield opened
    opened.shutdown()


@pytest.fixture
def open_engine(store: Store, hook: Hook, reader: InMemoryMetricReader) -> Iterator[OpenEngine]:
    """An engine of one rule `name` over the environment of the same name, that tells the hook.

    It would end the alerts that other tests left, as those of rules that are no more.
    """
    for table in TABLES:
        store.command(f"TRUNCATE TABLE {table}")
    provider = MeterProvider(metric_readers=[reader])
    engines: list[AlertEngine] = []

    def open_one(name: str, receiver: dict[str, Any] | None = None, **rule: Any) -> AlertEngine:
        given = {
            "name": name, "measure": "requests", "window": "1m", "op": ">", "threshold": 4, "by": ["api"],
            "filters": {"environment": name}, "receiver": "on-call", **rule,
        }  # fmt: skip
        others = given.pop("others", [])
        told = {"name": "on-call", "webhook": {"url": hook.url}, **(receiver or {})}
        rules = RuleFile.model_validate({"rules": [given, *others], "receivers": [told]})
        engine = AlertEngine(
            store, RuleSource(file=rules), lambda: _NOW, provider.get_meter("test"), "http://gatelens/",
            rig.questions_of(store), rig.Sources(), interval_seconds=0.05,
            backoff=Backoff(first=0.01, longest=0.02, tries=3),
        )  # fmt: skip
        engines.append(engine)
        return engine

    yield open_one
    for engine in engines:
        engine.stop()


def _states(engine: AlertEngine, rule: str) -> list[tuple[str, str]]:
    mine = engine.history(1000, rule=rule).iloc[::-1]
    return list(zip(mine["previous_state"], mine["state"], strict=True))


def _status(engine: AlertEngine) -> RuleStatus:
    return engine.overview()[0]


def _counted(reader: InMemoryMetricReader, name: str) -> dict[tuple[str, ...], float]:
    data = reader.get_metrics_data()
    assert data is not None
    return {
        tuple(str(value) for _, value in sorted((point.attributes or {}).items())): getattr(point, "value", 0)
        for resource in data.resource_metrics
        for scope in resource.scope_metrics
        for metric in scope.metrics
        if metric.name == name
        for point in metric.data.data_points
    }


def test_an_alert_from_first_to_last(
    open_engine: OpenEngine, hook: Hook, add_requests: AddRequests, reader: InMemoryMetricReader
) -> None:
    add_requests("alert-life", _BUSY, 5)
    add_requests("alert-life", _BUSY, 4, api="carts")
    engine = open_engine("alert-life", annotations={"summary": "{{ labels.api }}: {{ value }} > {{ threshold }}"})
    assert _status(engine).last_evaluated is None
    engine.tick(_NOW)
    status = _status(engine)
    (alert,) = status.alerts
    assert (status.state, status.last_evaluated, status.fault) == (RuleState.FIRING, _NOW, "")
    assert (alert.labels["api"], alert.value, alert.since) == ("orders", 5, _NOW)
    (body,) = hook.bodies
    assert (body["status"], body["externalURL"]) == ("firing", "http://gatelens")
    assert body["groupLabels"] == {"alertname": "alert-life", "environment": "alert-life"}
    told = body["commonAnnotations"]
    assert (told["summary"], told["value"], told["threshold"]) == ("orders: 5 > 4", "5", "> 4")
    assert told["window"] == "2026-03-02T12:00:00Z/2026-03-02T12:01:00Z"
    assert told["page_url"].startswith("http://gatelens/apis?api=orders&from=2026-03-02T11%3A30&to=")
    assert told["silence_url"].startswith("http://gatelens/alerts?tab=silences&matchers=")
    assert _counted(reader, "gatelens.alerts.firing") == {("alert-life",): 1}

    engine.tick(_NOW + timedelta(seconds=15))
    assert len(hook.bodies) == 1
    for seconds in (60, 75):
        engine.tick(_NOW + seconds * _SECOND)
        assert (len(hook.bodies), _status(engine).state) == (1, RuleState.FIRING)
    engine.tick(_NOW + 2 * _MINUTE)
    assert [body["status"] for body in hook.bodies] == ["firing", "resolved"]
    assert hook.bodies[1]["alerts"][0]["endsAt"] == "2026-03-02T12:03:35Z"
    assert (_status(engine).state, _status(engine).alerts) == (RuleState.NO_DATA, ())
    engine.tick(_NOW + 135 * _SECOND)
    assert len(hook.bodies) == 2
    assert _states(engine, "alert-life") == [("inactive", "firing"), ("firing", "resolved")]
    last = engine.history(1000, rule="alert-life").iloc[0]
    assert (last["value"], last["op"], last["threshold"], last["labels"]["api"]) == (5, ">", 4, "orders")
    assert (last["severity"], last["measure"], last["time"]) == ("warning", "requests", _NOW + 2 * _MINUTE)
    assert _counted(reader, "gatelens.alerts.evaluations") == {("evaluated", "alert-life"): 6}
    assert _counted(reader, "gatelens.alerts.notifications") == {("webhook", "delivered", "on-call"): 2}
    assert _counted(reader, "gatelens.alerts.evaluation.duration").keys() == {()}


def test_a_restart_keeps_since_when_an_alert_is_pending_and_fires(
    open_engine: OpenEngine, hook: Hook, add_requests: AddRequests
) -> None:
    for minute in range(4):
        add_requests("alert-restart", _BUSY + minute * _MINUTE, 5)
    rule: dict[str, Any] = {"for": "2m"}
    open_engine("alert-restart", **rule).tick(_NOW)
    second = open_engine("alert-restart", **rule)
    second.tick(_NOW + _MINUTE)
    (alert,) = _status(second).alerts
    assert (alert.state, alert.active_at) == (State.PENDING, _NOW)
    third = open_engine("alert-restart", **rule)
    third.tick(_NOW + 2 * _MINUTE)
    (alert,) = _status(third).alerts
    assert (alert.state, alert.active_at, alert.since) == (State.FIRING, _NOW, _NOW + 2 * _MINUTE)
    fourth = open_engine("alert-restart", **rule)
    fourth.tick(_NOW + 3 * _MINUTE)
    (alert,) = _status(fourth).alerts
    assert (alert.state, alert.active_at, alert.since) == (State.FIRING, _NOW, _NOW + 2 * _MINUTE)
    assert len(hook.bodies) == 1
    assert _states(fourth, "alert-restart") == [("inactive", "pending"), ("pending", "firing")]


def test_after_a_long_time_out_of_work_pending_starts_anew(open_engine: OpenEngine, add_requests: AddRequests) -> None:
    later = timedelta(minutes=61)
    add_requests("alert-outage", _BUSY, 5)
    add_requests("alert-outage", _BUSY + later, 5)
    open_engine("alert-outage", **{"for": "2m"}).tick(_NOW)
    engine = open_engine("alert-outage", **{"for": "2m"})
    engine.tick(_NOW + later)
    (alert,) = _status(engine).alerts
    assert (alert.state, alert.active_at) == (State.PENDING, _NOW + later)
    assert _states(engine, "alert-outage") == [
        ("inactive", "pending"), *sorted([("pending", "inactive"), ("inactive", "pending")], reverse=True),
    ]  # fmt: skip


def test_what_is_not_delivered_is_delivered_later_even_after_a_restart(
    open_engine: OpenEngine, hook: Hook, add_requests: AddRequests, reader: InMemoryMetricReader
) -> None:
    add_requests("alert-retry", _BUSY, 5)
    add_requests("alert-retry", _BUSY + _MINUTE, 5)
    hook.answers.extend([500, 503, 500, 404])
    first = open_engine("alert-retry")
    first.tick(_NOW)
    assert (hook.calls, hook.bodies) == (3, [])
    (fault,) = first.notifier.faults
    assert (fault.receiver, fault.since, fault.failures) == ("on-call", _NOW, 3)
    assert fault.message.startswith(f"http://127.0.0.1:{hook.port}/… answered 500.")
    first.tick(_NOW + timedelta(seconds=15))
    assert (hook.calls, first.notifier.faults[0].failures) == (4, 4)
    assert "refused the notification with 404" in first.notifier.faults[0].message

    second = open_engine("alert-retry")
    second.tick(_NOW + _MINUTE)
    assert [body["status"] for body in hook.bodies] == ["firing"]
    assert hook.bodies[0]["alerts"][0]["startsAt"] == "2026-03-02T12:01:35Z"
    assert second.notifier.faults == []
    outcomes = _counted(reader, "gatelens.alerts.notifications")
    assert {key[1]: count for key, count in outcomes.items()} == {"failed": 3, "refused": 1, "delivered": 1}

    hook.answers.extend([500, 500, 500])
    for seconds in (120, 180):
        second.tick(_NOW + seconds * _SECOND)
    third = open_engine("alert-retry")
    third.tick(_NOW + 4 * _MINUTE)
    assert [body["status"] for body in hook.bodies] == ["firing", "resolved"]
    assert hook.bodies[1]["alerts"][0]["endsAt"] == "2026-03-02T12:04:35Z"
    fourth = open_engine("alert-retry")
    fourth.tick(_NOW + 5 * _MINUTE)
    assert len(hook.bodies) == 2


def test_a_second_try_is_enough(open_engine: OpenEngine, hook: Hook, add_requests: AddRequests) -> None:
    add_requests("alert-second", _BUSY, 5)
    hook.answers.append(500)
    engine = open_engine("alert-second")
    engine.tick(_NOW)
    assert (len(hook.bodies), engine.notifier.faults) == (1, [])


def test_notifications_are_repeated(open_engine: OpenEngine, hook: Hook, add_requests: AddRequests) -> None:
    engine = open_engine("alert-repeat", receiver={"repeat_interval": "2m"})
    for minute in range(5):
        add_requests("alert-repeat", _BUSY + minute * _MINUTE, 5)
        engine.tick(_NOW + minute * _MINUTE)
    assert len(hook.bodies) == 3


def test_silence_can_fire(open_engine: OpenEngine, hook: Hook) -> None:
    rule: dict[str, Any] = {"op": "<", "threshold": 1, "by": [], "min_requests": 0}
    open_engine("alert-silence", **rule).tick(_NOW)
    assert hook.bodies[0]["commonLabels"] == {
        "alertname": "alert-silence", "environment": "alert-silence", "severity": "warning",
    }  # fmt: skip


def test_a_rule_that_fails_stops_no_other(
    open_engine: OpenEngine,
    store: Store,
    add_requests: AddRequests,
    reader: InMemoryMetricReader,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    add_requests("alert-fails", _BUSY, 5)
    other = {
        "name": "alert-works", "measure": "requests", "window": "1m", "op": ">", "threshold": 4,
        "filters": {"environment": "alert-fails"}, "receiver": "on-call",
    }  # fmt: skip
    engine = open_engine("alert-fails", others=[other])
    engine.tick(_NOW)
    query = store.frame

    def frame(sql: str, *arguments: Any, **keys: Any) -> pd.DataFrame:
        # By API, and where both rules are one statement: each is asked by itself then.
        if "GROUP BY d0" in sql or "GROUPING SETS" in sql:
            raise QueryFailed("Memory limit exceeded.")
        return query(sql, *arguments, **keys)

    monkeypatch.setattr(store, "frame", frame)
    later = _NOW + timedelta(seconds=15)
    engine.tick(later)
    failing, working = engine.overview()
    assert (failing.fault, failing.last_evaluated) == ("Memory limit exceeded.", _NOW)
    assert (working.fault, working.last_evaluated) == ("", later)
    # Without an answer nothing is known: what fired still does.
    assert (failing.state, working.state) == (RuleState.ERROR, RuleState.FIRING)
    assert [alert.state for alert in failing.alerts] == [State.FIRING]
    counted = _counted(reader, "gatelens.alerts.evaluations")
    assert counted[("failed", "alert-fails")] == 1
    monkeypatch.undo()
    engine.tick(later)
    assert engine.overview()[0].fault == ""


def test_a_store_that_is_away_loses_nothing(
    open_engine: OpenEngine,
    store: Store,
    hook: Hook,
    add_requests: AddRequests,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    add_requests("alert-away", _BUSY, 5)
    engine = open_engine("alert-away")

    def away(*_: Any) -> None:
        raise StoreUnavailable("ClickHouse did not answer: refused")

    monkeypatch.setattr(store, "rows", away)
    engine.tick(_NOW)
    assert "no rule is evaluated: ClickHouse did not answer" in _status(engine).fault
    monkeypatch.undo()
    monkeypatch.setattr(store, "insert", away)
    engine.tick(_NOW)
    assert (len(hook.bodies), _status(engine).fault) == (1, "")
    assert "cannot be stored" in engine.fault
    monkeypatch.undo()
    for seconds in (60, 120):
        engine.tick(_NOW + seconds * _SECOND)
    assert (len(hook.bodies), engine.fault) == (2, "")
    assert _states(engine, "alert-away") == [("inactive", "firing"), ("firing", "resolved")]


def test_the_thread_evaluates_until_it_is_stopped(
    open_engine: OpenEngine, hook: Hook, add_requests: AddRequests
) -> None:
    add_requests("alert-thread", _BUSY, 5)
    engine = open_engine("alert-thread")
    engine.start()
    wait_until(lambda: hook.bodies)
    engine.stop()
    assert len(hook.bodies) == 1
    assert _status(engine).last_evaluated == _NOW
