"""The ClickHouse of a data directory that no process owns, opened by a command itself."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gatelens.configuration.config import Config, load_config
from gatelens.data_directory.directory import DataDirectory
from gatelens.data_directory.private_directory import private_files
from gatelens.machine.descriptors import raise_descriptor_limit
from gatelens.machine.memory import memory_budget
from storage.errors import GatelensError
from storage.full_disk import full_disk_explained
from storage.migrate import migrate
from storage.store import Store, connect


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
        store = connect(
            dsn or f"chdb://{directory.clickhouse}",
            memory_budget(config.memory),
            reader_dsn=config.storage.reader_dsn,
        )
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
