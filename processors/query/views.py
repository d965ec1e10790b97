"""Statements without their views.

ClickHouse takes longer to plan a view of ours, which is as wide as its table, than the view's condition in its place.
"""

import re
from collections.abc import Mapping
from functools import cached_property

from storage.store import Store

# How `processors.query.part` reads of a view.
_SOURCE = re.compile(r"FROM (?P<view>\w+) AS seen\n(?P<indent> *)WHERE ")
# As ClickHouse keeps a view that leaves out rows of one table, and perhaps a column that nobody asks for.
_ROWS_OF_A_TABLE = re.compile(
    r"SELECT \*(?: EXCEPT \(?\w+\)?)? FROM (?P<table>[\w.`]+) WHERE (?P<condition>.+)", re.DOTALL
)
_DEFINITIONS = """
    SELECT name, as_select FROM system.tables WHERE database = currentDatabase() AND engine = 'View'
"""


class Views:
    """The views of a store, whose definitions are those of its migrations; safe to use from many threads."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def replaced(self, sql: str) -> str:
        """The statement with its table and condition in place of each view that has no more than these."""

        def source(found: re.Match[str]) -> str:
            view = self._tables.get(found["view"])
            if view is None:
                return found[0]
            table, condition = view
            return f"FROM {table} AS seen\n{found['indent']}WHERE ({condition}) AND "

        return _SOURCE.sub(source, sql)

    @cached_property
    def _tables(self) -> Mapping[str, tuple[str, str]]:
        """By view, its table and its condition."""
        rows = self._store.rows(_DEFINITIONS)
        found = ((name, _ROWS_OF_A_TABLE.fullmatch(select)) for name, select in rows)
        return {name: (view["table"], view["condition"]) for name, view in found if view is not None}
