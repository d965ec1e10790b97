"""What `gatelens alerts test` asks for: a backtest, from the process that owns the data directory or in this one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from dashboards.api.backtest_json import backtest_json, backtest_window
from gatelens.data_directory.directory import running_process
from gatelens.data_directory.local_access import ask_process
from gatelens.data_directory.own_store import own_store
from processors.alerts.evaluation.backtest import backtest
from processors.alerts.rule_source import rule_of
from processors.query.questions import Questions

_PATH = "/api/v1/alerts/rules/backtest"
_SECONDS = 3_600


@dataclass(frozen=True)
class BacktestOutcome:
    """Pages as the HTTP API returns them, and what could not be evaluated."""

    pages: Sequence[Mapping[str, Any]]
    faults: Mapping[str, str]
    skipped: Sequence[str]


def test_rules(rules: Sequence[Any], start: str, end: str, data: Path) -> BacktestOutcome:
    """The backtest of rules as a rule file has them. Raises GatelensError."""
    process = running_process(data)
    if process is None:
        now = datetime.now(UTC)
        window = backtest_window(start, end, now)
        with own_store(data) as store:
            questions = Questions(store, lambda: datetime.now(UTC))
            found = backtest_json(backtest([rule_of(rule) for rule in rules], questions, window))
            questions.close()
    else:
        body = {"rules": rules, "from": start, "to": end}
        advice = "Try again, or a shorter period."
        found = ask_process(data, process, "POST", _PATH, _SECONDS, body=body, advice=advice).json()
    return BacktestOutcome(found["pages"], found["faults"], found["skipped"])
