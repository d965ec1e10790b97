"""A month that no rule was made for: the backtest lists what the engine does when the month is played to it."""

import pytest

from processors.time.window import MINUTE
from storage.store import Store
from tests.processors.alerts import rig
from tests.processors.alerts.conftest import TABLES
from tests.processors.alerts.evaluation import month


@pytest.mark.parametrize("seed", [16, 31])
def test_the_backtest_is_what_the_engine_does(store: Store, seed: int) -> None:
    """Any seed will do: `python -m tests.bench.alert_month --seed 1` tries another."""
    for table in (*TABLES, "alert_history"):
        store.command(f"TRUNCATE TABLE {table}")
    environment, incidents = f"alert-month-{seed}", month.planted(seed)
    month.fill(store, environment, incidents)
    file = month.rule_file(environment)
    questions = rig.questions_of(store)
    listed = month.by_backtest(questions, file)
    questions.close()
    assert month.by_engine(store, file, incidents) == listed
    # Each of them is paged for, and so the rules are put to the test.
    for one in incidents:
        first, last = ((edge - month.WINDOW.start) / MINUTE for edge in (one.start, one.end))
        assert any(api == one.api and first < fired < last + 5 for _, api, _, fired, _ in listed), (one, listed)
