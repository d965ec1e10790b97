"""What the commands do that need a data directory: through the process that owns it, or by opening it themselves."""

import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from opentelemetry.metrics import NoOpMeter
from rich.progress import Progress

from collector.importer import BlockSink, ImportSummary, import_file
from collector.path_text import text_of
from collector.spool.spool import Spool
from collector.telemetry import CollectorMetrics
from collector.transforms.formats import light
from collector.writer import Writer
from gatelens.block_sinks import HttpSink, SpoolSink
from gatelens.config import Config, load_config
from gatelens.data_directory import Addresses, DataDirectory, running_process
from storage.errors import GatelensError, QueryRefused
from storage.migrate import migrate
from storage.reader import reader
from storage.store import Store, connect

_QUERY_SECONDS = 120


@dataclass(frozen=True)
class Import:
    """What to import; `again` stores what is stored already once more."""

    files: Sequence[Path]
    format: str = ""
    environment: str = ""
    gateway: str = ""
    again: bool = False


def run_query(sql: str, output_format: str, data: Path) -> bytes:
    """The result of a read-only query as bytes in a format. Raises StoreError."""
    if not sql.strip():
        raise QueryRefused("The query is empty; give one SELECT, WITH, EXPLAIN, SHOW or DESCRIBE.")
    process = running_process(data)
    if process is None:
        with own_store(data) as store:
            return reader(store).run(sql, output_format)
    try:
        answer = httpx.post(
            f"{process.web}/api/v1/query",
            json={"sql": sql, "format": output_format},
            timeout=_QUERY_SECONDS,
            trust_env=False,
        )
    except httpx.HTTPError as error:
        raise GatelensError(f"The running Gatelens at {process.web} does not answer: {error}. Try again.") from error
    if answer.is_error:
        raise GatelensError(refusal(answer))
    return answer.content


def run_import(job: Import, data: Path, progress: Progress) -> list[ImportSummary | GatelensError]:
    """Store files; returns a summary for each, or why it could not be read: then the others are stored all the same."""
    process = running_process(data)
    with _own_sink(data) if process is None else _remote_sink(process) as sink:
        return [_import(path, job, sink, progress) for path in job.files]


def run_migrations(config: Config, data: Path) -> list[str]:
    """Apply what is missing; returns the names of the migrations."""
    directory = DataDirectory(data)
    directory.acquire()
    try:
        store = connect(config.storage.dsn or f"chdb://{directory.clickhouse}")
        try:
            return [migration.name for migration in migrate(store)]
        finally:
            store.close()
    finally:
        directory.release()


@contextmanager
def own_store(data: Path) -> Iterator[Store]:
    """The ClickHouse of the data directory, or of the environment's GATELENS_STORAGE__DSN, opened in this process."""
    directory = DataDirectory(data)
    dsn = load_config(None).storage.dsn
    if not dsn and not directory.clickhouse.exists():
        raise GatelensError(f"{data} holds no data; give the directory of `gatelens up` with --data.")
    with _acquired(directory):
        store = connect(dsn or f"chdb://{directory.clickhouse}")
        try:
            migrate(store)
            yield store
        finally:
            store.close()


def _import(path: Path, job: Import, sink: BlockSink, progress: Progress) -> ImportSummary | GatelensError:
    task = progress.add_task(text_of(Path(path.name)), total=path.stat().st_size)
    try:
        return import_file(
            path,
            sink,
            format_name=job.format,
            environment=job.environment,
            gateway=job.gateway,
            salt=uuid.uuid4().hex if job.again else "",
            progress=lambda position: progress.update(task, completed=position),
        )
    except GatelensError as error:
        progress.remove_task(task)
        return error


@contextmanager
def _remote_sink(process: Addresses) -> Iterator[BlockSink]:
    sink = HttpSink(process)
    try:
        yield sink
    except httpx.HTTPError as error:
        raise GatelensError(
            f"The running Gatelens at {process.http} does not answer: {error}. Import the file again: what it has "
            "of it is skipped."
        ) from error
    finally:
        sink.close()


@contextmanager
def _own_sink(data: Path) -> Iterator[BlockSink]:
    """The spool and writer of this process; on leaving, everything is stored."""
    directory = DataDirectory(data)
    with _acquired(directory):
        config = load_config(None)
        store = connect(config.storage.dsn or f"chdb://{directory.clickhouse}")
        migrate(store)
        collector = config.collector
        spool = Spool(directory.spool, collector.spool, light())
        writer = Writer(store, spool, collector.transforms, CollectorMetrics(NoOpMeter("gatelens")), collector.writer)
        writer.start()
        try:
            yield SpoolSink(spool, store)
        finally:
            spool.close()
            writer.stop()
            fault = writer.failing
            store.close()
        if fault:
            raise GatelensError(f"The last block could not be stored and waits in the spool: {fault}")


@contextmanager
def _acquired(directory: DataDirectory) -> Iterator[None]:
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
