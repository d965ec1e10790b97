"""What `gatelens import` does: files in, and then what has become of them."""

import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from opentelemetry.metrics import NoOpMeter
from rich.progress import Progress

from collector.escape_path import escape_path
from collector.formats.formats import FORMATS
from collector.importer import ImportSummary, import_file
from collector.spool.spool import Spool
from collector.telemetry import CollectorMetrics
from collector.writer import Writer
from gatelens.block_sinks import HttpSink, SpoolSink
from gatelens.commands import acquired
from gatelens.config import load_config
from gatelens.data_directory import Addresses, DataDirectory, running_process
from gatelens.import_outcome import Imported, outcome
from storage.errors import GatelensError
from storage.migrate import migrate
from storage.store import connect

# A running Gatelens stores what is durable within a second, unless it is far behind or ClickHouse is away.
_PATIENCE_SECONDS = 30


@dataclass(frozen=True)
class Import:
    """What to import; `again` stores what is stored already once more."""

    files: Sequence[Path]
    format: str = ""
    environment: str = ""
    gateway: str = ""
    again: bool = False


@dataclass(frozen=True)
class _Door:
    """Where blocks go, and whether to wait no longer until they are stored."""

    sink: SpoolSink | HttpSink
    is_patience_over: Callable[[], bool]


def run_import(job: Import, data: Path, progress: Progress) -> list[Imported | GatelensError]:
    """Store files; returns what became of each, or why it could not be read: the others are stored all the same."""
    process = running_process(data)
    with _own_door(data) if process is None else _remote_door(process) as door:
        summaries = [_import(path, job, door.sink, progress) for path in job.files]
        return [
            summary if isinstance(summary, GatelensError) else outcome(summary, door.sink.find, door.is_patience_over)
            for summary in summaries
        ]


def _import(path: Path, job: Import, sink: SpoolSink | HttpSink, progress: Progress) -> ImportSummary | GatelensError:
    task = progress.add_task(escape_path(Path(path.name)), total=path.stat().st_size)
    try:
        return import_file(
            path,
            sink,
            format_name=job.format,
            environment=job.environment,
            gateway=job.gateway,
            salt=uuid.uuid4().hex if job.again else "",
            formats=FORMATS,
            progress=lambda position: progress.update(task, completed=position),
        )
    except GatelensError as error:
        progress.remove_task(task)
        return error


@contextmanager
def _remote_door(process: Addresses) -> Iterator[_Door]:
    sink = HttpSink(process)
    deadline: float | None = None

    def is_patience_over() -> bool:
        nonlocal deadline
        # It begins when everything has been sent.
        deadline = deadline or time.monotonic() + _PATIENCE_SECONDS
        return time.monotonic() > deadline

    try:
        yield _Door(sink, is_patience_over)
    except httpx.HTTPError as error:
        raise GatelensError(
            f"The running Gatelens at {process.http} does not answer: {error}. Import the file again: what it has "
            "of it is skipped."
        ) from error
    finally:
        sink.close()


@contextmanager
def _own_door(data: Path) -> Iterator[_Door]:
    """The spool and writer of this process; on leaving, everything is stored."""
    directory = DataDirectory(data)
    with acquired(directory):
        config = load_config(None)
        store = connect(config.storage.dsn or f"chdb://{directory.clickhouse}")
        migrate(store)
        collector = config.collector
        spool = Spool(directory.spool, collector.spool, FORMATS.light)
        metrics = CollectorMetrics(NoOpMeter("gatelens"))
        writer = Writer(store, spool, collector.transforms, metrics, collector.writer, FORMATS)
        writer.start()
        try:
            yield _Door(SpoolSink(spool, store), lambda: writer.failing != "")
        finally:
            spool.close()
            writer.stop()
            fault = writer.failing
            store.close()
        if fault:
            raise GatelensError(f"The last block could not be stored and waits in the spool: {fault}")
