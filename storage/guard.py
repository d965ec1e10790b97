"""What people may ask: one reading statement over our tables, with functions that touch nothing else.

The engine's own parser decides, never a pattern over the text. It spells the one statement in a text canonically,
without comments, and gives its syntax tree, which storage/guard_tree.py judges: whatever is not known to be harmless
is refused (docs/decisions/0003-query-guard.md).
"""

import json
import re
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Protocol

from storage.errors import QueryFailed, QueryRefused
from storage.guard_tree import ONLY_READS, Names, Tree


class Parser(Protocol):
    """ClickHouse's parser."""

    def parse(self, sql: str) -> list[tuple[Any, ...]]:
        """The result of a SELECT that reads no table."""


_MAX_LENGTH = 64 << 10

# What an aggregate function's name may end with, https://clickhouse.com/docs/sql-reference/aggregate-functions/combinators
_COMBINATOR = re.compile(
    "(If|Array|Map|State|Merge|MergeState|SimpleState|ForEach|Distinct|OrDefault|OrNull|Resample|ArgMin|ArgMax)$",
    re.I,
)
_NAME = r"`?(?P<name>\w+)`?"
_DESCRIPTIONS = (
    re.compile(rf"^DESCRIBE(?: TABLE)? {_NAME}$", re.I),
    re.compile(rf"^SHOW CREATE(?: TABLE| VIEW)? {_NAME}$", re.I),
    re.compile(rf"^SHOW(?: FULL)? COLUMNS FROM {_NAME}$", re.I),
)
_LISTS = re.compile(r"^SHOW (TABLES|FUNCTIONS)$", re.I)


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
            # It multiplies the alternatives of a JOIN's condition out: forty pairs of them take all memory, whatever
            # the limits are, and no query that the usual planning refuses was found to need it.
            "allow_general_join_planning": 0,
            "readonly": 1,
        }


@dataclass(frozen=True)
class Catalogue:
    """What there is to name in a statement; names of functions in lower case."""

    tables: Collection[str]
    columns: Collection[str]
    own_functions: Collection[str]
    engine_functions: Collection[str]
    higher_order_functions: Collection[str]


class Guard:
    """Decides over statements; knows the tables that may be read and the SQL functions that we made."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._tables = frozenset(catalogue.tables)
        self._functions = _allowed("guard_functions") | frozenset(catalogue.own_functions)
        self._aggregates = _allowed("guard_aggregates")
        self._engine_functions = frozenset(catalogue.engine_functions)
        self.names = Names(
            tables=self._tables,
            columns=frozenset(catalogue.columns),
            # The body of a function of ours may hand an argument on to one of the engine's.
            take_functions=frozenset({*catalogue.higher_order_functions, *catalogue.own_functions, "lambda"}),
            may_be_called=self._may_be_called,
            is_function=self._is_function,
        )

    def check(self, parser: Parser, sql: str) -> str:
        """The one harmless statement in a text, in the engine's own spelling.

        Raises QueryRefused with the reason, QueryFailed where the text is not SQL.
        """
        if len(sql) > _MAX_LENGTH:
            raise QueryRefused(f"The query is longer than {_MAX_LENGTH} characters; make it shorter.")
        if "\0" in sql:
            raise QueryRefused("The query holds a NUL character; remove it.")
        statement = self._canonical(parser, sql)
        if _LISTS.match(statement) or self._describes(statement):
            return statement
        return self._judged(parser, statement)

    @staticmethod
    def _canonical(parser: Parser, sql: str) -> str:
        try:
            return str(parser.parse(f"SELECT formatQuerySingleLine({_quoted(sql)})")[0][0]).strip()
        except QueryFailed as error:
            if "Multi-statements" in str(error):
                raise QueryRefused("Only one statement may be run; remove what follows the semicolon.") from None
            raise QueryFailed(str(error).partition(": In scope")[0]) from None

    def _describes(self, statement: str) -> bool:
        return any((found := form.match(statement)) and found["name"] in self._tables for form in _DESCRIPTIONS)

    def _judged(self, parser: Parser, statement: str) -> str:
        try:
            parsed, spelled = parser.parse(
                f"SELECT parseQueryToJSON({_quoted(statement)}) AS tree, formatQueryFromJSON(tree)"
            )[0]
            Tree(self.names).check(json.loads(parsed))
        except QueryFailed as error:
            raise QueryRefused(ONLY_READS if "not supported by parseQueryToJSON" in str(error) else _TOO_DEEP) from None
        except RecursionError:
            raise QueryRefused(_TOO_DEEP) from None
        if _essence(spelled) != _essence(statement):
            raise QueryRefused("The query has a part that the guard does not know; write it more simply.")
        # Spelled after the tree, so that what is judged is what is run.
        return str(spelled)

    def _is_function(self, name: str) -> bool:
        return bool(self._engine_functions & {name.lower(), *_without_combinators(name.lower())})

    def _may_be_called(self, name: str) -> bool:
        lowered = name.lower()
        if lowered in self._functions:
            return True
        return bool(self._aggregates & {lowered, *_without_combinators(lowered)})


_TOO_DEEP = "The query is nested too deeply for the guard to read; write it more simply."
# Where a bracket is superfluous, the spelling after the tree goes without.
_SUPERFLUOUS = str.maketrans("", "", "() ")


def _essence(statement: str) -> str:
    return statement.translate(_SUPERFLUOUS)


def _without_combinators(name: str) -> list[str]:
    """The names that remain of an aggregate function's as its combinators are taken off, one after another."""
    remaining = []
    while (shorter := _COMBINATOR.sub("", name)) != name:
        remaining.append(shorter)
        name = shorter
    return remaining


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def callable_functions() -> list[str]:
    """What a statement may call, as ClickHouse spells it; not the functions that we made, nor combinators."""
    return [*_listed("guard_functions"), *_listed("guard_aggregates")]


@cache
def _allowed(name: str) -> frozenset[str]:
    return frozenset(line.lower() for line in _listed(name))


def _listed(name: str) -> list[str]:
    return files("storage").joinpath(f"{name}.txt").read_text(encoding="utf-8").split()
