"""What to do with a segment that ClickHouse cannot store: find the payloads at fault, and keep them apart.

A payload is at fault where it cannot be read, or where reading it takes more memory than a whole segment may: two bytes
on the wire can be hundreds in a table. Payloads that take too much only together are stored one after the other.
"""

from collections.abc import Sequence

from collector.formats.config import TransformConfig
from collector.formats.dead_letters.descriptor import UNDECODABLE
from collector.formats.descriptor import Format
from collector.formats.formats import FORMATS
from collector.formats.registry import Formats
from collector.formats.transform import transform
from collector.spool.frame import encode, frames
from collector.spool.payload import Payload
from collector.spool.recovery import damage_in
from collector.spool.segment import PARTIAL, Segment
from collector.spool.spool import Spool
from collector.writer.segment_ledger import stored_segments
from collector.writer.sifting import sifted
from collector.writer.split_lines import split_lines
from storage.errors import QueryFailed, QueryMemoryExceeded, StoreError
from storage.store import Store

Frames = Sequence[bytes]


class Recovery:
    """Splits a segment into what can be stored and what cannot.

    The same segment is always split the same way and under the same ids, so that a process killed in the
    middle does no harm: what was stored before is recognised by its token.
    """

    def __init__(self, store: Store, spool: Spool, config: TransformConfig, formats: Formats = FORMATS) -> None:
        self._store = store
        self._spool = spool
        self._config = config
        self._formats = formats

    def mend(self, segment: Segment) -> int | None:
        """Like `split`, for what is damaged on the disk; None where all of it is as it was written."""
        found = damage_in(segment)
        if found is None:
            return None
        if segment.id in stored_segments(self._store, segment.id):
            # Before it was damaged; only its file was left.
            self._spool.remove(segment)
            return 0
        return self._spool.mend(segment, found)

    def sift(self, known: Format, segment: Segment) -> int | None:
        """Like `split`, for what is in a format that ClickHouse would read wrong; None where nothing is."""
        if known.sift is None:
            return None
        listed = _frames(segment)
        if sum(map(len, listed)) != segment.size:
            return self.mend(segment)
        found = sifted(known, listed)
        if found == {known.name: listed}:
            return None
        parts = [(name, f"{segment.id}~{name}", of_name) for name, of_name in found.items()]
        self._spool.replace(segment, parts)
        return sum(len(of_name) for name, of_name in found.items() if not self._formats[name].is_ingestible)

    def split(self, known: Format, segment: Segment, *, tight: bool = False) -> int | None:
        """Replace the segment by what can be read of it and its dead letters; returns how many payloads became dead
        letters.

        None, and nothing is changed, where it can be read as it is and the fault is elsewhere. What is damaged on the
        disk goes first: whether the rest can be read shows when that is stored. A segment that is not split may take
        all the memory of a trial, or where that is to be `tight`, as little as a part.
        """
        if (dead_letters := self.mend(segment)) is not None:
            return dead_letters
        readable, broken = self._sorted(known, segment, _frames(segment), tight=tight)
        unreadable = self._legible(segment, broken)
        if unreadable and not readable and self._fault(UNDECODABLE, segment, unreadable) is not None:
            # Not even their bytes can be read, so it is no fault of theirs.
            return None
        if unreadable:
            parts = [(UNDECODABLE.name, f"{segment.id}~undecodable", unreadable)]
            if readable:
                parts.append((known.name, f"{segment.id}~readable", [frame for run in readable for frame in run]))
        elif len(readable) > 1:
            parts = [(known.name, f"{segment.id}~{number}", list(run)) for number, run in enumerate(readable)]
        else:
            return None
        self._spool.replace(segment, parts)
        return len(unreadable)

    def _sorted(
        self, known: Format, segment: Segment, listed: Frames, *, tight: bool
    ) -> tuple[list[Frames], list[bytes]]:
        """Frames that can be read together, in their order, and those at fault; by halving what cannot be read."""
        readable: list[Frames] = []
        broken: list[bytes] = []
        parts = [listed] if listed else []
        while parts:
            part = parts.pop()
            cut = split_lines(known, part[0]) if len(part) == 1 else []
            # What has been cut can be cut again; what cannot, or has not, may take all that there is.
            may_be_cut = len(part) > 1 or bool(cut)
            fault = self._fault(known, segment, part, tight=may_be_cut and (tight or part is not listed))
            if fault is None:
                readable.append(part)
            elif len(part) > 1:
                middle = len(part) // 2
                parts += [part[middle:], part[:middle]]
            elif isinstance(fault, QueryMemoryExceeded) and cut:
                parts += [[frame] for frame in reversed(cut)]
            else:
                broken.append(part[0])
        return readable, broken

    def _legible(self, segment: Segment, broken: Frames) -> list[bytes]:
        """Frames at fault so that dead letters can be made of them: one that is itself damaged becomes a body."""
        if not broken or self._fault(UNDECODABLE, segment, broken) is None:
            return list(broken)
        return [
            frame if self._fault(UNDECODABLE, segment, [frame]) is None else _framed(segment, frame) for frame in broken
        ]

    def _fault(self, known: Format, segment: Segment, part: Frames, *, tight: bool = False) -> StoreError | None:
        trial = segment.path.with_suffix(PARTIAL)
        try:
            trial.write_bytes(b"".join(part))
            of = transform(known, segment.id, trial, self._config)
            self._store.trial(of.statement, of.table, of.columns, of.schema, tight=tight)
        except (QueryFailed, QueryMemoryExceeded) as error:
            return error
        finally:
            trial.unlink(missing_ok=True)
        return None


def _frames(segment: Segment) -> list[bytes]:
    return [bytes(frame) for frame in frames(segment.path.read_bytes())]


def _framed(segment: Segment, broken: bytes) -> bytes:
    return encode(Payload(segment.format, broken, segment.created_ns // 1000))
