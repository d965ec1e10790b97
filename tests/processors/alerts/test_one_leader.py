"""Several engines over one store: one of them tells, and when it is gone another one goes on."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from opentelemetry.metrics import get_meter

from processors.alerts.engine import AlertEngine
from processors.alerts.evaluation.state import State
from processors.alerts.routing.matchers import parse_matchers
from processors.alerts.routing.silences import new_silence
from processors.alerts.rule_source import RuleSource
from processors.lease.lease import LEASE_SECONDS, SharedLease
from processors.lease.terms import Term, Terms
from storage.retry import Backoff
from storage.store import Store
from tests.processors.alerts import rig
from tests.processors.alerts.conftest import TABLES, AddRequests
from tests.processors.alerts.hook import Hook

_BUSY = datetime(2026, 3, 2, 12, tzinfo=UTC)
_NOW = _BUSY + timedelta(seconds=95)
_MINUTE = timedelta(minutes=1)
# Of rounds, as `play` has them.
_STEP = timedelta(seconds=15)
_RULE = """rules:
  - {{alert: {name}, measure: requests, window: 1m, op: ">", threshold: 4, by: [api], filters: {{environment: {name}}},
     receiver: on-call}}
receivers:
  - {{name: on-call, webhook: {{url: "{url}"}}, repeat_interval: 1h, group_by: [api]}}
"""


class SimulatedTerms(Terms):
    """The table, whose time the test sets."""

    def __init__(self, store: Store, name: str, now: Callable[[], datetime]) -> None:
        super().__init__(store, name)
        self._now = now

    def latest(self) -> tuple[Term, datetime]:
        return super().latest()[0], self._now()


class Process:
    """An engine with its lease, on a machine whose clock is wrong."""

    def __init__(self, engine: AlertEngine, lease: SharedLease) -> None:
        self.engine = engine
        self.lease = lease

    def turn(self) -> None:
        self.lease.renew()
        self.engine.tick(self.lease.now())


class Site:
    """One store, the true time, and as many processes as a test starts."""

    def __init__(self, store: Store, name: str, rules: Path) -> None:
        self.now = _NOW
        self.processes: list[Process] = []
        self._store = store
        self.name = name
        self._rules = rules

    def start(self, clock_off: timedelta = timedelta()) -> Process:
        terms = SimulatedTerms(self._store, self.name, lambda: self.now)
        lease = SharedLease(terms, f"directory-{len(self.processes)}", lambda: self.now + clock_off, self._seconds)
        engine = AlertEngine(
            self._store, RuleSource(self._rules, environment={}), lease.now, get_meter("test"), "http://gatelens",
            rig.questions_of(self._store), rig.Sources(), lease=lease,
            backoff=Backoff(first=0.01, longest=0.02, tries=1),
        )  # fmt: skip
        self.processes.append(Process(engine, lease))
        return self.processes[-1]

    def _seconds(self) -> float:
        return (self.now - _NOW).total_seconds()

    def play(self, seconds: float, *processes: Process) -> None:
        """Let so much time pass, in which these processes live."""
        end = self.now + timedelta(seconds=seconds)
        while self.now < end:
            self.now += _STEP
            for process in processes:
                process.turn()


@pytest.fixture
def site(store: Store, hook: Hook, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Site]:
    for table in TABLES:
        store.command(f"TRUNCATE TABLE {table}")
    name = request.node.name.removeprefix("test_").replace("_", "-")
    (tmp_path / "alerts.yaml").write_text(_RULE.format(name=name, url=hook.url), encoding="utf-8")
    opened = Site(store, name, tmp_path / "alerts.yaml")
    yield opened
    for process in opened.processes:
        process.engine.stop()


def _told(hook: Hook) -> list[tuple[str, str]]:
    return [(alert["labels"]["api"], alert["status"]) for body in hook.bodies for alert in body["alerts"]]


def test_one_of_two_tells_and_both_show(site: Site, hook: Hook, add_requests: AddRequests) -> None:
    for minute in range(5):
        add_requests(site.name, _BUSY + minute * _MINUTE, 5)
    first, second = site.start(), site.start(clock_off=10 * _MINUTE)
    site.play(120, first, second)
    assert _told(hook) == [("orders", "firing")]
    assert (first.engine.leads, second.engine.leads) == (True, False)
    (shown,) = second.engine.alerts()
    assert (shown.state, shown.labels["api"]) == (State.FIRING, "orders")
    # Who acknowledges it at the one that does not lead has taken it.
    second.engine.acknowledge(shown.fingerprint, "ada", "", site.now)
    site.play(15, first, second)
    taken = first.engine.notifier.acknowledgement_of(first.engine.alerts()[0])
    assert taken is not None
    assert taken.owner == "ada"


def test_what_is_silenced_at_one_is_not_sent_by_the_other(site: Site, hook: Hook, add_requests: AddRequests) -> None:
    first, second = site.start(), site.start()
    site.play(15, first, second)
    silence = new_silence(parse_matchers("api=orders"), _NOW, _NOW + 60 * _MINUTE, "ada", "maintenance")
    second.engine.notifier.put_silence(silence, site.now)
    for minute in range(5):
        add_requests(site.name, _BUSY + minute * _MINUTE, 5)
        add_requests(site.name, _BUSY + minute * _MINUTE, 5, api="carts")
    site.play(30, first, second)
    assert _told(hook) == [("carts", "firing")]


@pytest.mark.parametrize("minutes", [-10, 10])
def test_when_the_leader_dies(
    site: Site, store: Store, hook: Hook, add_requests: AddRequests, minutes: int, tmp_path: Path
) -> None:
    """Nothing is told twice, what began meanwhile is told, and so is the end of what the dead one told."""
    name = f"leader-dies-{'late' if minutes < 0 else 'early'}"
    (tmp_path / "alerts.yaml").write_text(_RULE.format(name=name, url=hook.url), encoding="utf-8")
    for minute in range(4):
        add_requests(name, _BUSY + minute * _MINUTE, 5)
    for minute in range(1, 8):
        add_requests(name, _BUSY + minute * _MINUTE, 5, api="carts")
    first, second = site.start(clock_off=minutes * _MINUTE), site.start(clock_off=-minutes * _MINUTE)
    site.play(15, first, second)
    assert _told(hook) == [("orders", "firing")]
    site.play(LEASE_SECONDS - 15, second)
    assert _told(hook) == [("orders", "firing")]
    site.play(30, second)
    assert second.engine.leads
    assert _told(hook) == [("orders", "firing"), ("carts", "firing")]
    site.play(240, second)
    assert _told(hook) == [("orders", "firing"), ("carts", "firing"), ("orders", "resolved")]
    # The dead one was only asleep: it neither tells nor stores anything.
    before = store.rows("SELECT count() FROM alert_history")
    first.engine.tick(first.lease.now())
    assert len(hook.bodies) == 3
    assert store.rows("SELECT count() FROM alert_history") == before


def test_what_the_dead_one_could_not_deliver_is_delivered(site: Site, hook: Hook, add_requests: AddRequests) -> None:
    for minute in range(5):
        add_requests("what-the-dead-one-could-not-deliver-is-delivered", _BUSY + minute * _MINUTE, 5)
    hook.answers.extend([500] * 100)
    first, second = site.start(), site.start()
    site.play(30, first, second)
    assert _told(hook) == []
    hook.answers.clear()
    site.play(LEASE_SECONDS + 5, second)
    assert _told(hook) == [("orders", "firing")]


def test_who_stops_is_followed_at_once(site: Site, hook: Hook, add_requests: AddRequests) -> None:
    for minute in range(5):
        add_requests("who-stops-is-followed-at-once", _BUSY + minute * _MINUTE, 5)
    first, second = site.start(), site.start()
    site.play(15, first, second)
    first.engine.stop()
    first.lease.release()
    site.play(15, second)
    assert second.engine.leads
    assert _told(hook) == [("orders", "firing")]
