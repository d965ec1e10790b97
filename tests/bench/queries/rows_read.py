"""How many rows ClickHouse expects to read for a question."""

from collections.abc import Iterable
from datetime import datetime

from processors.query.planner import plan
from processors.query.question import Question
from processors.query.statement import statement
from processors.rollups.coverage import Coverage
from storage.store import Store


def rows_read(store: Store, coverage: Coverage, now: datetime, asked: Iterable[Question]) -> dict[str, int]:
    """By table, rows of the granules that are not skipped, all questions together."""
    found: dict[str, int] = {}
    covered = coverage()
    for question in asked:
        asked_for = statement(question, plan(question, covered), None, now)
        for _, table, _, rows, _ in store.rows(f"EXPLAIN ESTIMATE {asked_for.sql}", asked_for.parameters):
            found[table] = found.get(table, 0) + int(rows)
    return found
