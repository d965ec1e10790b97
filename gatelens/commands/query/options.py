"""The options of `gatelens query`."""

import sys
from enum import StrEnum
from typing import Annotated

import typer

from gatelens.commands.data_option import DEFAULT_DATA, Data


class OutputFormat(StrEnum):
    """What `gatelens query` prints."""

    table = "table"
    csv = "csv"
    csv_raw = "csv_raw"
    json = "json"
    jsonl = "jsonl"
    parquet = "parquet"


def query(
    sql: Annotated[str, typer.Argument(help="One SELECT, WITH, EXPLAIN, SHOW or DESCRIBE; docs/sql.md.")],
    output_format: Annotated[OutputFormat, typer.Option("--format", help="What to print.")] = OutputFormat.table,
    data: Data = DEFAULT_DATA,
) -> None:
    """Run a read-only query and print its result."""
    from gatelens.commands.query.command import run_query  # noqa: PLC0415 - keeps --help quick

    sys.stdout.buffer.write(run_query(sql, output_format.value, data))
