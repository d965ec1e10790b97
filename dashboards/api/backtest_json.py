"""Backtests as the HTTP API returns them."""

from datetime import datetime, timedelta
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from processors.alerts.evaluation.backtest import Backtest
from processors.errors import InvalidRule
from processors.time.expression import parse_time
from processors.time.window import MINUTE, Window, floor

_LONGEST = timedelta(days=31)


class BacktestBody(BaseModel):
    """Rules, each a mapping as a rule file has it, and a stretch of the past."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    rules: list[dict[str, Any]] = Field(min_length=1, max_length=100)
    start: str = Field(default="now-1d", alias="from")
    end: str = Field(default="now", alias="to")


def backtest_window(start: str, end: str, now: datetime) -> Window:
    """The stretch in whole minutes; raises InvalidTimeExpression, InvalidRule."""
    first, last = floor(parse_time(start, now), MINUTE), floor(parse_time(end, now), MINUTE)
    if last <= first or last - first > _LONGEST:
        raise InvalidRule("Rules are tested over a minute to 31 days of the past; give such a period, as from now-7d.")
    return Window(first, last)


def backtest_json(found: Backtest) -> dict[str, Any]:
    return {
        "from": found.window.start.isoformat(),
        "to": found.window.end.isoformat(),
        "pages": [
            {
                "rule": page.rule,
                "labels": dict(page.labels),
                "annotations": dict(page.annotations),
                "fired": page.fired_at.isoformat(),
                "resolved": page.resolved_at.isoformat() if page.resolved_at is not None else None,
                "seconds": page.lasts(found.window.end).total_seconds(),
                "worst": page.worst,
            }
            for page in found.pages
        ],
        "faults": dict(found.faults),
        "skipped": list(found.skipped),
    }
