"""What a backtest of thirty days costs, for each kind of rule; prints JSON.

python -m tests.bench.backtests --apis 40 --days 30 --requests 3000000
"""

import argparse
import json
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from processors.alerts.evaluation.backtest import backtest
from processors.alerts.rules.kinds.kinds import AnyRule
from processors.alerts.rules.rule import Rule
from processors.query.questions import Questions
from processors.time.window import DAY, Window
from storage.memory_budget import DEFAULT_BUDGET
from storage.migrate import migrate
from storage.store import Store, connect

_START = datetime(2026, 3, 2, tzinfo=UTC)
_COMMON = {"by": ["api"], "filters": {"environment": "production"}}
_RULES: tuple[dict[str, Any], ...] = (
    {"name": "error rate", "measure": "error_rate", "window": "5m", "op": ">", "threshold": 0.5, "min_requests": 5},
    {"name": "p95", "measure": "p95", "window": "5m", "op": ">", "threshold": 490, "min_requests": 20},
    {"name": "apdex", "measure": "apdex", "window": "10m", "op": "<", "threshold": 0.5},
    {"name": "max", "measure": "max", "window": "5m", "op": ">", "threshold": 510},
    {"name": "consumers", "measure": "consumers", "window": "10m", "op": "<", "threshold": 1},
    {"name": "change", "kind": "change", "measure": "requests", "window": "30m", "against": "day", "op": "<",
     "threshold": -0.5},
    {"name": "absence", "kind": "absence", "window": "10m"},
    {"name": "burn rate", "kind": "burn_rate", "objective": "99%"},
    {"name": "consecutive", "kind": "consecutive", "measure": "errors", "window": "5m", "periods": 3, "op": ">",
     "threshold": 20},
)  # fmt: skip

# An API fails for two hours on every third day.
_TRAFFIC = """
INSERT INTO requests (time, environment, gateway_kind, gateway, reporter, api, api_version, status, fault, duration_us,
    consumer)
WITH
    toDateTime64('2026-03-02 00:00:00', 6, 'UTC')
        + toIntervalMillisecond(number * {days:UInt64} * 86400000 / {rows:UInt64}) AS at,
    number % {apis:UInt64} = toDayOfYear(at) % 7 AND toDayOfYear(at) % 3 = 0 AND toHour(at) IN (9, 10) AS fails
SELECT
    at, 'production', 'flex', 'edge', 'gateway', concat('api-', toString(number % {apis:UInt64})), 'v1',
    if(cityHash64(number) % 200 = 0 OR fails, 500, 200), '', 1000 + cityHash64(number, 1) % 500000,
    concat('app-', toString(cityHash64(number, 2) % 50))
FROM numbers({rows:UInt64})
"""


class _Counted:
    """Questions, and how many of them were asked."""

    def __init__(self, questions: Questions) -> None:
        self._questions = questions
        self.number = 0

    def outcomes(self, questions: Any) -> Any:
        self.number += len(questions)
        return self._questions.outcomes(questions)


def _measure(store: Store, rule: Rule, window: Window) -> dict[str, Any]:
    questions = Questions(store, lambda: datetime.now(UTC))
    counted = _Counted(questions)
    cpu, wall = time.process_time(), time.monotonic()
    found = backtest([rule], counted, window)
    questions.close()
    if found.faults:
        raise SystemExit(f"{rule.name}: {found.faults}")
    return {
        "rule": rule.name,
        "statements": counted.number,
        "pages": len(found.pages),
        "cpu_seconds": round(time.process_time() - cpu, 1),
        "seconds": round(time.monotonic() - wall, 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--apis", type=int, default=10)
    parser.add_argument("--days", type=int, default=7)
    parser.add_argument("--requests", type=int, default=300_000)
    chosen = parser.parse_args()
    rules: list[Rule] = [TypeAdapter[Rule](AnyRule).validate_python({**_COMMON, **keys}) for keys in _RULES]
    with tempfile.TemporaryDirectory() as directory:
        store = connect(f"chdb://{Path(directory) / 'clickhouse'}", DEFAULT_BUDGET)
        try:
            migrate(store)
            store.command(_TRAFFIC, {"apis": chosen.apis, "rows": chosen.requests, "days": chosen.days})
            window = Window(_START, _START + chosen.days * DAY)
            measured = [_measure(store, rule, window) for rule in rules]
        finally:
            store.close()
    print(json.dumps({**vars(chosen), "rules": measured}))  # noqa: T201 - its output


if __name__ == "__main__":
    main()
