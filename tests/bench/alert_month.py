"""A month with incidents in it, played to the real engine and to the backtest: the same pages; prints JSON.

python -m tests.bench.alert_month --seed 1
"""

import argparse
import json
import tempfile
import time
from pathlib import Path

from storage.memory_budget import DEFAULT_BUDGET
from storage.migrate import migrate
from storage.store import connect
from tests.processors.alerts import rig
from tests.processors.alerts.evaluation import month


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="Of the incidents.")
    chosen = parser.parse_args()
    incidents = month.planted(chosen.seed)
    with tempfile.TemporaryDirectory() as directory:
        store = connect(f"chdb://{Path(directory) / 'clickhouse'}", DEFAULT_BUDGET)
        try:
            migrate(store)
            month.fill(store, "month", incidents)
            file = month.rule_file("month")
            questions = rig.questions_of(store)
            begun = time.process_time()
            listed = month.by_backtest(questions, file)
            questions.close()
            tested = time.process_time()
            done = month.by_engine(store, file, incidents)
            played = time.process_time()
        finally:
            store.close()
    figures = {"pages": len(done), "backtest_cpu_seconds": tested - begun, "engine_cpu_seconds": played - tested}
    print(json.dumps({**vars(chosen), **figures}))  # noqa: T201 - its output
    if listed != done:
        raise SystemExit(f"They differ:\n{sorted(set(listed) ^ set(done), key=str)}")


if __name__ == "__main__":
    main()
