"""Statements read tables in place of views, and find the same."""

import pytest

from processors.query.tables import HANDLED, TABLES
from processors.query.views import without_views
from storage.store import Store

_TABLES = {table.view: table.name for table in (*TABLES, *HANDLED) if table.view != table.name}


@pytest.mark.parametrize("view", _TABLES)
def test_every_view_of_questions_is_replaced(store: Store, view: str) -> None:
    replaced = without_views(store, f"SELECT count()\nFROM {view} AS seen\nWHERE seen.api != ''")
    assert f".{_TABLES[view]} AS seen\nWHERE (" in replaced
    assert view not in replaced
    assert replaced.endswith(") AND seen.api != ''")


def test_the_same_rows_are_left_out(store: Store) -> None:
    rows = ", ".join(f"(now(), 'test-views', 'orders', '{reporter}')" for reporter in ("source", "destination"))
    store.command(f"INSERT INTO requests (time, environment, api, reporter) VALUES {rows}")
    for view in ("usage_requests", "usage_1m", "usage_1h"):
        sql = f"SELECT seen.reporter\nFROM {view} AS seen\nWHERE seen.environment = 'test-views'"
        assert store.rows(without_views(store, sql)) == store.rows(sql) == [("destination",)]


def test_what_is_no_view_stays(store: Store) -> None:
    sql = "SELECT 1\nFROM requests AS seen\nWHERE 1"
    assert without_views(store, sql) == sql
