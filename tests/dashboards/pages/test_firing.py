"""The cards of what fires, where alerts come and go while their questions are answered."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

from dashboards.pages.alerts.firing import firing_panels
from dashboards.state.context import PageContext
from dashboards.state.view import View
from processors.alerts.evaluation.state import Alert, State
from processors.alerts.rule_file import RuleFile
from processors.alerts.rule_source import RuleSource

_NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
_CONTEXT = PageContext(View("/alerts"), _NOW)
_FILE = RuleFile.model_validate(
    {
        "receivers": [{"name": "team", "webhook": {"url": "http://127.0.0.1:9/"}}],
        "rules": [
            {
                "name": "slow",
                "measure": "p95",
                "window": "5m",
                "op": ">",
                "threshold": 250,
                "by": ["api"],
                "severity": "warning",
                "receiver": "team",
            }
        ],
    }
)


def _alert(api: str, severity: str = "warning") -> Alert:
    since = _NOW - timedelta(minutes=3)
    labels = {"api": api, "severity": severity}
    return Alert("slow", api, labels, {"summary": f"{api} is slow"}, "team", State.FIRING, 300.0, since, since)


def _engine(alerts: Callable[[], list[Alert]], silenced: str = "") -> Any:
    nothing: Callable[..., None] = lambda *_: None  # noqa: E731 - three of the same
    silence = SimpleNamespace(id="1", ends_at=None, created_by="alice", comment="Known")
    notifier = SimpleNamespace(
        acknowledgement_of=nothing,
        silence_of=lambda alert, _now: silence if alert.fingerprint == silenced else None,
        inhibitions=lambda _alerts: SimpleNamespace(source_of=nothing),
    )
    return SimpleNamespace(source=RuleSource(file=_FILE), alerts=alerts, notifier=notifier)


def test_an_alert_that_has_come_since_is_shown_without_figures() -> None:
    firing: list[Alert] = []
    (panel,) = firing_panels(_engine(lambda: firing))
    assert panel.questions(_CONTEXT) == []
    firing.append(_alert("orders"))
    assert "orders is slow" in str(panel.draw(_CONTEXT, []))


def test_the_most_severe_alert_that_nobody_has_taken_comes_first() -> None:
    oldest_first = [_alert("orders"), _alert("carts", "critical"), _alert("payments"), _alert("users", "critical")]
    (panel,) = firing_panels(_engine(lambda: oldest_first, silenced="carts"))
    drawn = str(panel.draw(_CONTEXT, []))
    shown = sorted(("orders", "carts", "payments", "users"), key=lambda api: drawn.index(f"{api} is slow"))
    assert shown == ["users", "orders", "payments", "carts"]
