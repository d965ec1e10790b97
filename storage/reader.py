"""Queries from people: checked by the guard, run read-only and within limits."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from storage.errors import QueryRefused
from storage.guard import Guard, QueryLimits
from storage.store import Store
from storage.untrusted_text import bytes_for_terminal, csv_for_spreadsheet, is_text

# ClickHouse's names for the formats that people ask for.
OUTPUT_FORMATS = {
    "table": "PrettyCompactNoEscapes",
    "csv": "CSVWithNames",
    "csv_raw": "CSVWithNames",
    "json": "JSON",
    "jsonl": "JSONEachRow",
    "parquet": "Parquet",
}


# Formats whose readers take some text for commands.
_PRESENTED: Mapping[str, Callable[[bytes], bytes]] = {
    "table": bytes_for_terminal,
    "csv": csv_for_spreadsheet,
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
        answer = self.store.read_only(statement, name, self.limits.settings())
        return _PRESENTED.get(output_format, bytes)(answer)


def reader(store: Store) -> Reader:
    """A reader of every table and view of the store's database."""
    tables = [name for (name,) in store.rows("SELECT name FROM system.tables WHERE database = currentDatabase()")]
    functions = [name for (name,) in store.rows("SELECT name FROM system.functions WHERE origin = 'SQLUserDefined'")]
    databases = [name for (name,) in store.rows("SELECT name FROM system.databases")]
    return Reader(store, Guard(tables, functions, databases), QueryLimits())
