"""The spool: takes payloads, makes them durable in groups, hands out sealed segments."""

import os
import queue
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import BaseModel, ByteSize, ConfigDict, Field

from collector.payload import Payload
from collector.spool.frame import encode
from collector.spool.segment import (
    OPEN,
    READY,
    Segment,
    file_name,
    recover,
    seal,
    sync_directory,
    write_sealed,
)
from storage.errors import SpoolFull


class SpoolConfig(BaseModel):
    """How telemetry waits on disk for ClickHouse."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    max_size: ByteSize = Field(
        default=ByteSize(4 << 30), description="Room for telemetry that ClickHouse has not stored yet."
    )
    segment_size: ByteSize = Field(
        default=ByteSize(16 << 20), description="A segment is inserted when it is this large,"
    )
    segment_age: float = Field(default=0.5, gt=0, le=60, description="or this many seconds old.")


@dataclass
class _OpenSegment:
    path: Path
    descriptor: int
    opened: float
    size: int = 0


@dataclass
class _Group:
    """The frames of one format that wait for the next commit, and who waits for them."""

    frames: list[bytes] = field(default_factory=list)
    answers: list[Future[None]] = field(default_factory=list)


class Spool:
    """Append-only segments, one open for each format; safe to use from many threads.

    One thread commits: it writes all that has gathered, syncs each file once, then answers all who wait.
    Under load the groups grow, and the number of syncs does not.
    """

    def __init__(self, directory: Path, config: SpoolConfig, clock_ns: Callable[[], int] = time.time_ns) -> None:
        self._directory = directory
        self._config = config
        self._clock_ns = clock_ns
        self._pending: dict[str, _Group] = defaultdict(_Group)
        self._wake = threading.Condition()
        self._size = 0
        self._open: dict[str, _OpenSegment] = {}
        self._sealed: queue.PriorityQueue[Segment] = queue.PriorityQueue()
        self._last_ns = 0
        self._closing = False
        directory.mkdir(parents=True, exist_ok=True)
        self._recover()
        self._committer = threading.Thread(target=self._commit_until_closed, name="spool-committer", daemon=True)
        self._committer.start()

    @property
    def size(self) -> int:
        """Bytes that wait: in memory, in open segments and in sealed ones."""
        return self._size

    @property
    def capacity(self) -> int:
        return int(self._config.max_size)

    @property
    def backlog(self) -> int:
        """Sealed segments that nobody has taken yet."""
        return self._sealed.qsize()

    def append(self, payload: Payload) -> "Future[None]":
        """Take a payload in; the future is done when it is durable. Raises SpoolFull without room."""
        frame = encode(payload)
        answer: Future[None] = Future()
        with self._wake:
            self._reserve(len(frame))
            group = self._pending[payload.format]
            group.frames.append(frame)
            group.answers.append(answer)
            self._wake.notify()
        return answer

    def append_segment(self, segment_id: str, payloads: Iterable[Payload]) -> None:
        """Take payloads of one format in as a segment of their own; durable on return.

        The id is the deduplication token of its insert: the same id must always come with the same content.
        """
        listed = list(payloads)
        encoded = [encode(payload) for payload in listed]
        with self._wake:
            self._reserve(sum(map(len, encoded)))
            created = self._next_ns()
        self._sealed.put(write_sealed(self._directory, file_name(created, listed[0].format, segment_id), encoded))

    def take(self, timeout: float) -> Segment | None:
        """The oldest sealed segment, or None when there is none within so many seconds."""
        try:
            return self._sealed.get(timeout=timeout)
        except queue.Empty:
            return None

    def give_back(self, segment: Segment) -> None:
        """Put a taken segment back, to be taken again."""
        self._sealed.put(segment)

    def replace(self, segment: Segment, parts: Iterable[tuple[str, str, list[bytes]]]) -> None:
        """Put (format, segment id, frames) in the place of a segment that could not be stored as it is."""
        written = [
            write_sealed(self._directory, file_name(self._next_ns(), format_name, segment_id), part_frames)
            for format_name, segment_id, part_frames in parts
        ]
        with self._wake:
            self._size += sum(part.size for part in written)
        self.remove(segment)
        for part in written:
            self._sealed.put(part)

    def remove(self, segment: Segment) -> None:
        """Forget a segment that is stored."""
        segment.path.unlink(missing_ok=True)
        with self._wake:
            self._size -= segment.size

    def close(self) -> None:
        """Commit and seal what is there; nothing may be appended any more."""
        with self._wake:
            self._closing = True
            self._wake.notify()
        self._committer.join()

    def _reserve(self, size: int) -> None:
        if self._closing:
            raise SpoolFull("Gatelens is stopping; send it again in a moment.")
        if self._size + size > self.capacity:
            raise SpoolFull(
                f"The spool is full ({self._size} of {self.capacity} bytes wait for ClickHouse); send it "
                "again later, and check that ClickHouse answers or raise collector.spool.max_size."
            )
        self._size += size

    def _next_ns(self) -> int:
        # Names must differ and sort even where the clock stands still or steps back.
        self._last_ns = max(self._last_ns + 1, self._clock_ns())
        return self._last_ns

    def _recover(self) -> None:
        for path in self._directory.glob(f"*{OPEN}"):
            recover(path)
        sealed = [Segment.of(path) for path in self._directory.glob(f"*{READY}")]
        for segment in sealed:
            self._sealed.put(segment)
        self._size = sum(segment.size for segment in sealed)
        self._last_ns = max((segment.created_ns for segment in sealed), default=0)

    def _commit_until_closed(self) -> None:
        while True:
            with self._wake:
                if not self._pending and not self._closing:
                    self._wake.wait(timeout=self._config.segment_age / 2 if self._open else None)
                pending, self._pending = self._pending, defaultdict(_Group)
                closing = self._closing
            for format_name, group in pending.items():
                self._commit(format_name, group)
            self._seal_where_due(closing)
            if closing and not pending:
                return

    def _commit(self, format_name: str, group: _Group) -> None:
        try:
            for batch in _batches(group.frames, int(self._config.segment_size)):
                self._write(format_name, batch)
        except OSError as error:
            failure = SpoolFull(f"The spool cannot be written: {error}. Free space on its disk and send it again.")
            failure.__cause__ = error
            with self._wake:
                self._size -= sum(map(len, group.frames))
            for answer in group.answers:
                answer.set_exception(failure)
            return
        for answer in group.answers:
            answer.set_result(None)

    def _write(self, format_name: str, data: bytes) -> None:
        segment = self._open.get(format_name) or self._open_segment(format_name)
        view = memoryview(data)
        try:
            while view:
                view = view[os.write(segment.descriptor, view) :]
            os.fdatasync(segment.descriptor)
        except OSError:
            # Half a frame in the middle would hide what is written after it.
            os.ftruncate(segment.descriptor, segment.size)
            raise
        segment.size += len(data)
        if segment.size >= self._config.segment_size:
            self._seal(format_name)

    def _open_segment(self, format_name: str) -> _OpenSegment:
        with self._wake:
            created = self._next_ns()
        segment_id = f"{format_name}-{created}"
        path = self._directory / f"{file_name(created, format_name, segment_id)}{OPEN}"
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o640)
        sync_directory(self._directory)
        segment = _OpenSegment(path, descriptor, time.monotonic())
        self._open[format_name] = segment
        return segment

    def _seal_where_due(self, closing: bool) -> None:
        now = time.monotonic()
        for format_name, segment in list(self._open.items()):
            # While the writer is behind, larger segments cost it less than many small ones.
            aged = now - segment.opened >= self._config.segment_age and self._sealed.empty()
            if aged or closing:
                self._seal(format_name)

    def _seal(self, format_name: str) -> None:
        segment = self._open.pop(format_name)
        os.close(segment.descriptor)
        self._sealed.put(seal(segment.path))


def _batches(frames: list[bytes], size: int) -> Iterator[bytes]:
    """Whole frames joined to about so many bytes: a large group becomes segments of the usual size."""
    batch: list[bytes] = []
    gathered = 0
    for frame in frames:
        batch.append(frame)
        gathered += len(frame)
        if gathered >= size:
            yield b"".join(batch)
            batch, gathered = [], 0
    if batch:
        yield b"".join(batch)
