"""A file receiver to be killed, in a process: `python -m tests.collector.rigs.file_process DIRECTORY [--store]`.

With --store, what it hands over goes on into ClickHouse, and it ends when told on its standard input, with the counts.
"""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from opentelemetry.metrics import NoOpMeter

from collector.formats.config import TransformConfig
from collector.intake.intake import Intake
from collector.receivers.files.config import FilesConfig, FileSource
from collector.receivers.files.receiver import FileReceiver
from collector.spool.config import SpoolConfig
from collector.spool.spool import Spool
from collector.telemetry import CollectorMetrics
from collector.writer.segment_ledger import differences
from collector.writer.writer import Writer
from gatelens.machine.event_loop import EventLoopThread
from storage.migrate import migrate
from storage.store import Store, connect
from tests.patience import PATIENCE


class FileProcess:
    """The process from entry to exit; an exit kills it."""

    def __init__(self, directory: Path, *, store: bool = False) -> None:
        self._command = [sys.executable, "-m", "tests.collector.rigs.file_process", str(directory)]
        self._command += ["--store"] if store else []

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=Path(__file__).parents[3]
        )
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == b"ready\n"
        return self

    def finish(self, expected: int) -> dict[str, Any]:
        """Let it read and store so many lines, or as many as it does, and tell what is stored."""
        told, _ = self._process.communicate(f"{expected}\n".encode(), timeout=2 * PATIENCE)
        counts: dict[str, Any] = json.loads(told)
        return counts

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._process.poll() is None:
            os.kill(self._process.pid, signal.SIGKILL)
        self._process.wait(PATIENCE)
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()


def config_for(directory: Path) -> FilesConfig:
    source = FileSource(
        include=(f"{directory}/logs/*.log*",), format="envoy_json", environment="files", container="none"
    )
    return FilesConfig(poll_interval=0.02, flush_after=0.2, finish_after=0.5, sources=(source,))


def _main(directory: Path, with_store: bool) -> None:
    metrics = CollectorMetrics(NoOpMeter("test"))
    spool = Spool(directory / "spool", SpoolConfig())
    loop = EventLoopThread("files")
    if not with_store:
        loop.spawn(FileReceiver(Intake(spool, metrics), config_for(directory), directory / "state").run())
        _say("ready")
        signal.pause()
    store = connect(f"chdb://{directory / 'clickhouse'}", readable=[directory / "spool"])
    migrate(store)
    writer = Writer(store, spool, TransformConfig(), metrics, directory)
    writer.start()
    loop.spawn(FileReceiver(Intake(spool, metrics), config_for(directory), directory / "state").run())
    _say("ready")
    expected, given_up = int(sys.stdin.readline()), time.monotonic() + PATIENCE
    while (_counts(store)[2] < expected or spool.size) and time.monotonic() < given_up:
        time.sleep(0.5)
    # What would be stored twice has a moment to come: files are looked at every 20 ms.
    time.sleep(2)
    while spool.size and time.monotonic() < given_up:
        time.sleep(0.05)
    found = _counts(store)
    names = ("requests", "different", "rolled_up", "dead_letters")
    since = store.rows("SELECT toDateTime('2020-01-01')")[0][0]
    _say(json.dumps({**dict(zip(names, map(int, found), strict=True)), "unbalanced": len(differences(store, since))}))
    os._exit(0)


def _counts(store: Store) -> tuple[int, ...]:
    """Requests, different ones, those in the rollup, dead letters."""
    (found,) = store.rows(
        "SELECT count(), uniqExact(request_id), (SELECT sum(requests) FROM api_1m WHERE environment = 'files'),"
        " (SELECT count() FROM dead_letters) FROM requests WHERE environment = 'files'"
    )
    return found


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    _main(Path(sys.argv[1]), "--store" in sys.argv)
