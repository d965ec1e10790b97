"""One evaluation after another: what becomes of an alert, as Prometheus has it."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from processors.alerts.evaluation.fingerprint import fingerprint
from processors.alerts.evaluation.state import Alert, State, Transition, step
from processors.alerts.rules.rule import Rule
from processors.alerts.rules.sample import Sample
from processors.time.window import Window
from tests.processors.alerts import rig

_START = datetime(2026, 3, 1, 12, tzinfo=UTC)
_STEP = timedelta(seconds=15)


def _rule(**keys: Any) -> Rule:
    given = {
        "name": "fails", "measure": "error_rate", "window": "5m", "op": ">", "threshold": 0.1, "by": ["api"],
        "annotations": {"summary": "{{ labels.api }}: {{ value }}"}, "receiver": "on-call", **keys,
    }  # fmt: skip
    return rig.rule(**given)


def _run(rule: Rule, values: Sequence[float | None]) -> list[tuple[str, dict[str, Alert], list[Transition]]]:
    """Evaluate once for each value of the API orders, None for no sample; the state after each, '-' for none."""
    alerts: dict[str, Alert] = {}
    seen = []
    for number, value in enumerate(values):
        samples = [] if value is None else [Sample({"api": "orders"}, value, 10)]
        alerts, changes = step(rule, alerts, samples, _START + number * _STEP)
        state = next((alert.state.value for alert in alerts.values()), "-")
        seen.append((state, alerts, changes))
    return seen


@pytest.mark.parametrize(
    ("keys", "values", "expected"),
    [
        pytest.param({}, [0.1, 0.0], "- -", id="at the threshold it does not fire"),
        pytest.param({}, [0.2, 0.2], "firing firing", id="without for it fires at once"),
        pytest.param({}, [0.2, 0.0, 0.0], "firing resolved resolved", id="it stays resolved until it is told"),
        pytest.param(
            {},
            [0.2, *[None] * 5],
            "firing firing firing firing firing resolved",
            id="a group that is missing for a minute",
        ),
        pytest.param({}, [0.2, None, 0.2, None], "firing firing firing firing", id="a group may be late once"),
        pytest.param(
            {"recovery": 0.05}, [0.2, 0.08, 0.05, 0.08], "firing recovering resolved resolved", id="recovery threshold"
        ),
        pytest.param({"recovery": 0.05}, [0.08, 0.2, 0.06, 0.2], "- firing recovering firing", id="and back"),
        pytest.param(
            {"recovery": 0.05, "keep_firing_for": "15s"},
            [0.2, 0.08, 0, 0],
            "firing recovering recovering resolved",
            id="recovery threshold, then keep_firing_for",
        ),
        pytest.param(
            {"op": "<", "threshold": 0.5, "recovery": 0.7},
            [0.4, 0.6, 0.7],
            "firing recovering resolved",
            id="recovery threshold from below",
        ),
        pytest.param({"for": "30s"}, [0.2] * 4, "pending pending firing firing", id="for"),
        pytest.param({"for": "30s"}, [0.2, 0.2, 0.0, 0.2], "pending pending - pending", id="for starts anew"),
        pytest.param({"for": "30s"}, [0.2, None], "pending -", id="a pending group that disappears is forgotten"),
        pytest.param({"for": "20s"}, [0.2] * 3, "pending pending firing", id="for between two evaluations"),
        pytest.param({}, [0.2, 0, 0.2, 0], "firing resolved firing resolved", id="flapping"),
        pytest.param({"for": "15s"}, [0.2, 0.2, 0, 0.2, 0.2], "pending firing resolved pending firing", id="again"),
        pytest.param({"keep_firing_for": "30s"}, [0.2, 0, 0, 0], "firing recovering recovering resolved", id="keeps"),
        pytest.param(
            {"keep_firing_for": "30s"},
            [0.2, 0, 0.2, 0, None, 0],
            "firing recovering firing recovering recovering resolved",
            id="keep_firing_for starts anew, and holds a group that disappears",
        ),
        pytest.param(
            {"keep_firing_for": "30s", "for": "15s"}, [0.2, 0], "pending -", id="keep_firing_for keeps no pending"
        ),
        pytest.param({"min_requests": 11}, [0.9], "-", id="too few requests"),
        pytest.param({"min_requests": 10}, [0.9], "firing", id="just enough requests"),
        pytest.param({"op": "<", "threshold": 0.5}, [0.5, 0.4], "- firing", id="below"),
        pytest.param({"op": "<=", "threshold": 0.5}, [0.5, 0.6], "firing resolved", id="at most"),
        pytest.param({"op": ">=", "threshold": 0.5}, [0.5, 0.4], "firing resolved", id="at least"),
    ],
)
def test_states(keys: dict[str, Any], values: list[float | None], expected: str) -> None:
    assert " ".join(state for state, _, _ in _run(_rule(**keys), values)) == expected


def test_times_and_values() -> None:
    run = _run(_rule(**{"for": "15s", "keep_firing_for": "15s"}), [0.2, 0.3, 0.4, 0.0, 0.0])
    alerts = [next(iter(alerts.values())) for _, alerts, _ in run]
    assert {alert.active_at for alert in alerts} == {_START}
    assert [alert.fired_at for alert in alerts] == [None, *[_START + _STEP] * 4]
    assert [alert.value for alert in alerts] == [0.2, 0.3, 0.4, 0.4, 0.4]
    assert [alert.annotations["summary"] for alert in alerts] == [
        "orders: 0.2", "orders: 0.3", "orders: 0.4", "orders: 0.4", "orders: 0.4",
    ]  # fmt: skip
    assert [alert.keep_firing_since for alert in alerts] == [None, None, None, _START + 3 * _STEP, None]
    assert [alert.resolved_at for alert in alerts] == [None, None, None, None, _START + 4 * _STEP]
    assert alerts[0].labels == {"alertname": "fails", "severity": "warning", "api": "orders"}
    assert alerts[0].fingerprint == fingerprint(alerts[0].labels)


def test_every_change_is_sent_once() -> None:
    run = _run(_rule(**{"for": "15s"}), [0.2, 0.2, 0.2, 0.0, 0.0, 0.2, 0.0])
    changes = [
        (change.previous.value, change.alert.state.value, change.time) for _, _, changes in run for change in changes
    ]
    assert changes == [
        ("inactive", "pending", _START),
        ("pending", "firing", _START + _STEP),
        ("firing", "resolved", _START + 3 * _STEP),
        ("resolved", "pending", _START + 5 * _STEP),
        ("pending", "inactive", _START + 6 * _STEP),
    ]


def test_groups_are_apart() -> None:
    rule = _rule()
    values = (("orders", 0.2), ("carts", 0.05), ("(no route)", 0.3))
    groups = [Sample({"api": name}, value, 10) for name, value in values]
    alerts, changes = step(rule, {}, groups, _START)
    assert {alert.labels["api"] for alert in alerts.values()} == {"orders", "(no route)"}
    assert len(changes) == 2
    alerts, changes = step(rule, alerts, [Sample({"api": "orders"}, 0.0, 10), *groups[1:]], _START + _STEP)
    states = {alert.labels["api"]: alert.state for alert in alerts.values()}
    assert states == {"orders": State.RESOLVED, "(no route)": State.FIRING}
    assert [change.alert.labels["api"] for change in changes] == ["orders"]


def test_each_severity_is_an_alert_with_a_threshold_of_its_own() -> None:
    levels = {"warning": {"threshold": 0.1, "recovery": 0.05}, "critical": {"threshold": 0.3}}
    rule = _rule(threshold=None, severities=levels)
    seen = [
        {alert.labels["severity"]: alert.state.value for alert in alerts.values()}
        for _, alerts, _ in _run(rule, [0.2, 0.4, 0.2, 0.07, 0.01])
    ]
    assert seen == [
        {"warning": "firing"},
        {"warning": "firing", "critical": "firing"},
        {"warning": "firing", "critical": "resolved"},
        {"warning": "recovering", "critical": "resolved"},
        {"warning": "resolved", "critical": "resolved"},
    ]


def test_an_alert_says_what_was_judged() -> None:
    window = Window(_START - timedelta(minutes=5), _START)
    alerts, _ = step(_rule(annotations={}), {}, [Sample({"api": "orders"}, 0.1532, 10)], _START, window)
    (alert,) = alerts.values()
    assert alert.window == window
    assert alert.annotations == {"summary": "error_rate is 15.32 % over 5m", "value": "15.32 %", "threshold": "> 10 %"}
