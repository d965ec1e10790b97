"""What people may ask: one reading statement over our tables, with functions that touch nothing else.

The engine's own parser decides, never a pattern over the text. `formatQuerySingleLine` gets the text as data
and returns the one statement in it, without comments; `EXPLAIN AST` of that tells every table, function and
clause. Whatever is not known to be harmless is refused (docs/decisions/0003-query-guard.md).
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Protocol

from storage.errors import QueryFailed, QueryRefused


class Engine(Protocol):
    """What the guard asks ClickHouse."""

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """The result of a SELECT."""

    def explain(self, sql: str) -> list[str]:
        """The lines that an EXPLAIN returns."""


_MAX_LENGTH = 64 << 10

_SYSTEM_TABLES = frozenset(f"system.{name}" for name in ("parts", "columns", "tables", "functions", "one", "numbers"))
_TABLE_FUNCTIONS = frozenset({"numbers", "zeros", "values", "generateseries", "generate_series"})
_NODES = frozenset(
    {
        "ArrayJoin", "Asterisk", "ColumnsExceptTransformer", "ColumnsListMatcher", "ColumnsRegexpMatcher",
        "ColumnsReplaceTransformer", "ColumnsReplaceTransformer::Replacement", "ColumnsTransformerList",
        "ExpressionList", "Function", "Identifier", "InterpolateElement", "Literal", "OrderByElement",
        "QualifiedAsterisk", "QualifiedColumnsListMatcher", "SampleRatio", "SelectIntersectExceptQuery",
        "SelectQuery", "SelectWithUnionQuery", "Subquery", "TableExpression", "TableIdentifier", "TableJoin",
        "TablesInSelectQuery", "TablesInSelectQueryElement", "WindowDefinition", "WindowListElement",
        "WithElement",
    }
)  # fmt: skip
# What an aggregate function's name may end with, https://clickhouse.com/docs/sql-reference/aggregate-functions/combinators
_COMBINATOR = re.compile(
    "(If|Array|Map|State|Merge|MergeState|SimpleState|ForEach|Distinct|OrDefault|OrNull|Resample|ArgMin|ArgMax)$",
    re.I,
)
# EXPLAIN AST is none of them: it would explain the output format too, instead of answering in it.
_EXPLAIN = re.compile(r"^EXPLAIN(?: (?:SYNTAX|PLAN|PIPELINE|QUERY TREE))? (?=SELECT|WITH|\()", re.I)
_NAME = r"`?(?P<name>\w+)`?"
_DESCRIPTIONS = (
    re.compile(rf"^DESCRIBE(?: TABLE)? {_NAME}$", re.I),
    re.compile(rf"^SHOW CREATE(?: TABLE| VIEW)? {_NAME}$", re.I),
    re.compile(rf"^SHOW(?: FULL)? COLUMNS FROM {_NAME}$", re.I),
)
_LISTS = re.compile(r"^SHOW (TABLES|FUNCTIONS)$", re.I)
_ROW = re.compile(
    r"^(?P<indent> *)(?P<kind>[A-Za-z:]+)(?: (?P<detail>.*?))?(?: \(alias .*\))?(?: \(children \d+\))?$", re.S
)


@dataclass(frozen=True)
class QueryLimits:
    """How much one query of a person's may take."""

    max_seconds: int = 30
    max_memory_bytes: int = 1 << 30
    max_rows_to_read: int = 2_000_000_000
    max_result_rows: int = 100_000
    max_result_bytes: int = 256 << 20

    def settings(self) -> dict[str, str | int]:
        """ClickHouse's settings for them; `readonly` last, as it forbids to change any."""
        return {
            "max_execution_time": self.max_seconds,
            "timeout_before_checking_execution_speed": 0,
            "max_memory_usage": self.max_memory_bytes,
            "max_rows_to_read": self.max_rows_to_read,
            "read_overflow_mode": "throw",
            "max_result_rows": self.max_result_rows,
            "max_result_bytes": self.max_result_bytes,
            "result_overflow_mode": "throw",
            "readonly": 1,
        }


class Guard:
    """Decides over statements; knows the tables that may be read and the SQL functions that we made."""

    def __init__(self, tables: Collection[str], functions: Collection[str], databases: Collection[str]) -> None:
        self._tables = frozenset(tables)
        self._functions = _allowed("guard_functions") | {name.lower() for name in functions}
        self._aggregates = _allowed("guard_aggregates")
        self._databases = frozenset(name.lower() for name in databases)

    def check(self, engine: Engine, sql: str) -> str:
        """The one harmless statement in a text, in the engine's own spelling.

        Raises QueryRefused with the reason, QueryFailed where the text is not SQL.
        """
        if len(sql) > _MAX_LENGTH:
            raise QueryRefused(f"The query is longer than {_MAX_LENGTH} characters; make it shorter.")
        if "\0" in sql:
            raise QueryRefused("The query holds a NUL character; remove it.")
        statement = self._canonical(engine, sql)
        if _LISTS.match(statement) or self._describes(statement):
            return statement
        selecting = _EXPLAIN.sub("", statement)
        self._check_select(engine.explain(f"EXPLAIN AST {selecting}"))
        return statement

    @staticmethod
    def _canonical(engine: Engine, sql: str) -> str:
        escaped = sql.replace("\\", "\\\\").replace("'", "\\'")
        try:
            return str(engine.rows(f"SELECT formatQuerySingleLine('{escaped}')")[0][0]).strip()
        except QueryFailed as error:
            if "Multi-statements" in str(error):
                raise QueryRefused("Only one statement may be run; remove what follows the semicolon.") from None
            raise QueryFailed(str(error).partition(": In scope")[0]) from None

    def _describes(self, statement: str) -> bool:
        return any((found := form.match(statement)) and found["name"] in self._tables for form in _DESCRIPTIONS)

    def _check_select(self, rows: Sequence[str]) -> None:
        if not rows or not rows[0].startswith("SelectWithUnionQuery"):
            raise QueryRefused(
                "Only SELECT, WITH, EXPLAIN of these, SHOW TABLES, SHOW COLUMNS and DESCRIBE of our tables may be run."
            )
        parents: list[str] = []
        for number, row in enumerate(rows):
            found = _ROW.match(row)
            if found is None:
                raise QueryRefused("The query has a part that the guard does not know; write it more simply.")
            depth, kind, detail = len(found["indent"]), found["kind"], found["detail"] or ""
            del parents[depth:]
            if depth == 1 and kind != "ExpressionList":
                raise QueryRefused(
                    "INTO OUTFILE, FORMAT and SETTINGS may not be used; choose the format outside the query."
                )
            if depth == 0 and number > 0:
                raise QueryRefused("Only one statement may be run.")
            self._check_node(kind, detail, parents)
            parents.append(kind)

    def _check_node(self, kind: str, detail: str, parents: Sequence[str]) -> None:
        if kind == "Set":
            raise QueryRefused("SETTINGS may not be used; the limits of queries are set by Gatelens.")
        if kind not in _NODES:
            raise QueryRefused(f"{kind} may not be used in a query; write it without.")
        if kind == "Function":
            self._check_function(detail, in_from=bool(parents) and parents[-1] == "TableExpression")
        elif kind == "TableIdentifier":
            self._check_table(detail)
        elif kind == "Identifier":
            self._check_identifier(detail)

    def _check_function(self, name: str, *, in_from: bool) -> None:
        lowered = name.lower()
        if in_from:
            if lowered not in _TABLE_FUNCTIONS:
                raise QueryRefused(f"The table function {name} may not be used; read from our tables.")
            return
        if lowered in self._functions:
            return
        while lowered not in self._aggregates:
            shorter = _COMBINATOR.sub("", lowered)
            if shorter == lowered:
                raise QueryRefused(f"The function {name} may not be used in a query; docs/sql.md tells which may.")
            lowered = shorter

    def _check_table(self, name: str) -> None:
        # A name without a database is one of ours, or of the query's own WITH.
        if "." in name and name not in _SYSTEM_TABLES:
            raise QueryRefused(f"The table {name} may not be read; SHOW TABLES tells which may.")

    def _check_identifier(self, name: str) -> None:
        # After IN, the name of a table is an identifier like a column's.
        database, dot, _ = name.partition(".")
        if dot and database.lower() in self._databases and name not in _SYSTEM_TABLES:
            raise QueryRefused(f"{name} may not be read; SHOW TABLES tells what may.")


@cache
def _allowed(name: str) -> frozenset[str]:
    text = files("storage").joinpath(f"{name}.txt").read_text(encoding="utf-8")
    return frozenset(line.lower() for line in text.split())
