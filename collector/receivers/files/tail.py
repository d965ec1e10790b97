"""One file that is followed: its next stretch of whole records."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from gzip import BadGzipFile

from collector.errors import PayloadError
from collector.formats.registry import Formats
from collector.receivers.files.checkpoints import FileRecord, Part
from collector.receivers.files.lines import Cut, Reading, content, cut
from collector.receivers.files.open_file import OpenFile
from collector.receivers.files.position import Position
from collector.records.containers import container_of, unwrap
from collector.records.place import Part as Found
from collector.records.unwrap import Unwrapping, is_wrapped

_BLOCK_BYTES = 4 << 20
_HEAD_BYTES = 64 << 10
_HEAD_LINES = 100

# The wrapper that is no container's: each line has its own prefix.
PREFIXED = "prefixed"


class Truncated(Exception):
    """The file's content before the position is gone."""


@dataclass(frozen=True)
class Piece:
    """A stretch of a file and what is in it."""

    tail: "Tail"
    start: Position
    end: Position
    parts: Sequence[Found]

    @property
    def part(self) -> Part:
        return Part(self.tail.record.id, self.start, self.end)

    @property
    def size(self) -> int:
        return self.end.offset - self.start.offset


class Tail:
    """Reads on from where the record of a file says.

    `cursor` is behind what has been read, the record's position behind what has been handed over.
    """

    def __init__(
        self, record: FileRecord, file: OpenFile, flush_after: float, finish_after: float, formats: Formats
    ) -> None:
        self.record = record
        self.file = file
        self.gone = False
        self.cursor = record.position
        self._flush_after = flush_after
        self._finish_after = finish_after
        self._formats = formats
        self._seen = (0, 0)
        self._changed_at = time.monotonic()
        self._exhausted: object = None

    @property
    def finished(self) -> bool:
        """Whether a file that has gone was handed over to its end, and has not grown for long enough."""
        is_read = self._exhausted == (*_size_and_time(self.file), True, True)
        return self.gone and is_read and self.cursor == self.record.position

    @property
    def truncated(self) -> bool:
        """Whether the file is shorter than what was read of it."""
        return not self.file.compressed and self.file.stat().st_size < self.cursor.offset

    def next(self) -> Piece | None:
        """The next piece, or None where there is none yet.

        Raises Truncated, PayloadError where the format is not recognised, OSError and EOFError.
        """
        settled, final = self._look()
        look = (*self._seen, settled, final)
        if look == self._exhausted or (self.file.compressed and not settled):
            return None
        try:
            if self._recognise(settled, final):
                return self._read(look, settled, final)
        except (PayloadError, EOFError, BadGzipFile):
            self._exhausted = look
            raise
        self._exhausted = look
        return None

    def again(self, part: Part) -> Piece | None:
        """The piece that was read before, or None where the file no longer has it."""
        size = part.end.offset - part.start.offset
        if not part.end.matches(self.file):
            return None
        block = self.file.read(part.start.offset, size)
        if len(block) < size:
            return None
        parts = content(block, self._reading, mid_line=part.start.mid_line)
        self.cursor = part.end
        return Piece(self, part.start, part.end, parts)

    def handed_over(self, end: Position) -> None:
        self.record.position = end

    def rewind(self) -> None:
        """Back to what has been handed over."""
        self.cursor = self.record.position
        self._exhausted = None

    def continue_in(self, file: OpenFile) -> None:
        """Read on in another file that begins with the same bytes."""
        self.file = file
        self.record.device, self.record.inode = file.key
        self._exhausted = None

    @property
    def _reading(self) -> Reading:
        record = self.record
        # None for one that another version knew: what is read then waits in the spool for that version.
        known = self._formats.find(record.format)
        first_line = known.first_line if known else ""
        untimed_line = known.untimed_line if known else ""
        if record.container != PREFIXED:
            return Reading(
                record.format,
                record.container,
                first_line,
                record.max_line_size,
                untimed_line,
                multiline=record.multiline,
            )
        given = record.format if record.is_given else ""
        return Reading(
            record.format,
            "none",
            first_line,
            record.max_line_size,
            prefixed=self._formats,
            given_format=given,
            multiline=record.multiline,
        )

    def _look(self) -> tuple[bool, bool]:
        """Whether the file has been quiet for long enough that its last record is whole, and that its last line is."""
        seen = _size_and_time(self.file)
        if seen != self._seen:
            self._seen = seen
            self._changed_at = time.monotonic()
        quiet = time.monotonic() - self._changed_at
        settled = quiet >= self._flush_after
        if self.file.compressed:
            return settled, settled
        final = self.gone and quiet >= self._finish_after
        return settled or final, final

    def _read(self, look: object, settled: bool, final: bool) -> Piece | None:
        start = self.cursor
        context = start.offset - start.context_start
        block_size = max(_BLOCK_BYTES, self.record.max_line_size + 1)
        view = self.file.read(start.context_start, context + block_size)
        if not start.follows(view):
            raise Truncated
        block = view[context:]
        is_full = len(block) == block_size
        found = Cut(0)
        if block:
            found = cut(block, self._reading, mid_line=start.mid_line, is_full=is_full, settled=settled, final=final)
        parts = content(block[: found.length], self._reading, mid_line=start.mid_line)
        # Not before: what fails is tried again.
        if not is_full:
            self._exhausted = look
        if found.length == 0:
            return None
        self.cursor = start.moved(view, found.length, found.mid_line)
        return Piece(self, start, self.cursor, parts)

    def _recognise(self, settled: bool, final: bool) -> bool:
        """Detect format and container if not known yet; False if there is too little data."""
        record = self.record
        if record.format and record.container != "auto":
            return True
        head = self.file.read(0, _HEAD_BYTES).lstrip(b"\0\n")
        is_full = len(head) > _HEAD_BYTES // 2
        head = head if is_full or final else head[: head.rfind(b"\n") + 1]
        if not head:
            return False
        container = self._container_of(head) if record.container == "auto" else record.container
        format_name = record.format or self._detect(unwrap(head, container), container)
        if not format_name:
            if settled or is_full:
                raise PayloadError(
                    f"The format of {record.path} is not recognised from its first lines, so it is not read. "
                    "Name it as format in collector.files, or exclude the file."
                )
            return False
        record.container, record.format = container, format_name
        return True

    def _container_of(self, head: bytes) -> str:
        container = container_of(head)
        return PREFIXED if container == "none" and is_wrapped(head, self._formats, self.record.format) else container

    def _detect(self, head: bytes, container: str) -> str:
        """The format of the first line that has one: a gateway may say other things before its first request."""
        if container == PREFIXED:
            anything = self._formats.anything.name
            names = (part.format for part in Unwrapping(self._formats).parts(head))
            return next((name for name in names if name != anything), anything)
        for _ in range(_HEAD_LINES):
            if found := self._formats.recogniser.detect(head):
                return found
            _, _, head = head.partition(b"\n")
            if not head:
                break
        return ""


def _size_and_time(file: OpenFile) -> tuple[int, int]:
    status = file.stat()
    return status.st_size, status.st_mtime_ns
