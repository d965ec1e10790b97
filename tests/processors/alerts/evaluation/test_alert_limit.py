"""A rule has no more alerts than its limit, whatever names clients invent."""

from datetime import UTC, datetime
from typing import Any

from processors.alerts.evaluation.limit import within_limit
from processors.alerts.evaluation.state import Alert, State, step
from processors.alerts.rules.rule import Rule
from processors.alerts.rules.sample import Sample
from processors.time.window import MINUTE
from tests.processors.alerts import rig

_NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


def _rule(**keys: Any) -> Rule:
    given = {"name": "many", "measure": "requests", "window": "1m", "op": ">", "threshold": 4, "by": ["api"]}
    return rig.rule(**given, **{"receiver": "on-call", **keys})


def _samples(first: int, last: int, value: float = 10) -> list[Sample]:
    return [Sample({"api": f"api-{number}"}, value, 10) for number in range(first, last)]


def _apis(alerts: dict[str, Alert]) -> set[str]:
    return {alert.labels["api"] for alert in alerts.values()}


def test_what_meets_the_rule_is_taken_up_to_the_limit() -> None:
    samples = [*_samples(90, 95, value=1), *_samples(0, 7)]
    assert within_limit(_rule(limit=7), {}, samples) == (_samples(0, 7), 0)
    assert within_limit(_rule(limit=5), {}, samples) == (_samples(0, 5), 2)
    assert within_limit(_rule(limit=0), {}, samples) == (samples, 0)


def test_alerts_that_there_are_stay() -> None:
    rule = _rule(limit=3)
    alerts, _ = step(rule, {}, _samples(7, 9), _NOW)
    taken, beyond = within_limit(rule, alerts, _samples(0, 9))
    alerts, changes = step(rule, alerts, taken, _NOW)
    assert (_apis(alerts), beyond) == ({"api-7", "api-8", "api-0"}, 6)
    assert [change.alert.labels["api"] for change in changes] == ["api-0"]


def test_alerts_that_are_not_sent_yet_take_room() -> None:
    """New names at each evaluation, while the receiver does not answer."""
    rule = _rule(limit=3)
    alerts: dict[str, Alert] = {}
    for round_ in range(5):
        taken, beyond = within_limit(rule, alerts, _samples(round_ * 10, round_ * 10 + 10))
        for number in range(2):
            now = _NOW + (2 * round_ + number) * MINUTE
            alerts, _ = step(rule, alerts, taken if not alerts else [], now)
        assert len(alerts) == 3
        assert beyond == (10 if round_ else 7)
    assert {alert.state for alert in alerts.values()} == {State.RESOLVED}
