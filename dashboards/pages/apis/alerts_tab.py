"""The alerts of one API."""

from collections.abc import Sequence

from dashboards.components.table import Cell, Column, Row, table
from dashboards.pages.shared.api_rows import PATH
from dashboards.panel import Drawing, Panel
from dashboards.state.context import PageContext
from processors.alerts.engine import AlertEngine
from processors.alerts.rules.units import show
from processors.query.answer import Answer

_HISTORY_ROWS = 500
_TONES = {"firing": "bad", "pending": "warning", "resolved": "good"}


def alert_panels(engine: AlertEngine) -> tuple[Panel, ...]:
    """What fires, and what happened."""

    def active(context: PageContext, _answers: Sequence[Answer]) -> Drawing:
        name = context.view.item(PATH)
        rows = [
            {
                "rule": status.rule.name,
                "state": alert.state,
                "severity": alert.labels.get("severity", ""),
                "shown": show(status.rule.unit, alert.value),
                "time": context.times.second(alert.since),
            }
            for status in engine.overview()
            for alert in status.alerts
            if alert.labels.get("api") == name
        ]
        return table(
            context,
            "api-alerts",
            _columns("Since"),
            rows,
            empty="No alerts are pending or firing for this API",
            href=lambda row: _rule(context, row),
        )

    def history(context: PageContext, _answers: Sequence[Answer]) -> Drawing:
        name = context.view.item(PATH)
        rules = {status.rule.name: status.rule for status in engine.overview()}
        found = engine.history(_HISTORY_ROWS, api=name)
        rows = [
            {
                "rule": row["rule"],
                "state": row["state"],
                "severity": row["severity"],
                "shown": show(rules[row["rule"]].unit, row["value"]) if row["rule"] in rules else f"{row['value']:.4g}",
                "time": context.times.second(row["time"]),
            }
            for row in found.to_dict("records")
        ]
        return table(
            context,
            "api-alert-history",
            _columns("Time"),
            rows,
            empty="This API has had no alerts yet",
            href=lambda row: _rule(context, row),
        )

    return (
        Panel("api-alerts", "Firing and pending", active, height=80),
        Panel("api-alert-history", "History", history, height=80),
    )


def _rule(context: PageContext, row: Row) -> str:
    return context.view.to("/alerts").setting(rule=str(row["rule"])).href()


def _columns(time: str) -> tuple[Column, ...]:
    return (
        Column("rule", "Alert"),
        Column("state", "State", cell=_state),
        Column("severity", "Severity", rank=2),
        Column("shown", "Value", numeric=True),
        Column("time", time),
    )


def _state(row: Row) -> Cell:
    return {"glyph": True, "tone": _TONES.get(str(row["state"]), "neutral"), "text": str(row["state"])}
