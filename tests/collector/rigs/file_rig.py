"""A file receiver with a spool behind it and nobody who empties it, and what has become durable."""

import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path

from pydantic import ByteSize

from collector.encoding.protobuf import fields, read_varint
from collector.formats.formats import FORMATS
from collector.formats.registry import Formats
from collector.intake.intake import Intake
from collector.receivers.files.config import FilesConfig, FileSource
from collector.receivers.files.receiver import FileReceiver
from collector.spool.config import SpoolConfig
from collector.spool.frame import frames
from collector.spool.payload import Payload
from collector.spool.segment import Segment
from collector.spool.spool import Spool
from gatelens.machine.event_loop import EventLoopThread
from tests.collector.rigs.counting_metrics import CountingMetrics
from tests.collector.rigs.waiting import wait_until


class WatchedIntake(Intake):
    """The real intake, which also remembers why something was refused."""

    def __init__(self, spool: Spool, formats: Formats = FORMATS) -> None:
        metrics = CountingMetrics()
        super().__init__(spool, metrics, formats=formats)
        self.reasons = metrics.reasons


class FileRig:
    """Follows files under `directory`/logs; may be stopped and started again."""

    def __init__(self, directory: Path, config: FilesConfig, room: int, formats: Formats = FORMATS) -> None:
        self._config = config
        self.state = directory / "state"
        self.spool_directory = directory / "spool"
        self.spool = Spool(self.spool_directory, SpoolConfig(max_size=ByteSize(room)))
        self.intake = WatchedIntake(self.spool, formats)
        self._loop = EventLoopThread("files")
        self._run: Future[None] | None = None

    def start(self) -> None:
        self._run = self._loop.spawn(FileReceiver(self.intake, self._config, self.state).run())

    def stop(self) -> None:
        assert self._run is not None
        assert not self._run.done(), self._run.exception()
        self._loop.close()
        self._loop = EventLoopThread("files")

    def close(self) -> None:
        self.stop()
        self._loop.close()
        self.spool.close()

    def payloads(self) -> list[Payload]:
        return spooled(self.spool_directory)

    def lines(self) -> list[bytes]:
        return b"".join(payload.body for payload in self.payloads() if payload.format != "undecodable").splitlines()

    def wait_for(self, condition: Callable[[], object]) -> None:
        wait_until(condition)

    def wait_for_lines(self, expected: list[bytes]) -> None:
        """Wait until all have come, then see that no more do, in whatever order."""
        wait_until(lambda: len(self.lines()) >= len(expected))
        time.sleep(0.3)
        assert sorted(self.lines()) == sorted(expected)


def spooled(directory: Path) -> list[Payload]:
    """The payloads on disk, oldest first; of segments with the same id one, as the store takes one."""
    segments: dict[str, Path] = {}
    for path in sorted(directory.glob("*.ready")):
        segments.setdefault(Segment.of(path).id, path)
    return [_payload(Segment.of(path), frame) for path in segments.values() for frame in frames(path.read_bytes())]


def _payload(segment: Segment, frame: memoryview) -> Payload:
    _, start = read_varint(frame, 0)
    said = {number: bytes(value) for number, value, _ in fields(frame[start:]) if number not in (1, 14)}
    environment, gateway, peer = (said.get(number, b"").decode() for number in (2, 3, 4))
    return Payload(segment.format, said[15], 0, environment, gateway, peer)


@contextmanager
def following(
    directory: Path, source: Mapping[str, object], *, room: int = 1 << 30, **settings: object
) -> Iterator[FileRig]:
    logs = directory / "logs"
    logs.mkdir(exist_ok=True)
    defaults: dict[str, object] = {"include": (f"{logs}/*.log",), "format": "envoy_json", "container": "none"}
    timing: dict[str, object] = {"poll_interval": 0.02, "flush_after": 0.3, "finish_after": 0.3}
    config = FilesConfig.model_validate(
        timing | settings | {"sources": [FileSource.model_validate({**defaults, **source})]}
    )
    rig = FileRig(directory, config, room)
    rig.start()
    try:
        yield rig
    finally:
        rig.close()


def numbered(first: int, last: int) -> list[bytes]:
    """Lines that differ, long enough to tell files apart by a few."""
    return [
        b'{"n": "%06d", "path": "/orders/v1/items", "method": "GET", "response_code": 200}' % n
        for n in range(first, last)
    ]


def append(path: Path, lines: list[bytes]) -> None:
    with path.open("ab") as file:
        file.write(b"".join(line + b"\n" for line in lines))
