"""Statements that are longer than ClickHouse reads as a rule: names and kinds that are looked up stand in them."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from clickhouse_connect.driver.client import Client

from storage.settings import clause

if TYPE_CHECKING:
    from chdb.state.sqlitelike import Connection

# Below ClickHouse's own limit of 256 KiB, in characters of up to four bytes.
_LONG = 64 << 10
_SETTINGS = {"max_query_size": 64 << 20}
# It cannot be set in the statement that it is to hold for.
_ALLOW = f"SET {clause(_SETTINGS)}"


def command(client: Client, sql: str, parameters: Mapping[str, Any] | None = None, *, embedded: bool) -> None:
    """Run a statement however long it is; on an embedded engine the handle takes long ones from then on.

    A server forgets what is SET with the request, and takes settings beside the statement.
    """
    if len(sql) > _LONG and embedded:
        client.command(_ALLOW)
    settings = _SETTINGS if len(sql) > _LONG and not embedded else None
    client.command(sql, parameters=dict(parameters or {}), settings=settings)


def answer(parser: "Connection", sql: str, output_format: str) -> bytes:
    """The result of a statement by an engine that holds nothing, however long it is."""
    if len(sql) > _LONG:
        parser.query(_ALLOW)
    return bytes(parser.query(sql, output_format).bytes())
