"""Which nodes of the routing tree an alert of some labels would reach, as the page shows it."""

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from dashboards.pages.alerts.routes_panel import drawn_routes, labels_of, try_labels
from dashboards.state.context import PageContext
from dashboards.state.view import View
from processors.alerts.rule_file import RuleFile
from processors.alerts.rule_source import RuleSource

_RECEIVERS = [{"name": name, "webhook": {"url": "http://127.0.0.1:9/"}} for name in ("team", "on-call", "audit")]
_FILE = RuleFile.model_validate(
    {
        "receivers": _RECEIVERS,
        "route": {
            "receiver": "team",
            "group_by": ["alertname"],
            "routes": [
                {"receiver": "audit", "matchers": ['team="shop"'], "continue": True},
                {"receiver": "on-call", "matchers": ['severity="critical"'], "mute_time_intervals": ["always"]},
            ],
        },
        "time_intervals": [
            {"name": "always", "time_intervals": [{"times": [{"start_time": "00:00", "end_time": "24:00"}]}]}
        ],
    }
)


def _drawn(labels: str, file: RuleFile = _FILE) -> str:
    engine: Any = SimpleNamespace(source=RuleSource(file=file))
    view = try_labels(View("/alerts"), {"labels": [labels]})
    return str(drawn_routes(engine, PageContext(view, datetime(2026, 3, 2, 12, tzinfo=UTC))))


@pytest.mark.parametrize(
    ("labels", "told"),
    [
        ('severity="warning"', ["team, grouped by alertname, after 30s, repeated every 4h"]),
        ('severity="critical", team="shop"', ["audit, grouped", "on-call, grouped", "mute now"]),
        ('severity=~"critical"', ["is not a label; write each as name="]),
        ("critical", ["is no matcher"]),
        ("", ["Which receivers would an alert with these labels reach?"]),
    ],
)
def test_who_is_told(labels: str, told: list[str]) -> None:
    drawn = _drawn(labels)
    assert all(one in drawn for one in told), drawn


def test_reached_nodes_are_marked() -> None:
    assert _drawn('severity="critical", team="shop"').count("'yes'") == 2
    assert _drawn("").count("'yes'") == 0


def test_without_a_route() -> None:
    assert "each rule names its receiver" in _drawn("", RuleFile.model_validate({"receivers": _RECEIVERS}))


def test_labels_of_a_text() -> None:
    assert labels_of('api="orders", severity=critical') == {"api": "orders", "severity": "critical"}
