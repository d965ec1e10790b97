"""The same series as rules of the real Prometheus: alerts are pending and fire at the same evaluations as ours."""

import json
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from processors.alerts.evaluation.evaluate import Finding, evaluate
from processors.alerts.evaluation.minutes import Minutes
from processors.alerts.evaluation.state import Alert, State, step
from processors.query.questions import Questions
from storage.store import Store
from tests.processors.alerts import rig

_PROMTOOL = Path("/usr/bin/promtool")
_ENVIRONMENT = "prometheus-parity"
_START = datetime(2026, 5, 4, 12, tzinfo=UTC)
_MINUTES = 150

pytestmark = pytest.mark.skipif(not _PROMTOOL.exists(), reason=f"{_PROMTOOL} is not installed.")

# Requests and errors of each minute; nothing at all where there are no requests.
_TRAFFIC: Mapping[str, Sequence[tuple[int, int]]] = {
    # Fails twice, comes back for a while in between, and fails a little at the end.
    "orders": [(10, 0)] * 20 + [(10, 2)] * 12 + [(10, 0)] * 6 + [(10, 6)] * 9 + [(10, 0)] * 63 + [(20, 1)] * 40,
    # Goes away for a quarter of an hour.
    "carts": [(4, 0)] * 70 + [(0, 0)] * 15 + [(4, 0)] * 65,
    # Falls to a third.
    "stock": [(9, 0)] * 95 + [(3, 0)] * 55,
}


@dataclass(frozen=True)
class _Pair:
    """A rule as Gatelens and as Prometheus has it."""

    ours: Mapping[str, Any]
    # By severity, each of which is a rule of its own there.
    expressions: Mapping[str, str]
    prometheus: Mapping[str, str] = field(default_factory=dict)
    # Recording rules: series that the expressions are over.
    recorded: Mapping[str, str] = field(default_factory=dict)


def _over(series: str, minutes: int, offset: str = "") -> str:
    # Neither end of a range is to hold a sample: whether the first one counts depends on the version.
    return f"sum_over_time({series}[{minutes * 60 - 1}s]{f' offset {offset}' if offset else ''})"


def _rate(minutes: int) -> str:
    return f"{_over('errors', minutes)} / {_over('requests', minutes)}"


_PAIRS = (
    _Pair(
        {"name": "threshold", "measure": "error_rate", "window": "5m", "op": ">", "threshold": 0.11},
        {"warning": f"{_rate(5)} > 0.11"},
    ),
    _Pair(
        {"name": "severities", "measure": "error_rate", "window": "4m", "op": ">", "for": "2m", "keep_firing_for": "3m",
         "severities": {"warning": {"threshold": 0.06}, "critical": {"threshold": 0.3}}},
        {"warning": f"{_rate(4)} > 0.06", "critical": f"{_rate(4)} > 0.3"},
        {"for": "2m", "keep_firing_for": "3m"},
    ),
    _Pair(
        {"name": "for", "measure": "error_rate", "window": "3m", "op": ">=", "threshold": 0.15, "for": "10m"},
        {"warning": f"{_rate(3)} >= 0.15"},
        {"for": "10m"},
    ),
    _Pair(
        {"name": "keep", "measure": "error_rate", "window": "2m", "op": ">", "threshold": 0.11, "for": "2m",
         "keep_firing_for": "7m"},
        {"warning": f"{_rate(2)} > 0.11"},
        {"for": "2m", "keep_firing_for": "7m"},
    ),
    _Pair(
        {"name": "absent", "kind": "absence", "window": "5m", "seen_within": "2h", "for": "1m"},
        {"warning": 'absent_over_time(requests{api="carts"}[299s])'},
        {"for": "1m"},
    ),
    _Pair(
        {"name": "burn", "kind": "burn_rate", "objective": "98%",
         "windows": [{"long": "15m", "short": "3m", "factor": 10, "severity": "critical"},
                     {"long": "30m", "short": "5m", "factor": 3, "severity": "warning"}]},
        {"critical": "(api:errors:ratio15m >= 10 * 0.02) and (api:errors:ratio3m >= 10 * 0.02)",
         "warning": "(api:errors:ratio30m >= 3 * 0.02) and (api:errors:ratio5m >= 3 * 0.02)"},
        recorded={f"api:errors:ratio{minutes}m": _rate(minutes) for minutes in (30, 15, 5, 3)},
    ),
    _Pair(
        {"name": "change", "kind": "change", "measure": "requests", "window": "5m", "against": "30m", "op": "<",
         "threshold": -0.5, "filters": {"environment": _ENVIRONMENT, "api": "stock"}},
        {"warning": f"""{_over('requests{api="stock"}', 5)} / {_over('requests{api="stock"}', 5, '30m')} - 1 < -0.5"""},
    ),
)  # fmt: skip


@pytest.fixture(scope="module")
def questions(store: Store) -> Iterator[Questions]:
    asked = rig.questions_of(store)
    yield asked
    asked.close()


@pytest.fixture
def traffic(store: Store) -> None:
    columns = ("time", "environment", "gateway", "reporter", "api", "status", "fault", "duration_us")
    rows = [
        (_START + timedelta(minutes=minute, seconds=30), _ENVIRONMENT, "edge", "gateway", api, status, "", 10_000)
        for api, minutes in _TRAFFIC.items()
        for minute, (requests, errors) in enumerate(minutes)
        for status, count in ((200, requests - errors), (500, errors))
        for _ in range(count)
    ]
    store.insert("requests", columns, rows)


def test_alerts_at_every_evaluation(questions: Questions, traffic: None, tmp_path: Path) -> None:
    """promtool evaluates the rules each minute, and says where an alert is not in the state that it has here."""
    told = {str(pair.ours["name"]): _ours(pair, questions) for pair in _PAIRS}
    for pair in _PAIRS:
        firing = {one.labels["severity"] for alerts in told[str(pair.ours["name"])] for one in _firing(alerts)}
        assert firing == set(pair.expressions), pair.ours
    _write(tmp_path, told)
    checked = subprocess.run(
        [str(_PROMTOOL), "test", "rules", str(tmp_path / "test.yml")], capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, f"{checked.stdout}{checked.stderr}"[:4000]


def _ours(pair: _Pair, questions: Questions) -> list[list[Alert]]:
    """The rule's alerts after the evaluation of each minute."""
    given = {"by": ["api"], "filters": {"environment": _ENVIRONMENT}, "min_requests": 1, **pair.ours}
    rule = rig.rule(**given)
    minutes, alerts, found = Minutes(questions), dict[str, Alert](), []
    for minute in range(_MINUTES + 1):
        now = _START + timedelta(minutes=minute)
        finding = evaluate([rule], minutes, rig.Sources(), now, timedelta())[rule.name]
        assert isinstance(finding, Finding), finding
        after, _ = step(rule, alerts, finding.samples, now)
        alerts = {key: alert for key, alert in after.items() if alert.state is not State.RESOLVED}
        found.append(list(alerts.values()))
    return found


def _firing(alerts: Sequence[Alert]) -> list[Alert]:
    return [alert for alert in alerts if alert.is_firing]


def _write(directory: Path, told: Mapping[str, Sequence[Sequence[Alert]]]) -> None:
    """The rules, and a test of promtool's that expects what was told."""
    rules = [rule for pair in _PAIRS for rule in _rules(pair)]
    _dump(directory / "rules.yml", {"groups": [{"name": "parity", "interval": "1m", "rules": rules}]})
    series = [
        {"series": f'{name}{{api="{api}"}}', "values": " ".join(["_", *(_value(minute, place) for minute in minutes)])}
        for api, minutes in _TRAFFIC.items()
        for place, name in enumerate(("requests", "errors"))
    ]
    test = {
        "interval": "1m",
        "input_series": series,
        "alert_rule_test": [
            {
                "eval_time": f"{minute}m",
                "alertname": name,
                "exp_alerts": [{"exp_labels": _labels(alert)} for alert in _firing(alerts)],
            }
            for name, by_minute in told.items()
            for minute, alerts in enumerate(by_minute)
            if minute
        ],
        "promql_expr_test": [
            {
                "expr": 'ALERTS{alertstate="pending"}',
                "eval_time": f"{minute}m",
                "exp_samples": [
                    {"labels": _selector(alert), "value": 1}
                    for by_minute in told.values()
                    for alert in by_minute[minute]
                    if alert.state is State.PENDING
                ],
            }
            # Before the first minute, Prometheus takes for absent what nobody has heard of here.
            for minute in range(1, _MINUTES + 1)
        ],
    }
    _dump(
        directory / "test.yml",
        {"rule_files": ["rules.yml"], "evaluation_interval": "1m", "tests": [test]},
    )


def _rules(pair: _Pair) -> Iterator[Mapping[str, Any]]:
    for name, expression in pair.recorded.items():
        yield {"record": name, "expr": expression}
    for severity, expression in pair.expressions.items():
        labels = {"severity": severity, "environment": _ENVIRONMENT}
        yield {"alert": pair.ours["name"], "expr": expression, "labels": labels, **pair.prometheus}


def _value(minute: tuple[int, int], place: int) -> str:
    """As promtool has it: a minute's requests are the sample at its end, and none where there are none."""
    return str(minute[place]) if minute[0] else "_"


def _labels(alert: Alert) -> dict[str, str]:
    return {name: value for name, value in alert.labels.items() if name != "alertname"}


def _selector(alert: Alert) -> str:
    pairs = {**alert.labels, "alertstate": "pending"}
    return "ALERTS{" + ", ".join(f"{name}={json.dumps(value)}" for name, value in pairs.items()) + "}"


def _dump(path: Path, document: object) -> None:
    path.write_text(yaml.safe_dump(document), encoding="utf-8")
