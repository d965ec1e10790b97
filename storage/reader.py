"""Queries from people: checked by the guard, run read-only and within limits."""

from dataclasses import dataclass

from storage.errors import QueryRefused
from storage.guard import Guard, QueryLimits
from storage.memory_budget import DEFAULT_BUDGET, MemoryBudget
from storage.store import Store

# ClickHouse's names for the formats that people ask for.
OUTPUT_FORMATS = {
    "table": "PrettyCompactNoEscapes",
    "csv": "CSVWithNames",
    "json": "JSON",
    "jsonl": "JSONEachRow",
    "parquet": "Parquet",
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
        statement = self.guard.check(self.store, sql)
        return self.store.read_only(statement, name, self.limits.settings())


def reader(store: Store, memory: MemoryBudget = DEFAULT_BUDGET) -> Reader:
    """A reader of every table and view of the store's database."""
    tables = [name for (name,) in store.rows("SELECT name FROM system.tables WHERE database = currentDatabase()")]
    functions = [name for (name,) in store.rows("SELECT name FROM system.functions WHERE origin = 'SQLUserDefined'")]
    databases = [name for (name,) in store.rows("SELECT name FROM system.databases")]
    return Reader(store, Guard(tables, functions, databases), QueryLimits(max_memory_bytes=memory.query))
