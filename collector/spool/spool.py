"""The spool: takes payloads, makes them durable in groups, hands out sealed segments."""

import logging
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence, Set
from pathlib import Path

from collector.spool.answer import Answer
from collector.spool.arriving import ArrivingPayload
from collector.spool.config import SpoolConfig
from collector.spool.deliveries import Deliveries
from collector.spool.framing import Framing
from collector.spool.inspection import Inspection, SegmentFile
from collector.spool.open_segment import OpenSegment
from collector.spool.payload import Delivery, Payload
from collector.spool.recovery import letters, log_damage, parts, recover, total
from collector.spool.room import Room
from collector.spool.sealed import SealedSegments
from collector.spool.sealing import longest_ages
from collector.spool.segment import PARTIAL, Segment, durable_ids, file_name, seal, unwritable, write_sealed
from collector.spool.waiting_frame import WaitingFrame, batches, waiting_frame

_log = logging.getLogger(__name__)

_GATHERING_SECONDS = 0.003
_LATEST_NS = (1 << 63) - 1


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
        has_lines: Callable[[str], bool] = lambda format_name: False,
        clock_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        """Segments of `light` formats may be twice as large; `has_lines` says whether each line is a record."""
        self._directory = directory
        self._config = config
        self._light = light
        self._framing = Framing(has_lines)
        self._clock_ns = clock_ns
        self._pending: dict[str, list[WaitingFrame]] = defaultdict(list)
        self._wake = threading.Condition()
        self._room = Room(int(config.max_size))
        self._open: dict[str, OpenSegment] = {}
        self._sealed = SealedSegments()
        self._last_ns = 0
        self._closing = False
        self.damaged_bytes = 0
        self.cut_off_bytes = 0
        self.unknown_files = 0
        directory.mkdir(parents=True, exist_ok=True)
        self.deliveries = Deliveries(
            directory.with_name(f"{directory.name}.deliveries"), config.remembered_keys, config.remembered_bodies
        )
        self._recover()
        self._committer = threading.Thread(target=self._commit_until_closed, name="spool-committer", daemon=True)
        self._committer.start()

    @property
    def size(self) -> int:
        """Bytes that wait: in memory, in open segments and in sealed ones."""
        return self._room.size

    @property
    def directory(self) -> Path:
        return self._directory

    @property
    def capacity(self) -> int:
        return self._room.capacity

    @property
    def backlog(self) -> int:
        """Sealed segments that nobody has taken yet."""
        return self._sealed.backlog

    def offer(self, payload: Payload, answer: Answer) -> None:
        """Take a payload in; `answer` is called when it is durable. Raises SpoolFull without room."""
        self.offer_all([(payload, answer)])

    def offer_all(self, offered: Sequence[tuple[Payload, Answer]]) -> None:
        """Take several in, or none: raises SpoolFull without room for all of them."""
        waiting = [waiting_frame(payload, answer) for payload, answer in offered]
        with self._wake:
            self._room.take(sum(one.size for one in waiting))
            for (payload, _), one in zip(offered, waiting, strict=True):
                self._pending[payload.format].append(one)
            self._wake.notify()

    def append_segment(self, segment_id: str, payloads: Iterable[Payload]) -> None:
        """Take payloads of one format in as a segment of their own; durable on return. Raises SpoolFull.

        The id is the deduplication token of its insert: the same id must always come with the same content.
        """
        listed = list(payloads)
        encoded = [part for payload in listed for part in self._framing.parts(payload)]
        size = sum(map(len, encoded))
        with self._wake:
            self._room.take(size)
            name = file_name(self._next_ns(), listed[0].format, segment_id)
        try:
            segment = write_sealed(self._directory, name, encoded)
        except OSError as error:
            self._room.release(size)
            raise unwritable(error) from error
        self._keep(segment, [payload.delivery for payload in listed if payload.delivery is not None])

    def begin(self, payload: Payload, size: int, *, has_delivery: bool = False) -> ArrivingPayload:
        """Take in a payload of `size` bytes while it arrives, as a segment of its own. Raises SpoolFull.

        Room is taken by what has arrived, and may end in the middle. What is written then is its body, `payload.body`
        is not looked at; one that `has_delivery` gets it at its end, with an id like that of `append_segment`.
        """
        frames = self._framing.begin(payload, size, has_delivery=has_delivery)
        with self._wake:
            self._room.check(frames.size)
            created = self._next_ns()
        path = self._directory / f"{file_name(created, payload.format, f'{payload.format}-{created}')}{PARTIAL}"

        def keep(segment: Segment, delivery: Delivery | None) -> None:
            self._keep(segment, [] if delivery is None else [delivery])

        return ArrivingPayload(path, frames, size, keep, self._room.take, self._room.release)

    def take(self, timeout: float) -> Segment | None:
        """The oldest sealed segment, or None when there is none within so many seconds."""
        return self._sealed.take(timeout)

    def waiting(self, prefix: str) -> list[str]:
        """The ids of sealed segments that begin with a prefix and are not stored yet, in order."""
        return self._sealed.ids(prefix)

    def oldest_waiting_ns(self) -> int:
        """When the oldest sealed segment that waits was opened, in nanoseconds since the epoch; 0 for none."""
        return self._sealed.oldest_ns

    def unstored(self) -> set[str]:
        """The ids of segments, sealed or open, that hold something durable and are not stored yet."""
        return durable_ids(self._directory)

    def give_back(self, segment: Segment) -> None:
        """Put a taken segment back, to be taken again."""
        self._sealed.put(segment)

    def mend(self, segment: Segment, found: Inspection) -> int:
        """Put the sound part of a damaged segment in its place, and dead letters; returns how many. Raises OSError."""
        log_damage(segment, found)
        with SegmentFile(segment.path) as file:
            self.replace(segment, parts(segment, file, found))
        self.damaged_bytes += total(found.damaged)
        return letters(found.damaged)

    def replace(self, segment: Segment, others: Iterable[tuple[str, str, Iterable[bytes]]]) -> None:
        """Put (format, segment id, frames) in the place of a segment that could not be stored as it is."""
        written: list[Segment] = []
        try:
            for format_name, segment_id, part_frames in others:
                with self._wake:
                    created = self._next_ns()
                name = file_name(created, format_name, segment_id)
                written.append(write_sealed(self._directory, name, part_frames))
        except OSError:
            # The segment stays, and is replaced another time.
            for part in written:
                part.path.unlink(missing_ok=True)
            raise
        # Before it is gone, so that none of the ids is missing for a moment.
        for part in written:
            self._room.add(part.size)
            self._sealed.put(part)
        self.remove(segment)

    def remove(self, segment: Segment) -> None:
        """Forget a segment that is stored."""
        self.deliveries.sync()
        segment.path.unlink(missing_ok=True)
        self._forget(segment)

    def leave(self, segment: Segment) -> None:
        """Leave a segment on disk that this version cannot store; the next start finds it again."""
        self.unknown_files += 1
        self._forget(segment)

    def close(self) -> None:
        """Commit and seal what is there; nothing may be appended any more."""
        with self._wake:
            self._closing = True
            self._room.close()
            self._wake.notify()
        self._committer.join()

    def _keep(self, segment: Segment, deliveries: Sequence[Delivery] = ()) -> None:
        """Hand out a segment from now on."""
        if deliveries:
            # Before the segment can be taken, stored and removed.
            self.deliveries.add(deliveries, self._clock_ns() // 1000)
        self._sealed.put(segment)

    def _forget(self, segment: Segment) -> None:
        self._sealed.forget(segment)
        self._room.release(segment.size)

    def _next_ns(self) -> int:
        # Names must differ and sort even where the clock stands still or steps back.
        self._last_ns = max(self._last_ns + 1, self._clock_ns())
        return self._last_ns

    def _recover(self) -> None:
        def remember(deliveries: Sequence[Delivery]) -> None:
            self.deliveries.add(deliveries, self._clock_ns() // 1000)
            self.deliveries.sync()

        found = recover(self._directory, remember)
        for segment in found.segments:
            self._room.add(segment.size)
            self._sealed.put(segment)
        # A name beyond what a clock can say is somebody's invention; names after it would have too many digits.
        self._last_ns = max((one.created_ns for one in found.segments if one.created_ns <= _LATEST_NS), default=0)
        self.unknown_files = len(found.unknown)
        self.damaged_bytes = found.damaged_bytes
        self.cut_off_bytes = found.cut_off_bytes

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
            self._room.release(sum(waiting.size for waiting in batch))
            self._answer(batch, unwritable(error))
            return
        if keyed := [waiting.delivery for waiting in batch if waiting.delivery is not None]:
            self.deliveries.add(keyed, self._clock_ns() // 1000)
        self._answer(batch, None)
        if segment.size >= self._segment_size(format_name):
            self._seal(format_name)

    @staticmethod
    def _answer(batch: list[WaitingFrame], error: Exception | None) -> None:
        for waiting in batch:
            try:
                waiting.answer(error)
            except Exception:
                # A fault of one receiver must not end the thread that commits for all.
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
        sizes = {format_name: segment.size for format_name, segment in self._open.items()}
        ages = longest_ages(sizes, self._config.segment_age)
        for format_name, segment in list(self._open.items()):
            # While the writer is behind, larger segments cost it less than many small ones.
            aged = now - segment.opened >= ages[format_name] and not self._sealed.backlog
            if aged or closing:
                self._seal(format_name)

    def _seal(self, format_name: str) -> None:
        segment = self._open[format_name]
        try:
            segment.mend()
            self.deliveries.sync()
            sealed = seal(segment.path)
        except OSError as error:
            # Its contents are durable; sealing is retried, and done by the next start at the latest.
            _log.error("A segment could not be sealed.", extra={"segment": segment.path.name, "error": str(error)})
            return
        del self._open[format_name]
        segment.close()
        self._keep(sealed)
