"""What the commands do that need a data directory: through the process that owns it, or by opening it themselves."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from gatelens.config import Config, load_config
from gatelens.data_directory import DataDirectory, running_process
from gatelens.descriptors import raise_descriptor_limit
from gatelens.local_access import local_client
from gatelens.memory import memory_budget
from gatelens.private_directory import private_files
from storage.errors import GatelensError, QueryRefused
from storage.full_disk import full_disk_explained
from storage.migrate import migrate
from storage.reader import reader
from storage.store import Store, connect

_QUERY_SECONDS = 120


def run_query(sql: str, output_format: str, data: Path) -> bytes:
    """The result of a read-only query as bytes in a format. Raises StoreError."""
    if not sql.strip():
        raise QueryRefused("The query is empty; give one SELECT, WITH, EXPLAIN, SHOW or DESCRIBE.")
    process = running_process(data)
    if process is None:
        with own_store(data) as store:
            return reader(store).run(sql, output_format)
    try:
        with local_client(data, process, _QUERY_SECONDS) as client:
            answer = client.post(f"{process.web}/api/v1/query", json={"sql": sql, "format": output_format})
    except httpx.HTTPError as error:
        raise GatelensError(f"The running Gatelens at {process.web} does not answer: {error}. Try again.") from error
    if answer.is_error:
        raise GatelensError(refusal(answer))
    return answer.content


def run_migrations(config: Config, data: Path) -> list[str]:
    """Apply what is missing; returns the names of the migrations."""
    directory = DataDirectory(data)
    with acquired(directory):
        store = connect(config.storage.dsn or f"chdb://{directory.clickhouse}", memory_budget(config.memory))
        try:
            return [migration.name for migration in migrate(store)]
        finally:
            store.close()


@contextmanager
def own_store(data: Path) -> Iterator[Store]:
    """The ClickHouse of the data directory, or of the environment's GATELENS_STORAGE__DSN, opened in this process."""
    directory = DataDirectory(data)
    config = load_config(None)
    dsn = config.storage.dsn
    if not dsn and not directory.clickhouse.exists():
        raise GatelensError(f"{data} holds no data; give the directory of `gatelens up` with --data.")
    with acquired(directory):
        store = connect(dsn or f"chdb://{directory.clickhouse}", memory_budget(config.memory))
        try:
            migrate(store)
            yield store
        finally:
            store.close()


@contextmanager
def acquired(directory: DataDirectory) -> Iterator[None]:
    """Own a data directory from entry to exit, and make no files in it that others may read."""
    raise_descriptor_limit()
    with private_files(), full_disk_explained(directory.path):
        directory.acquire()
        try:
            yield
        finally:
            directory.release()


def refusal(answer: httpx.Response) -> str:
    """What the running process said when it refused."""
    try:
        return str(answer.json()["error"])
    except (ValueError, KeyError):
        return f"The running Gatelens answered {answer.status_code}: {answer.text[:200]}"
