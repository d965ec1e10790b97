"""What messages say of whose fault it is and whom it meets; and that no message waits for it."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from opentelemetry.metrics import get_meter

from processors.alerts.background.background import Backgrounds
from processors.alerts.background.investigation import TrafficInvestigation
from processors.alerts.channels.course import Course
from processors.alerts.channels.notification import Notification
from processors.alerts.engine import AlertEngine
from processors.alerts.evaluation.state import Alert
from processors.alerts.rule_file import RuleFile
from processors.alerts.rule_source import RuleSource
from processors.alerts.rules.rule import Rule
from storage.errors import QueryFailed
from storage.retry import Backoff
from storage.store import Store
from tests.processors.alerts import rig
from tests.processors.alerts.conftest import TABLES
from tests.processors.alerts.hook import Hook

_NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
_MINUTE = timedelta(minutes=1)
_LONG = 600.0


class Slow:
    """An investigation that goes on until it is let go, or fails."""

    def __init__(self, error: Exception | None = None) -> None:
        self.free = threading.Event()
        self._error = error

    def cause(self, rule: Rule, alert: Alert) -> str:
        if self._error is not None:
            raise self._error
        self.free.wait()
        return "It was the backend."

    def affected(self, rule: Rule, alert: Alert) -> str:
        return "ada (3 failed)"

    def course(self, rule: Rule, alert: Alert) -> Course | None:
        return None


def _source(name: str, url: str, **keys: object) -> RuleSource:
    rule = {
        "name": name, "measure": "error_rate", "window": "5m", "op": ">", "threshold": 0.1, "by": ["api"],
        "filters": {"environment": name}, "receiver": "on-call", **keys,
    }  # fmt: skip
    receivers = [{"name": "on-call", "webhook": {"url": url}}]
    return RuleSource(file=RuleFile.model_validate({"rules": [rule], "receivers": receivers}))


@pytest.fixture
def slow() -> Iterator[Slow]:
    opened = Slow()
    yield opened
    opened.free.set()


def _engine(store: Store, source: RuleSource, backgrounds: Backgrounds) -> AlertEngine:
    for table in TABLES:
        store.command(f"TRUNCATE TABLE {table}")
    return AlertEngine(
        store, source, lambda: _NOON, get_meter("test"), "http://gatelens", rig.questions_of(store), rig.Sources(),
        added=backgrounds.added, backoff=Backoff(first=0.01, longest=0.02, tries=1),
    )  # fmt: skip


def _break(store: Store, environment: str) -> None:
    """An hour as always; then the upstream payments fails for two consumers."""
    columns = ("time", "environment", "gateway", "reporter", "api", "upstream", "consumer", "status", "fault")
    rows: list[tuple[object, ...]] = []
    for minute in range(66):
        at = _NOON + minute * _MINUTE
        well, failing = (200, ""), (503, "backend")
        told = (
            [("stock", "ada", 40, well), ("payments", "ada", 32, failing), ("payments", "bob", 8, failing)]
            if minute >= 60
            else [("stock", "ada", 5, well), ("payments", "ada", 5, well)]
        )
        for upstream, consumer, count, outcome in told:
            rows += [(at, environment, "edge", "gateway", "orders", upstream, consumer, *outcome)] * count
    store.insert("requests", columns, rows)


def test_a_message_says_whose_fault_it_is_and_whom_it_meets(store: Store, hook: Hook) -> None:
    _break(store, "behind")
    source = _source("behind", hook.url)
    backgrounds = Backgrounds(TrafficInvestigation(store, rig.questions_of(store)), source, _LONG)
    engine = _engine(store, source, backgrounds)
    engine.tick(_NOON + 66 * _MINUTE + timedelta(seconds=35))
    engine.stop()
    backgrounds.close()
    (body,) = hook.bodies
    told = body["commonAnnotations"]
    assert told["cause"].startswith("100 % of the failures are those of the backend.")
    assert "upstream payments" in told["cause"]
    assert told["affected"] == "ada (160 failed), bob (40 failed)"


def test_the_course_of_an_alert_is_that_of_its_group(store: Store, hook: Hook) -> None:
    _break(store, "behind-course")
    source = _source("behind-course", hook.url)
    investigation = TrafficInvestigation(store, rig.questions_of(store))
    engine = _engine(store, source, Backgrounds(investigation, source, _LONG))
    engine.tick(_NOON + 66 * _MINUTE + timedelta(seconds=35))
    (alert,) = engine.alerts()
    rule = source.current.rules["behind-course"]
    course = investigation.course(rule, alert)
    engine.stop()
    assert course is not None
    assert (course.title, course.values[-1], course.thresholds) == ("Error rate", 0.5, (("warning", 0.1),))
    assert course.values[-3] == 0
    assert course.in_words.endswith("UTC: 0 % to 50 %, last 50 %; warning at 10 %")


@pytest.fixture(scope="module")
def broken(store: Store) -> str:
    """An environment where it has happened."""
    _break(store, "behind-kinds")
    return "behind-kinds"


@pytest.mark.parametrize("kind", ["absence", "change", "burn_rate", "consecutive", "unusual"])
def test_every_kind_about_requests_can_be_looked_into(store: Store, broken: str, kind: str) -> None:
    every: dict[str, dict[str, Any]] = {
        "absence": {"window": "5m"}, "change": {"measure": "p95", "window": "5m", "threshold": 1},
        "burn_rate": {"objective": "99%"}, "unusual": {"measure": "requests"},
        "consecutive": {"measure": "errors", "window": "5m", "periods": 2, "threshold": 1},
    }  # fmt: skip
    rule = rig.rule(name="r", kind=kind, filters={"environment": broken}, **{"by": ["api"], **every[kind]})
    window = rule.window(_NOON + 66 * _MINUTE, timedelta())
    alert = rig.firing(rule, window, api="orders")
    investigation = TrafficInvestigation(store, rig.questions_of(store))
    assert isinstance(investigation.cause(rule, alert), str)
    assert "ada" in investigation.affected(rule, alert)
    assert investigation.course(rule, alert) is not None


def test_a_page_does_not_wait(store: Store, hook: Hook, slow: Slow) -> None:
    """What is there in time is said, and the rest is not."""
    _break(store, "behind-slow")
    source = _source("behind-slow", hook.url)
    engine = _engine(store, source, Backgrounds(slow, source, 1.0))
    engine.tick(_NOON + 66 * _MINUTE + timedelta(seconds=35))
    engine.stop()
    (body,) = hook.bodies
    assert "cause" not in body["commonAnnotations"]
    assert body["commonAnnotations"]["value"] == "50 %"


def test_what_fails_is_left_out(hook: Hook) -> None:
    source = _source("behind-fails", hook.url)
    rule = source.current.rules["behind-fails"]
    alert = rig.firing(rule)
    plain = Notification("on-call", "webhook", "{}:{}", {}, (alert,))
    for error in (QueryFailed("no"), ValueError("s3cret")):
        backgrounds = Backgrounds(Slow(error), source, _LONG)
        (told,) = backgrounds.added(plain).alerts
        assert (told.annotations.get("cause"), told.annotations["affected"]) == (None, "ada (3 failed)")
        backgrounds.close()
