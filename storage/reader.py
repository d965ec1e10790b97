"""Queries from people: checked by the guard, run read-only and within limits."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from storage.errors import QueryRefused, StoreError
from storage.faults import for_people
from storage.guard import Catalogue, Guard, QueryLimits
from storage.memory_budget import DEFAULT_BUDGET, MemoryBudget
from storage.settings import Settings
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

    def apart(self, max_concurrent: int) -> "Reader":
        """Another for the same tables, whose statements wait for none of this one's."""
        seconds = self.limits.max_seconds
        return replace(self, store=self.store.apart(max_concurrent, seconds=seconds, readers=max_concurrent))

    def run(self, sql: str, output_format: str, mark: str = "") -> bytes:
        """The result in one of OUTPUT_FORMATS; `stop` finds the query by its mark, letters and digits.

        Raises QueryRefused, QueryLimitExceeded, QueryStopped or QueryFailed.
        """
        name = OUTPUT_FORMATS.get(output_format)
        if name is None:
            raise QueryRefused(f"Format {output_format!r} is not known; use one of {', '.join(OUTPUT_FORMATS)}.")
        answer = self._ask(self._checked(sql), name, self.limits.settings(), mark)
        return _PRESENTED.get(output_format, bytes)(answer)

    def first(self, sql: str, rows: int, mark: str = "") -> bytes:
        """The first rows of a result as ClickHouse's JSONCompact, of a plan all; raises as `run` does."""
        statement = self._checked(sql)
        # Where a plan is asked for, the limit would be part of it.
        limit = {} if statement.startswith("EXPLAIN") else {"limit": rows}
        # `readonly` comes last, as it forbids to set any.
        settings = {**limit, "output_format_json_quote_denormals": 1, **self.limits.settings()}
        return valid_utf8(self._ask(statement, "JSONCompact", settings, mark))

    def stop(self, mark: str) -> None:
        """End the query of this mark where it runs; it raises QueryStopped."""
        self.store.stop_reading(_comment(mark))

    def _checked(self, sql: str) -> str:
        if not is_text(sql):
            raise QueryRefused("The query holds half of a surrogate pair, which is no Unicode text; remove it.")
        return self.guard.check(self.store, sql)

    def _ask(self, statement: str, output_format: str, settings: Settings, mark: str) -> bytes:
        marked = f"{_comment(mark)}{statement}" if mark else statement
        seconds = self.limits.max_seconds + _SECONDS_TO_STOP
        try:
            return self.store.read_only(marked, output_format, settings, seconds)
        except StoreError as error:
            raise for_people(error) from error.__cause__


# What people must not read, whatever they may ask: addresses and keys of receivers.
_SECRET = ("alert_receivers",)


def _comment(mark: str) -> str:
    return f"/* {mark} */ "


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
        tables=[
            name
            for (name,) in store.rows("SELECT name FROM system.tables WHERE database = currentDatabase()")
            if name not in _SECRET
        ],
        columns=[name for (name,) in store.rows(_COLUMNS)],
        own_functions=own,
        engine_functions=[name for name, _ in engine],
        higher_order_functions=[name for name, takes_functions in engine if takes_functions],
    )
