"""ClickHouse without tables: what a statement makes of a file, of which nothing is kept."""

import json
from pathlib import Path
from typing import Any

from storage.engine import parser
from storage.errors import QueryFailed
from storage.settings import Settings, clause


def scratch_rows(select: str, format_schema: Path) -> list[dict[str, Any]]:
    """The rows of a transform, by column; raises QueryFailed where the file cannot be read."""
    settings: Settings = {
        "format_schema": f"{format_schema}:Payload",
        "max_threads": 1,
        "output_format_json_quote_64bit_integers": 0,
        "extract_key_value_pairs_max_pairs_per_row": 1_000_000_000,
    }
    engine = parser()
    try:
        found = bytes(engine.query(f"{select}\nSETTINGS {clause(settings)}", "JSONEachRow").bytes())
    except RuntimeError as error:
        raise QueryFailed(f"ClickHouse cannot read it: {str(error).splitlines()[0]}") from error
    finally:
        engine.close()
    # What is kept as it came may be no text.
    return [json.loads(line) for line in found.decode(errors="replace").split("\n") if line]
