"""Alerts as bands on every chart over time."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from dashboards.state.marks import Mark
from processors.alerts.evaluation.incidents import Incident
from processors.query.filters import Filter, Operator
from processors.time.window import Window

_MOST_MARKS = 40


def alert_marks(found: Sequence[Incident], window: Window, filters: Sequence[Filter], now: datetime) -> list[Mark]:
    """When alerts fired within a window; one whose labels contradict the filters is left out."""
    marks = [
        Mark(max(one.fired_at, window.start), min(one.resolved_at or now, window.end), one.rule, tone_of(one.severity))
        for one in found
        if one.fired_at < window.end and (one.resolved_at or now) > window.start and _fits(one.labels, filters)
    ]
    return marks[-_MOST_MARKS:]


def tone_of(severity: str) -> str:
    """The tone in which a severity is shown."""
    return "bad" if severity in ("critical", "page", "error") else "warning" if severity == "warning" else "info"


def _fits(labels: Mapping[str, str], filters: Sequence[Filter]) -> bool:
    return all(
        one.operator is not Operator.IN or one.dimension not in labels or labels[one.dimension] in one.values
        for one in filters
    )
