"""The spool: takes payloads, makes them durable in groups, hands out sealed segments."""

import logging
import queue
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence, Set
from pathlib import Path

from pydantic import BaseModel, ByteSize, ConfigDict, Field

from collector.payload import Payload
from collector.spool.answer import Answer
from collector.spool.arriving import ArrivingPayload
from collector.spool.frame import encoded_parts, frame_head
from collector.spool.open_segment import OpenSegment
from collector.spool.segment import (
    OPEN,
    PARTIAL,
    READY,
    Segment,
    file_name,
    recover,
    seal,
    unwritable,
    write_sealed,
)
from collector.spool.waiting_frame import WaitingFrame, batches, waiting_frame
from storage.errors import SpoolFull

_log = logging.getLogger(__name__)

_GATHERING_SECONDS = 0.003


class SpoolConfig(BaseModel):
    """How telemetry waits on disk for ClickHouse."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    max_size: ByteSize = Field(
        default=ByteSize(4 << 30), description="Room for telemetry that ClickHouse has not stored yet."
    )
    segment_size: ByteSize = Field(
        default=ByteSize(64 << 20),
        description="A segment is inserted when it is this large (twice where it takes little memory),",
    )
    segment_age: float = Field(default=0.75, gt=0, le=60, description="or this many seconds old.")


class Spool:
    """Append-only segments, one open for each format; safe to use from many threads.

    One thread commits: it writes all that has gathered, syncs each file once, then answers all who wait.
    Under load the groups grow, and the number of syncs does not.
    """

    def __init__(
        self,
        directory: Path,
        config: SpoolConfig,
        light: Set[str] = frozenset(),
        clock_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        """Segments of the `light` formats may be twice as large as the others."""
        self._directory = directory
        self._config = config
        self._light = light
        self._clock_ns = clock_ns
        self._pending: dict[str, list[WaitingFrame]] = defaultdict(list)
        self._wake = threading.Condition()
        self._size = 0
        self._open: dict[str, OpenSegment] = {}
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
    def directory(self) -> Path:
        return self._directory

    @property
    def capacity(self) -> int:
        return int(self._config.max_size)

    @property
    def backlog(self) -> int:
        """Sealed segments that nobody has taken yet."""
        return self._sealed.qsize()

    def offer(self, payload: Payload, answer: Answer) -> None:
        """Take a payload in; `answer` is called when it is durable. Raises SpoolFull without room."""
        self.offer_all([(payload, answer)])

    def offer_all(self, offered: Sequence[tuple[Payload, Answer]]) -> None:
        """Take several in, or none: raises SpoolFull without room for all of them."""
        waiting = [waiting_frame(payload, answer) for payload, answer in offered]
        with self._wake:
            self._reserve(sum(one.size for one in waiting))
            for (payload, _), one in zip(offered, waiting, strict=True):
                self._pending[payload.format].append(one)
            self._wake.notify()

    def append_segment(self, segment_id: str, payloads: Iterable[Payload]) -> None:
        """Take payloads of one format in as a segment of their own; durable on return. Raises SpoolFull.

        The id is the deduplication token of its insert: the same id must always come with the same content.
        """
        listed = list(payloads)
        encoded = [part for payload in listed for part in encoded_parts(payload)]
        size = sum(map(len, encoded))
        with self._wake:
            self._reserve(size)
            name = file_name(self._next_ns(), listed[0].format, segment_id)
        try:
            self._sealed.put(write_sealed(self._directory, name, encoded))
        except OSError as error:
            self._release(size)
            raise unwritable(error) from error

    def begin(self, payload: Payload, size: int, segment_id: str = "") -> ArrivingPayload:
        """Take in a payload of `size` bytes while it arrives, as a segment of its own. Raises SpoolFull.

        Room is taken by what has arrived, and may end in the middle. What is written then is its body, `payload.body`
        is not looked at; a `segment_id` is that of `append_segment`.
        """
        head = frame_head(payload, size)
        with self._wake:
            self._check_room(len(head) + size)
            created = self._next_ns()
        name = file_name(created, payload.format, segment_id or f"{payload.format}-{created}")
        path = self._directory / f"{name}{PARTIAL}"
        return ArrivingPayload(path, head, size, self._sealed.put, self._take_room, self._release)

    def take(self, timeout: float) -> Segment | None:
        """The oldest sealed segment, or None when there is none within so many seconds."""
        try:
            return self._sealed.get(timeout=timeout)
        except queue.Empty:
            return None

    def waiting(self, prefix: str) -> list[str]:
        """The ids of sealed segments that begin with a prefix and are not stored yet, in order."""
        names = (path.stem.rpartition(".")[2] for path in self._directory.glob(f"*{READY}"))
        return sorted(name for name in names if name.startswith(prefix))

    def give_back(self, segment: Segment) -> None:
        """Put a taken segment back, to be taken again."""
        self._sealed.put(segment)

    def replace(self, segment: Segment, parts: Iterable[tuple[str, str, list[bytes]]]) -> None:
        """Put (format, segment id, frames) in the place of a segment that could not be stored as it is."""
        written: list[Segment] = []
        try:
            for format_name, segment_id, part_frames in parts:
                with self._wake:
                    created = self._next_ns()
                name = file_name(created, format_name, segment_id)
                written.append(write_sealed(self._directory, name, part_frames))
        except OSError:
            # The segment stays, and is replaced another time.
            for part in written:
                part.path.unlink(missing_ok=True)
            raise
        with self._wake:
            self._size += sum(part.size for part in written)
        self.remove(segment)
        for part in written:
            self._sealed.put(part)

    def remove(self, segment: Segment) -> None:
        """Forget a segment that is stored."""
        segment.path.unlink(missing_ok=True)
        self._release(segment.size)

    def close(self) -> None:
        """Commit and seal what is there; nothing may be appended any more."""
        with self._wake:
            self._closing = True
            self._wake.notify()
        self._committer.join()

    def _reserve(self, size: int) -> None:
        self._check_room(size)
        self._size += size

    def _check_room(self, size: int) -> None:
        if self._closing:
            raise SpoolFull("Gatelens is stopping; send it again in a moment.")
        if self._size + size > self.capacity:
            raise SpoolFull(
                f"The spool is full ({self._size} of {self.capacity} bytes wait for ClickHouse); send it "
                "again later, and check that ClickHouse answers or raise collector.spool.max_size."
            )

    def _take_room(self, size: int) -> None:
        with self._wake:
            self._reserve(size)

    def _release(self, size: int) -> None:
        with self._wake:
            self._size -= size

    def _next_ns(self) -> int:
        # Names must differ and sort even where the clock stands still or steps back.
        self._last_ns = max(self._last_ns + 1, self._clock_ns())
        return self._last_ns

    def _recover(self) -> None:
        for path in self._directory.glob(f"*{PARTIAL}"):
            path.unlink()
        for path in self._directory.glob(f"*{OPEN}"):
            recover(path)
        sealed = [Segment.of(path) for path in self._directory.glob(f"*{READY}")]
        for segment in sealed:
            self._sealed.put(segment)
        self._size = sum(segment.size for segment in sealed)
        self._last_ns = max((segment.created_ns for segment in sealed), default=0)

    def _commit_until_closed(self) -> None:
        payloads = 0
        while True:
            if payloads > 1 and not self._closing:
                # Several clients send at once: more of them can share the next sync.
                time.sleep(_GATHERING_SECONDS)
            with self._wake:
                if not self._pending and not self._closing:
                    self._wake.wait(timeout=self._config.segment_age / 2 if self._open else None)
                pending, self._pending = self._pending, defaultdict(list)
                closing = self._closing
            payloads = sum(map(len, pending.values()))
            for format_name, group in pending.items():
                for batch in batches(group, self._segment_size(format_name)):
                    self._commit(format_name, batch)
            self._seal_where_due(closing)
            if closing and not pending:
                return

    def _commit(self, format_name: str, batch: list[WaitingFrame]) -> None:
        try:
            segment = self._open.get(format_name) or self._open_segment(format_name)
            segment.append(part for waiting in batch for part in waiting.frame)
        except OSError as error:
            self._release(sum(waiting.size for waiting in batch))
            self._answer(batch, unwritable(error))
            return
        self._answer(batch, None)
        if segment.size >= self._segment_size(format_name):
            self._seal(format_name)

    @staticmethod
    def _answer(batch: list[WaitingFrame], error: Exception | None) -> None:
        for waiting in batch:
            try:
                waiting.answer(error)
            except Exception:
                # What is wrong with one receiver must not end the thread that commits for all.
                _log.exception("A receiver could not take the spool's answer.")

    def _segment_size(self, format_name: str) -> int:
        return int(self._config.segment_size) * (2 if format_name in self._light else 1)

    def _open_segment(self, format_name: str) -> OpenSegment:
        with self._wake:
            created = self._next_ns()
        segment = self._open[format_name] = OpenSegment(self._directory, created, format_name)
        return segment

    def _seal_where_due(self, closing: bool) -> None:
        now = time.monotonic()
        for format_name, segment in list(self._open.items()):
            # While the writer is behind, larger segments cost it less than many small ones.
            aged = now - segment.opened >= self._config.segment_age and self._sealed.empty()
            if aged or closing:
                self._seal(format_name)

    def _seal(self, format_name: str) -> None:
        segment = self._open[format_name]
        try:
            segment.mend()
            sealed = seal(segment.path)
        except OSError as error:
            # What is in it is durable; sealing is tried again, and done by the next start at the latest.
            _log.error("A segment could not be sealed.", extra={"segment": segment.path.name, "error": str(error)})
            return
        del self._open[format_name]
        segment.close()
        self._sealed.put(sealed)
