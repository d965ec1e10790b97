"""What people ask may take so much, whatever it is made of."""

from datetime import UTC, datetime

from gatelens.configuration.config import Config
from gatelens.process.analysis import Analysis
from gatelens.process.running_parts import RunningParts
from processors.lease.lease import OnlyProcess
from storage.memory_budget import DEFAULT_BUDGET
from storage.store import Store


def _now() -> datetime:
    return datetime.now(UTC)


def test_statements_that_are_no_questions_have_limits(store: Store) -> None:
    analysis = Analysis(RunningParts(), store, DEFAULT_BUDGET, Config(), _now, OnlyProcess(_now))
    settings = "getSetting('max_execution_time'), getSetting('max_memory_usage')"
    assert analysis.store(1).rows(f"SELECT {settings}") == [(30, DEFAULT_BUDGET.query)]
