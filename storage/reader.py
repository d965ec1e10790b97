"""Queries from people: checked by the guard, run read-only and within limits."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from storage.errors import QueryRefused, StoreError
from storage.faults import for_people
from storage.guard import Catalogue, Guard, QueryLimits
from storage.memory_budget import DEFAULT_BUDGET, MemoryBudget
from storage.store import Store
from storage.untrusted_text import bytes_for_terminal, csv_for_spreadsheet, is_text, valid_utf8

# ClickHouse's names for the formats that people ask for.
OUTPUT_FORMATS = {
    "table": "PrettyCompactNoEscapes",
    "csv": "CSVWithNames",
    "csv_raw": "CSVWithNames",
    "json": "JSON",
    "jsonl": "JSONEachRow",
    "parquet": "Parquet",
}

# ClickHouse looks at its limit of time between blocks, and not within a function.
_SECONDS_TO_STOP = 10

_COLUMNS = """
SELECT DISTINCT name FROM system.columns
WHERE database = currentDatabase()
    OR (database = 'system' AND table IN ('parts', 'columns', 'tables', 'functions', 'one', 'numbers'))
"""


# Formats whose readers take some text for commands, or nothing but text.
_PRESENTED: Mapping[str, Callable[[bytes], bytes]] = {
    "table": bytes_for_terminal,
    "csv": csv_for_spreadsheet,
    "json": valid_utf8,
    "jsonl": valid_utf8,
}


@dataclass(frozen=True)
class Reader:
    """Runs one statement of a person's at a time."""

    store: Store
    guard: Guard
    limits: QueryLimits

    def run(self, sql: str, output_format: str) -> bytes:
        """The result in one of OUTPUT_FORMATS. Raises QueryRefused, QueryLimitExceeded or QueryFailed."""
        name = OUTPUT_FORMATS.get(output_format)
        if name is None:
            raise QueryRefused(f"Format {output_format!r} is not known; use one of {', '.join(OUTPUT_FORMATS)}.")
        if not is_text(sql):
            raise QueryRefused("The query holds half of a surrogate pair, which is no Unicode text; remove it.")
        statement = self.guard.check(self.store, sql)
        try:
            answer = self.store.read_only(
                statement, name, self.limits.settings(), self.limits.max_seconds + _SECONDS_TO_STOP
            )
        except StoreError as error:
            raise for_people(error) from error.__cause__
        return _PRESENTED.get(output_format, bytes)(answer)


def reader(
    store: Store, memory: MemoryBudget = DEFAULT_BUDGET, max_seconds: int = 30, max_concurrent: int = 2
) -> Reader:
    """A reader of every table and view of the store's database."""
    return Reader(
        store.apart(max_concurrent, seconds=max_seconds, readers=max_concurrent),
        Guard(catalogue(store)),
        QueryLimits(max_seconds=max_seconds, max_memory_bytes=memory.query),
    )


def catalogue(store: Store) -> Catalogue:
    """What there is to name in the store, and what the engine has."""
    own = [name for (name,) in store.rows("SELECT lower(name) FROM system.functions WHERE origin = 'SQLUserDefined'")]
    engine = store.parse("SELECT lower(name), higher_order FROM system.functions WHERE origin != 'SQLUserDefined'")
    return Catalogue(
        tables=[name for (name,) in store.rows("SELECT name FROM system.tables WHERE database = currentDatabase()")],
        columns=[name for (name,) in store.rows(_COLUMNS)],
        own_functions=own,
        engine_functions=[name for name, _ in engine],
        higher_order_functions=[name for name, takes_functions in engine if takes_functions],
    )
