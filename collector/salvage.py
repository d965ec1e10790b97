"""What to do with a segment that ClickHouse cannot read: find the payloads at fault, and keep them apart."""

from collections.abc import Sequence
from pathlib import Path

from collector.payload import Payload
from collector.spool.frame import encode, frames
from collector.spool.segment import PARTIAL, Segment
from collector.spool.spool import Spool
from collector.transforms.formats import UNDECODABLE, Format, TransformConfig, statement
from storage.errors import QueryFailed
from storage.store import Store

Frames = Sequence[memoryview]


class Salvage:
    """Splits a segment into what can be read and what cannot.

    The same segment is always split the same way and under the same ids, so that a process killed in the
    middle does no harm: what was stored before is recognised by its token.
    """

    def __init__(self, store: Store, spool: Spool, config: TransformConfig) -> None:
        self._store = store
        self._spool = spool
        self._config = config

    def split(self, known: Format, segment: Segment) -> int:
        """Replace the segment by its readable payloads and its dead letters; returns how many were set aside.

        Returns 0, and changes nothing, when every payload can be read and the fault is elsewhere.
        """
        data = segment.path.read_bytes()
        listed = list(frames(data))
        torn = data[sum(map(len, listed)) :]
        broken = self._unreadable(known, segment, listed)
        if not broken and not torn:
            return 0
        readable = [bytes(frame) for number, frame in enumerate(listed) if number not in broken]
        unreadable = [bytes(listed[number]) for number in sorted(broken)]
        if torn:
            unreadable.append(encode(Payload(known.name, torn, segment.created_ns // 1000)))
        parts = [(UNDECODABLE, f"{segment.id}-undecodable", unreadable)]
        if readable:
            parts.append((known.name, f"{segment.id}-readable", readable))
        self._spool.replace(segment, parts)
        return len(unreadable)

    def _unreadable(self, known: Format, segment: Segment, listed: Frames) -> set[int]:
        """The numbers of the frames at fault, by halving what does not read."""
        broken: set[int] = set()
        trial = segment.path.with_suffix(PARTIAL)
        parts = [range(len(listed))]
        try:
            while parts:
                part = parts.pop()
                trial.write_bytes(b"".join(listed[part.start : part.stop]))
                if self._reads(known, segment, trial):
                    continue
                if len(part) == 1:
                    broken.add(part.start)
                    continue
                middle = (part.start + part.stop) // 2
                parts += [range(part.start, middle), range(middle, part.stop)]
        finally:
            trial.unlink(missing_ok=True)
        return broken

    def _reads(self, known: Format, segment: Segment, path: Path) -> bool:
        try:
            self._store.parse(statement(known, segment.id, path, self._config), known.schema)
        except QueryFailed:
            return False
        return True
