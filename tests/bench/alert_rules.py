"""What a round of alerting costs: rules over many APIs, evaluated once as production does; prints JSON.

python -m tests.bench.alert_rules --rules 5000 --apis 500
"""

import argparse
import json
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from opentelemetry.metrics import get_meter

from processors.alerts.engine import AlertEngine
from processors.alerts.evaluation.sources import RuleSources
from processors.alerts.rule_file import RuleFile
from processors.alerts.rule_source import RuleSource
from processors.query.questions import Questions
from storage.memory_budget import DEFAULT_BUDGET
from storage.migrate import migrate
from storage.store import Store, connect

_START = datetime(2026, 3, 2, 10, tzinfo=UTC)
_MEASURES = (
    ("error_rate", "5m", 0.9), ("p95", "5m", 9_000), ("p99", "10m", 9_000), ("requests", "5m", 1e9),
    ("client_error_rate", "10m", 0.9), ("error_rate", "1h", 0.5), ("fault_backend_rate", "5m", 0.9),
    ("gateway_mean", "10m", 9_000), ("apdex", "5m", 1.0), ("p50", "1h", 9_000),
)  # fmt: skip

_TRAFFIC = """
INSERT INTO requests (time, environment, gateway_kind, gateway, reporter, api, api_version, status, fault, duration_us)
SELECT
    toDateTime64('2026-03-02 10:00:00', 6, 'UTC') + toIntervalMillisecond(number * 7200000 / {rows:UInt64}),
    'production', 'flex', 'edge', 'gateway', concat('api-', toString(number % {apis:UInt64})), 'v1',
    if(cityHash64(number) % 100 = 0, 500, 200), if(cityHash64(number) % 100 = 0, 'backend', ''),
    1000 + cityHash64(number, 1) % 500000
FROM numbers({rows:UInt64})
"""


@contextmanager
def _store(apis: int, rows: int) -> Iterator[Store]:
    with tempfile.TemporaryDirectory() as directory:
        store = connect(f"chdb://{Path(directory) / 'clickhouse'}", DEFAULT_BUDGET)
        try:
            migrate(store)
            store.command(_TRAFFIC, {"apis": apis, "rows": rows})
            yield store
        finally:
            store.close()


def _rules(number: int, apis: int, *, firing: bool) -> RuleFile:
    rules: list[dict[str, Any]] = []
    for index in range(number):
        measure, window, threshold = _MEASURES[(index // apis) % len(_MEASURES)]
        op, threshold = (">=", 0) if firing else (">", threshold)
        rules.append(
            {
                "name": f"rule-{index}", "measure": measure, "window": window, "op": op, "threshold": threshold,
                "filters": {"environment": "production", "api": f"api-{index % apis}"}, "receiver": "none",
            }
        )  # fmt: skip
    return RuleFile.model_validate(
        {"rules": rules, "receivers": [{"name": "none", "webhook": {"url": "http://127.0.0.1:9/"}}]}
    )


def _rounds(store: Store, file: RuleFile, rounds: int) -> list[dict[str, float]]:
    now = _START + timedelta(hours=2)
    clock = [now]
    questions = Questions(store, lambda: clock[0], side_by_side=2)
    sources = RuleSources({}, lambda sql, output_format: b"")
    engine = AlertEngine(
        store, RuleSource(file=file), lambda: clock[0], get_meter("bench"), "http://gatelens", questions, sources
    )
    measured = []
    for _ in range(rounds):
        clock[0] += timedelta(minutes=1)
        cpu, wall = time.process_time(), time.monotonic()
        engine.tick(clock[0])
        measured.append({"cpu_seconds": time.process_time() - cpu, "seconds": time.monotonic() - wall})
    failed = [status for status in engine.overview() if status.fault]
    if failed:
        raise SystemExit(f"{len(failed)} rules failed: {failed[0].fault}")
    engine.stop()
    questions.close()
    return measured


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rules", type=int, default=5_000)
    parser.add_argument("--apis", type=int, default=500)
    parser.add_argument("--requests", type=int, default=2_000_000)
    parser.add_argument("--firing", action="store_true", help="All of them fire, and nobody takes it.")
    parser.add_argument("--rounds", type=int, default=3)
    chosen = parser.parse_args()
    file = _rules(chosen.rules, chosen.apis, firing=chosen.firing)
    with _store(chosen.apis, chosen.requests) as store:
        rounds = _rounds(store, file, chosen.rounds)
    print(json.dumps({**vars(chosen), "each_round": rounds}))  # noqa: T201 - its output


if __name__ == "__main__":
    main()
