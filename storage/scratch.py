"""ClickHouse without tables: the rows that a statement makes of a file, without storing them."""

import json
from pathlib import Path
from typing import Any

from storage.engine import parser
from storage.errors import QueryFailed
from storage.long_statement import answer
from storage.settings import Settings, clause
from storage.store import Store


def scratch_rows(select: str, format_schema: Path) -> list[dict[str, Any]]:
    """The rows of a transform, by column; raises QueryFailed where the file cannot be read."""
    settings = {**_reading(format_schema), "output_format_json_quote_64bit_integers": 0}
    engine = parser()
    try:
        found = answer(engine, f"{select}\nSETTINGS {clause(settings)}", "JSONEachRow")
    except RuntimeError as error:
        raise QueryFailed(f"ClickHouse cannot read it: {str(error).splitlines()[0]}") from error
    finally:
        engine.close()
    # What is kept as it came may be no text.
    return [json.loads(line) for line in found.decode(errors="replace").split("\n") if line]


def rows_of_files(store: Store, select: str, format_schema: Path) -> list[tuple[Any, ...]]:
    """The same as tuples, in a store's engine and within the memory of a load; raises QueryMemoryExceeded too."""
    settings = {**_reading(format_schema), "max_memory_usage": store.load_memory}
    return store.parse(f"{select}\nSETTINGS {clause(settings)}")


def _reading(format_schema: Path) -> Settings:
    return {
        "format_schema": f"{format_schema}:Payload",
        "max_threads": 1,
        "extract_key_value_pairs_max_pairs_per_row": 1_000_000_000,
    }
