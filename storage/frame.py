"""The result of a SELECT as a frame."""

from collections.abc import Sequence
from typing import Any

import pandas as pd
from clickhouse_connect.driver.client import Client

from storage.column_names import ColumnNames


def frame_of(
    client: Client, sql: str, parameters: dict[str, Any], columns: Sequence[str], known: ColumnNames
) -> pd.DataFrame:
    """A column per column. An answer without rows has these `columns`, or what is `known` of the statement's."""
    found = client.query_df(sql, parameters=parameters)
    if not found.columns.empty:
        return found

    def describe() -> list[str]:
        described = client.query(f"DESCRIBE TABLE (\n{sql}\n)", parameters=parameters).result_rows
        return [name for name, *_ in described]

    # An answer without rows comes without columns too.
    return pd.DataFrame(columns=list(columns) or known.of(sql, describe))
