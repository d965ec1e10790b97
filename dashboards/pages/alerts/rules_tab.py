"""All rules: where they stand, what they cost, and how many of their pages were noise."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from dash import html

from dashboards import formats
from dashboards.components.table import Cell, Column, Row, table
from dashboards.pages.alerts.words import condition, rule_href, severity_cell, spanned, state_cell
from dashboards.panel import Drawing, Panel
from dashboards.state.context import PageContext
from processors.alerts.engine import AlertEngine
from processors.alerts.evaluation.incidents import NOISE, Incident
from processors.alerts.evaluation.rule_status import RuleStatus
from processors.query.answer import Answer
from processors.time.durations import show_duration

COUNTED = timedelta(days=30)
EXPORT = "/api/v1/alerts/rules/export"


def rules_panel(engine: AlertEngine) -> Panel:
    """A row leads to the rule."""

    def draw(context: PageContext, _answers: Sequence[Answer]) -> Drawing:
        incidents: dict[str, list[Incident]] = defaultdict(list)
        for one in engine.incidents(spanned(context.now - COUNTED, context.now)):
            incidents[one.rule].append(one)
        statuses = engine.overview()
        rows = [_row(status, incidents, context) for status in statuses]
        return [
            table(
                context,
                "alerts-rules",
                [*_COLUMNS, *([_FAULT] if any(row["fault"] for row in rows) else [])],
                rows,
                empty="No rules yet",
                href=lambda row: rule_href(context.view, row["rule"]),
            ),
            html.P(
                [
                    f"The last evaluation of all rules took {formats.milliseconds(engine.round_seconds * 1000)}. "
                    f"Noise: resolved on its own within {show_duration(NOISE)}. ",
                    html.A("Export rules created here as YAML", href=EXPORT, download="rules.yaml"),
                ],
                className="hint-text",
            ),
        ]

    return Panel("alerts-rules", "Rules", draw, height=120, help="Pages and noise in the last 30 days")


def _row(status: RuleStatus, incidents: Mapping[str, Sequence[Incident]], context: PageContext) -> dict[str, Any]:
    rule = status.rule
    pages = incidents.get(rule.name, ())
    return {
        "key": rule.name,
        "state": status.state.value,
        "rule": rule.name,
        "condition": condition(rule),
        "by": "the query" if rule.group_labels is None else ", ".join(rule.group_labels) or "all together",
        "severity": ", ".join(one.severity for one in rule.conditions),
        "receiver": rule.receiver or "by route",
        "evaluated": context.times.ago(status.last_evaluated) if status.last_evaluated is not None else "never",
        "groups": status.groups,
        "pages": len(pages),
        "noise": sum(one.is_noise for one in pages),
        "origin": status.origin,
        "fault": status.fault or beyond_limit(status),
    }


def beyond_limit(status: RuleStatus) -> str:
    """How many groups a rule's limit keeps from being alerts; '' for none."""
    if not status.beyond_limit:
        return ""
    return f"{status.beyond_limit:,} more groups match than its limit of {status.rule.limit:,}; narrow its filters"


def _origin(row: Row) -> Cell:
    return {"tags": ["file, read-only"]} if row["origin"] == "file" else {"tags": ["created here"]}


def _noise(row: Row) -> Cell:
    noise, pages = row["noise"], row["pages"]
    return {"text": formats.count(noise), "tone": "warning" if noise * 2 > pages else ""} if pages else "–"


_COLUMNS = (
    Column("rule", "Rule"),
    Column("state", "State", cell=state_cell),
    Column("condition", "Condition", wraps=True),
    Column("severity", "Severity", cell=severity_cell, rank=3),
    Column("by", "By", rank=4),
    Column("receiver", "Receiver", rank=3),
    Column("pages", "Pages", "count"),
    Column("noise", "Noise", cell=_noise, numeric=True),
    Column("evaluated", "Evaluated", rank=2),
    Column("groups", "Groups", "count", rank=2, help="Groups of requests in its last evaluation"),
    Column("origin", "From", cell=_origin, rank=3),
)
_FAULT = Column("fault", "Fault", rank=1)
