"""An import: takes logs in, by the running process or by this one, and then finds out their outcome."""

import sys
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import httpx
from opentelemetry.metrics import NoOpMeter
from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from collector.escape_path import escape_path
from collector.formats.custom.definition import FormatDefinition
from collector.formats.custom.known import known_formats
from collector.formats.custom.remembered import RememberedFormats
from collector.formats.registry import Formats
from collector.importer.block import ImportSummary, Labels
from collector.importer.importer import import_file, import_stream
from collector.importer.sorting import Sorter
from collector.spool.spool import Spool
from collector.telemetry import CollectorMetrics
from collector.writer.writer import Writer
from gatelens.commands.import_logs.outcome import Imported, outcome
from gatelens.configuration.config import Config, load_config
from gatelens.data_directory.block_sinks import HttpSink, SpoolSink
from gatelens.data_directory.directory import Addresses, DataDirectory, running_process
from gatelens.data_directory.local_access import local_client
from gatelens.data_directory.own_store import acquired
from gatelens.data_directory.private_directory import private_files
from gatelens.machine.memory import memory_budget, within
from storage.errors import GatelensError
from storage.migrate import migrate
from storage.store import connect
from storage.untrusted_text import for_terminal

# What is piped in, among files; and its name in rows and messages.
PIPE = Path("-")
PIPED = "stdin"

# A running Gatelens stores what is durable within a second, unless it is far behind or ClickHouse is away.
_PATIENCE_SECONDS = 30


@dataclass(frozen=True)
class Import:
    """What to import; `again` stores what is stored already once more, `keep_time` what is old under its own time.

    `log_format` is a definition for this import, and `config` a file with others.
    """

    files: Sequence[Path]
    format: str = ""
    environment: str = ""
    gateway: str = ""
    instance: str = ""
    again: bool = False
    keep_time: bool = False
    log_format: FormatDefinition | None = None
    config: Path | None = None


@dataclass(frozen=True)
class _Door:
    """Where blocks go, in which formats they may be, and whether to wait no longer until they are stored."""

    sink: SpoolSink | HttpSink
    formats: Formats
    is_patience_over: Callable[[], bool]


def run_import(job: Import, data: Path, progress: Progress) -> list[Imported | GatelensError]:
    """Store files; returns what became of each, or why it could not be read: the others are stored all the same."""
    process = running_process(data)
    with _own_door(job, data) if process is None else _remote_door(job, data, process) as door:
        summaries = [_import(path, job, door, progress) for path in job.files]
        return [
            summary
            if isinstance(summary, GatelensError)
            else outcome(summary, door.sink.find, door.is_patience_over, door.sink.ask, keeps_time=job.keep_time)
            for summary in summaries
        ]


def _import(path: Path, job: Import, door: _Door, progress: Progress) -> ImportSummary | GatelensError:
    task = progress.add_task(escape(for_terminal(name_of(Path(path.name)))), total=_size(path))
    salt = uuid.uuid4().hex if job.again else ""
    labels = Labels(job.environment, job.gateway, instance=job.instance, salt=salt, keep_time=job.keep_time)
    format_name = job.log_format.name if job.log_format else job.format

    def report(position: int) -> None:
        progress.update(task, completed=position)

    try:
        if path == PIPE:
            sorter = Sorter(PIPED, door.formats, format_name)
            labels = replace(labels, name=PIPED)
            return import_stream(sys.stdin.buffer, sorter, door.sink, labels, progress=report)
        return import_file(path, door.sink, labels, format_name=format_name, formats=door.formats, progress=report)
    except GatelensError as error:
        progress.remove_task(task)
        return error


def progress_on(console: Console) -> Progress:
    """What shows how far an import is, where people look at it."""
    columns = (
        TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn(),
    )  # fmt: skip
    return Progress(*columns, console=console, disable=not console.is_terminal)


def name_of(path: Path) -> str:
    """What a log is called where it is spoken of."""
    return PIPED if path == PIPE else escape_path(path)


def _size(path: Path) -> int | None:
    """How large a file is; None for what is none, or is not there."""
    return path.stat().st_size if path.is_file() else None


def _known_formats(job: Import, config: Config, directory: DataDirectory) -> Formats:
    """Those of the import too, which whoever stores its blocks finds in the data directory."""
    remembered = RememberedFormats(directory.formats)
    for definition in (*config.formats, *([job.log_format] if job.log_format else [])):
        remembered.remember(definition)
    return known_formats(config.formats, remembered.find)


@contextmanager
def _remote_door(job: Import, data: Path, process: Addresses) -> Iterator[_Door]:
    with private_files():
        formats = _known_formats(job, load_config(job.config), DataDirectory(data))
    sink = HttpSink(process, local_client(data, process, HttpSink.SECONDS))
    deadline: float | None = None

    def is_patience_over() -> bool:
        nonlocal deadline
        # It begins when everything has been sent.
        deadline = deadline or time.monotonic() + _PATIENCE_SECONDS
        return time.monotonic() > deadline

    try:
        yield _Door(sink, formats, is_patience_over)
    except httpx.HTTPError as error:
        raise GatelensError(
            f"The running Gatelens at {process.http} does not answer: {error}. Import the file again: what it has "
            "of it is skipped."
        ) from error
    finally:
        sink.close()


@contextmanager
def _own_door(job: Import, data: Path) -> Iterator[_Door]:
    """The spool and writer of this process; on leaving, everything is stored."""
    directory = DataDirectory(data)
    with acquired(directory):
        config = load_config(job.config)
        formats = _known_formats(job, config, directory)
        memory = memory_budget(config.memory)
        store = connect(config.storage.dsn or f"chdb://{directory.clickhouse}", memory, [directory.spool])
        migrate(store)
        collector = within(memory, config.collector)
        spool = Spool(directory.spool, collector.spool, formats.light, formats.has_lines)
        metrics = CollectorMetrics(NoOpMeter("gatelens"))
        writer = Writer(store, spool, collector.transforms, metrics, directory.path, collector.writer, formats=formats)
        writer.start()
        try:
            yield _Door(SpoolSink(spool, store), formats, lambda: writer.failing != "")
        finally:
            spool.close()
            writer.stop()
            fault = writer.failing
            store.close()
        if fault:
            raise GatelensError(f"The last block could not be stored and waits in the spool: {fault}")
