"""What is wrong now, what the rules are, and what was wrong before."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import dash_mantine_components as dmc
import pandas as pd
from dash import Dash, html
from dash.development.base_component import Component

from dashboards import formats
from dashboards.grid import drawn, grid, number, text
from dashboards.icon import icon
from dashboards.page import Page
from dashboards.panel import answering, panel
from dashboards.view import View
from processors.alerts.durations import show_duration
from processors.alerts.engine import AlertEngine, RuleStatus
from processors.alerts.rule import Rule

PATH = "/alerts"

_HISTORY_ROWS = 500

# Sorted as a number, shown with the measure's unit.
_VALUE_COLUMN = number("value", "Value", valueFormatter={"function": "params.data.shown"})

_ACTIVE_COLUMNS = [
    drawn("state", "State", "Tags", flex=1),
    text("rule", "Alert", minWidth=160),
    drawn("severity", "Severity", "Tags", flex=1),
    text("labels", "Labels", flex=4),
    _VALUE_COLUMN,
    text("since", "Since, UTC", minWidth=150),
    text("summary", "Summary", flex=4),
]
_RULE_COLUMNS = [
    drawn("state", "State", "Tags", flex=1),
    text("rule", "Rule", minWidth=160),
    text("condition", "Condition", flex=4),
    text("by", "By", flex=2),
    drawn("severity", "Severity", "Tags", flex=1),
    text("receiver", "Receiver", flex=1),
    number("alerts", "Alerts"),
    text("fault", "Fault", flex=3),
]
_HISTORY_COLUMNS = [
    text("time", "Time, UTC", minWidth=150),
    drawn("state", "State", "Tags", flex=1),
    text("rule", "Alert", minWidth=160),
    drawn("severity", "Severity", "Tags", flex=1),
    text("labels", "Labels", flex=4),
    _VALUE_COLUMN,
]


def page(engine: AlertEngine, clock: Callable[[], datetime]) -> Page:
    """The alerts page."""
    return Page(
        path=PATH,
        name="Alerts",
        icon="bell",
        order=30,
        has_range=False,
        layout=_layout,
        register=lambda app: _register(app, engine, clock),
    )


def _layout() -> Component:
    return dmc.Stack(
        [
            html.Div(id="alerts-notice"),
            html.Div(id="alerts-notice-fault"),
            panel("Now", grid("alerts-active", _ACTIVE_COLUMNS, empty="No alert is pending or firing")),
            panel("Rules", grid("alerts-rules", _RULE_COLUMNS, empty="No rules", row_id="rule")),
            panel(
                "History",
                grid("alerts-history", _HISTORY_COLUMNS, empty="Nothing happened yet"),
            ),
        ],
        gap="md",
    )


def _register(app: Dash, engine: AlertEngine, clock: Callable[[], datetime]) -> None:
    def notice(_view: View, _now: datetime) -> Component | None:
        if not engine.overview():
            return _no_rules()
        told = [html.Li(f"{fault.receiver}: {fault.message}") for fault in engine.delivery_faults]
        if engine.fault:
            told.append(html.Li(engine.fault))
        if not told:
            return None
        return dmc.Alert(
            html.Ul(told), title="Alerting is not whole; what failed is tried again", color="red",
            icon=icon("alert-triangle"),
        )  # fmt: skip

    def active(_view: View, _now: datetime) -> list[dict[str, Any]]:
        return [row for status in engine.overview() for row in _alert_rows(status)]

    def rules(_view: View, _now: datetime) -> list[dict[str, Any]]:
        return [_rule_row(status) for status in engine.overview()]

    def history(_view: View, _now: datetime) -> list[dict[str, Any]]:
        return _history_rows(
            engine.history(_HISTORY_ROWS), {status.rule.name: status.rule for status in engine.overview()}
        )

    for identity, prop, answer in (
        ("alerts-notice", "children", notice),
        ("alerts-active", "rowData", active),
        ("alerts-rules", "rowData", rules),
        ("alerts-history", "rowData", history),
    ):
        answering(app, identity, prop, clock, answer)


def _no_rules() -> Component:
    example = """rules:
- name: OrdersFailing
  measure: error_rate
  window: 5m
  op: ">"
  threshold: 0.02
  for: 2m
  filters: {api: orders}
  by: [api, environment]
  severity: critical
  receiver: on-call
receivers:
- name: on-call
  webhook: {url: "${env:ON_CALL_WEBHOOK}"}"""
    return dmc.Alert(
        [
            "Write rules into a YAML file and name it in the configuration as alerts.rules; "
            "docs/alerts.md has every key.",
            dmc.Code(example, block=True, mt="sm"),
        ],
        title="No rules yet",
        color="blue",
        variant="light",
    )


def _alert_rows(status: RuleStatus) -> list[dict[str, Any]]:
    return [
        {
            "state": alert.state,
            "rule": status.rule.name,
            "severity": status.rule.severity,
            "labels": _labels(alert.labels),
            "value": alert.value,
            "shown": _shown(status.rule, alert.value),
            "since": formats.second(alert.since),
            "summary": alert.annotations.get("summary", ""),
        }
        for alert in status.alerts
    ]


def _rule_row(status: RuleStatus) -> dict[str, Any]:
    rule = status.rule
    return {
        "state": "fault" if status.fault else status.state,
        "rule": rule.name,
        "condition": _condition(rule),
        "by": ", ".join(rule.by) or "all together",
        "severity": rule.severity,
        "receiver": rule.receiver,
        "alerts": len(status.alerts),
        "fault": status.fault or _beyond_limit(status),
    }


def _beyond_limit(status: RuleStatus) -> str:
    if not status.beyond_limit:
        return ""
    return f"{status.beyond_limit:,} more meet it than its limit of {status.rule.limit:,}; narrow its filters"


def _condition(rule: Rule) -> str:
    lasting = f" for {show_duration(rule.for_)}" if rule.for_ else ""
    limit = rule.measured.show(rule.threshold)
    return f"{rule.measure} over {show_duration(rule.window)} {rule.op} {limit}{lasting}"


def _history_rows(history: pd.DataFrame, rules: Mapping[str, Rule]) -> list[dict[str, Any]]:
    if history.empty:
        return []
    return [
        {
            "time": formats.second(row["time"]),
            "state": row["state"],
            "rule": row["rule"],
            "severity": row["severity"],
            "labels": _labels(row["labels"]),
            "value": row["value"],
            "shown": _shown(rules.get(row["rule"]), row["value"]),
        }
        for _, row in history.iterrows()
    ]


def _shown(rule: Rule | None, value: float) -> str:
    """A value with the unit of its rule's measure; the rule of an old alert may be gone."""
    return rule.measured.show(value) if rule else f"{value:.4g}"


def _labels(labels: Mapping[str, str]) -> str:
    told = (f"{name}={value}" for name, value in sorted(labels.items()) if name not in ("alertname", "severity"))
    return ", ".join(told)
