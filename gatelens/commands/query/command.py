"""What `gatelens query` does: through the running process, or by opening the data directory."""

from pathlib import Path

from gatelens.data_directory.directory import running_process
from gatelens.data_directory.local_access import ask_process
from storage.errors import QueryRefused

_QUERY_SECONDS = 120


def run_query(sql: str, output_format: str, data: Path) -> bytes:
    """The result of a read-only query as bytes in a format. Raises StoreError."""
    if not sql.strip():
        raise QueryRefused("The query is empty; give one SELECT, WITH, EXPLAIN, SHOW or DESCRIBE.")
    process = running_process(data)
    if process is not None:
        body = {"sql": sql, "format": output_format}
        return ask_process(data, process, "POST", "/api/v1/query", _QUERY_SECONDS, body=body).content
    return _own(sql, output_format, data)


def _own(sql: str, output_format: str, data: Path) -> bytes:
    from gatelens.data_directory.own_store import own_store  # noqa: PLC0415 - a running process is asked without an engine of our own
    from storage.reader import reader  # noqa: PLC0415

    with own_store(data) as store:
        return reader(store).run(sql, output_format)
