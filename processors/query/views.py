"""Statements without their views.

ClickHouse takes longer to plan a view of ours, which is as wide as its table, than the view's condition in its place.
On the way into a view `indexHint` is lost, and columns that only the first rows need are read of all.
"""

import re

from storage.store import Store

# How our statements read of a view.
_SOURCE = re.compile(r"FROM (?P<view>\w+) AS seen\n(?P<indent> *)WHERE ")
# As ClickHouse keeps a view that leaves out rows of one table, and perhaps a column that nobody asks for.
_ROWS_OF_A_TABLE = re.compile(
    r"SELECT \*(?: EXCEPT \(?\w+\)?)? FROM (?P<table>[\w.`]+) WHERE (?P<condition>.+)", re.DOTALL
)


def without_views(store: Store, sql: str) -> str:
    """The statement with its table and condition in place of each view that has no more than these."""

    def source(found: re.Match[str]) -> str:
        view = _ROWS_OF_A_TABLE.fullmatch(store.view_definitions.get(found["view"], ""))
        if view is None:
            return found[0]
        return f"FROM {view['table']} AS seen\n{found['indent']}WHERE ({view['condition']}) AND "

    return _SOURCE.sub(source, sql)
