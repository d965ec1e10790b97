"""What is unusual at an hour of the week, as a story: seven weeks as always, and then hours that are not."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd
import pytest

from processors.alerts.evaluation.evaluate import Finding, evaluate
from processors.alerts.evaluation.minutes import Minutes
from processors.alerts.evaluation.state import Alert, State, step
from processors.alerts.rule_file import parse_rules
from processors.alerts.rules.rule import Rule
from processors.alerts.rules.sample import Sample
from processors.query.answer import Answer
from processors.query.question import Question
from processors.query.questions import Questions
from processors.time.window import Window
from storage.errors import GatelensError
from storage.store import Store
from tests.processors.alerts import rig

_HOUR = timedelta(hours=1)
_DELAY = timedelta(seconds=30)
# A Wednesday, with seven weeks before it.
_NOON = datetime(2026, 5, 20, 12, tzinfo=UTC)
_BEGIN = _NOON - timedelta(weeks=7)
_ENVIRONMENT = "unusual-rules"


@pytest.fixture(scope="module")
def _traffic(store: Store) -> None:
    """120 requests an hour by day, 60 by night. From noon on none to `silent`; for an hour all to `broken` fail."""
    begin, noon, one = (f"toDateTime64('{at:%Y-%m-%d %H:%M:%S}', 6, 'UTC')" for at in (_BEGIN, _NOON, _NOON + _HOUR))
    store.command(
        f"""
        INSERT INTO requests (time, ingested_at, environment, gateway_kind, gateway, reporter, api, route, method,
            status, fault, duration_us)
        WITH
            {begin} + toIntervalSecond(30 * number) AS at,
            api = 'broken' AND at >= {noon} AND at < {one} AS fails
        SELECT at, at, '{_ENVIRONMENT}', 'envoy', 'edge', 'gateway', api, '/', 'GET', if(fails, 500, 200),
            if(fails, 'backend', ''), 10000
        FROM numbers({(7 * 7 * 24 + 4) * 120})
        ARRAY JOIN ['steady', 'silent', 'broken'] AS api
        WHERE (toHour(at) BETWEEN 7 AND 19 OR number % 2 = 0) AND NOT (api = 'silent' AND at >= {noon})
        """
    )


class Story:
    """A rule that is evaluated every ten minutes."""

    def __init__(self, store: Store, rule: Rule) -> None:
        self._questions = rig.questions_of(store)
        self.rule = rule
        self.alerts: dict[str, Alert] = {}

    def at(self, moment: datetime) -> list[Sample]:
        finding = evaluate([self.rule], self._questions, rig.Sources(), moment, _DELAY)["r"]
        assert isinstance(finding, Finding), finding
        self.alerts, _ = step(self.rule, self.alerts, finding.samples, moment, finding.window)
        return finding.samples

    def firing(self) -> list[str]:
        return sorted(alert.labels["api"] for alert in self.alerts.values() if alert.is_firing)


def _rule(**keys: Any) -> Rule:
    return rig.rule(name="r", kind="unusual", filters={"environment": _ENVIRONMENT}, by="api", min_requests=10, **keys)


@pytest.mark.usefixtures("_traffic")
def test_who_falls_silent_is_unusual_once_the_hour_is_over_and_as_long_as_it_lasts(store: Store) -> None:
    story = Story(store, _rule(measure="requests"))
    samples = story.at(_NOON + timedelta(seconds=40))
    assert {sample.group["api"] for sample in samples} == {"steady", "silent", "broken"}
    assert story.firing() == []
    # What the running hour brings is judged when it is complete, and telemetry had the delay to arrive.
    for minutes in range(10, 61, 10):
        story.at(_NOON + timedelta(minutes=minutes))
    assert story.firing() == []
    story.at(_NOON + _HOUR + timedelta(seconds=40))
    assert story.firing() == ["silent"]
    (alert,) = (one for one in story.alerts.values() if one.is_firing)
    assert (alert.annotations["measured"], alert.state, alert.value > 5) == ("0", State.FIRING, True)
    low, high = alert.annotations["usual"].split(" to ")
    assert 60 < int(low) < 120 < int(high) < 240
    story.at(_NOON + 3 * _HOUR + timedelta(minutes=10))
    assert story.firing() == ["silent"]


@pytest.mark.usefixtures("_traffic")
def test_a_burst_of_errors_is_over_with_its_hour(store: Store) -> None:
    story = Story(store, _rule(measure="error_rate"))
    story.at(_NOON + _HOUR + timedelta(minutes=1))
    assert story.firing() == ["broken"]
    (alert,) = story.alerts.values()
    assert alert.annotations["measured"] == "100 %"
    story.at(_NOON + 2 * _HOUR + timedelta(minutes=1))
    assert story.firing() == []


@pytest.mark.usefixtures("_traffic")
def test_an_hour_is_asked_for_once(store: Store) -> None:
    rule = _rule(measure="requests", direction="above")
    first = rule.plan(_NOON + timedelta(minutes=1), _DELAY)
    assert len(first.questions) == 1
    story = Story(store, rule)
    found = story.at(_NOON + timedelta(minutes=1))
    assert rule.plan(_NOON + timedelta(minutes=59), _DELAY).questions == ()
    assert story.at(_NOON + timedelta(minutes=59)) == found
    # Below is no matter here.
    assert story.at(_NOON + _HOUR + timedelta(minutes=1)) != found
    assert story.firing() == []


class _Counted:
    """Questions, and how many of them were asked."""

    def __init__(self, questions: Questions) -> None:
        self._questions = questions
        self.number = 0

    def outcomes(self, questions: Sequence[Question]) -> list[Answer | GatelensError]:
        self.number += len(questions)
        return self._questions.outcomes(questions)


@pytest.mark.usefixtures("_traffic")
def test_a_backtest_asks_for_the_hours_of_a_day_at_once(store: Store) -> None:
    """Each window has the groups with most requests of its own, as where it is asked for alone."""
    questions = rig.questions_of(store)
    asked = _Counted(questions)
    minutes = Minutes(asked)
    (whole,) = _rule(measure="p95").plan(_NOON, timedelta()).questions
    chosen = set()
    for hours in range(-16, 4, 3):
        end = _NOON + hours * _HOUR
        question = whole.but(window=Window(end - 3 * _HOUR, end), limit=2)
        (found,) = minutes.outcomes([question])
        assert isinstance(found, Answer), found
        pd.testing.assert_frame_equal(found.frame, questions.ask(question).frame)
        chosen.add(tuple(found.frame["api"].unique()))
    questions.close()
    assert chosen == {("broken", "silent"), ("broken", "steady")}
    # The first begin on the day before.
    assert asked.number == 2


def test_faults_are_reported_with_their_lines() -> None:
    text = """rules:
  - alert: one
    kind: unusual
    measure: p99
    receiver: team
  - alert: two
    kind: unusual
    measure: p95
    direction: below
    receiver: team
  - alert: three
    kind: certificate
    threshold: soon
    receiver: team
receivers: [{name: team, webhook: {url: "http://hooks.example.com"}}]
"""
    _, faults = parse_rules(text)
    assert [(fault.line, fault.message) for fault in faults] == [
        (4, "rule 'one': measure: 'p99' has no baseline; use one of requests, error_rate, p95"),
        (6, "rule 'two': direction: less of p95 is no reason to page; write above, or leave it out"),
        (13, "rule 'three': threshold: input should be a valid number, unable to parse string as a number"),
    ]
