"""Which bytes of a segment's file are whole frames, as they were written, and which are not.

Behind damage the next sound frame is found from its end: there stands its size, and where that leads to, its length
prefix says the same, and the checksum holds for what lies between.
"""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from xxhash import xxh3_64, xxh3_64_intdigest

from collector.encoding.protobuf import varint
from collector.spool.frame import CHECKSUM_TAG, DELIVERY, DELIVERY_TAG, END, SIZE_TAG, TAIL, body_bounds, read_prefix
from collector.spool.payload import Delivery

_BLOCK_BYTES = 1 << 20
_PAGE_BYTES = 4096
# Blocks of a disk begin at multiples of it.
_SECTOR_BYTES = 512
_LONGEST_PREFIX = 10
# Texts before a body are as long as an address in HTTP at most.
_HEAD_BYTES = 256 << 10
# The cost of looking at one possible end of a frame, in bytes.
_LOOK_COST = 1024

Range = tuple[int, int]


@dataclass(frozen=True)
class Inspection:
    """Where the sound frames of a file are and where the rest, in order; frames side by side are one range.

    `cut_off` is a beginning of a frame at the end of the file.
    """

    size: int
    sound: Sequence[Range]
    damaged: Sequence[Range]
    cut_off: Range | None
    deliveries: Sequence[Delivery]

    @property
    def is_sound(self) -> bool:
        return not self.damaged and self.cut_off is None


class SegmentFile:
    """A file that is read in pieces, so that memory does not grow with it."""

    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
        self.size = os.fstat(self._descriptor).st_size
        self._begin = 0
        self._block = memoryview(b"")

    def __enter__(self) -> "SegmentFile":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._descriptor)

    def window(self, position: int, size: int) -> tuple[memoryview, int]:
        """A view with as many bytes as there are of those at a position, and where they begin in it."""
        offset = position - self._begin
        if offset < 0 or offset + size > len(self._block):
            self._begin, offset = position, 0
            self._block = memoryview(self.read(position, position + max(size, _BLOCK_BYTES)))
        return self._block, offset

    def pieces(self, start: int, end: int) -> Iterator[bytes]:
        for position in range(start, end, _BLOCK_BYTES):
            yield self.read(position, min(end, position + _BLOCK_BYTES))

    def read(self, start: int, end: int) -> bytes:
        """The bytes of a range, up to the end of the file; unreadable pages come as zeros."""
        end = min(end, self.size)
        if start >= end:
            return b""
        try:
            return os.pread(self._descriptor, end - start, start)
        except OSError:
            return b"".join(self._page(first, last) for first, last in _pages(start, end))

    def ends(self, position: int) -> Iterator[int]:
        """Where the mark ends that frames end with, each time it stands behind a position."""
        kept = b""
        while position < self.size:
            block = kept + self.read(position, position + _BLOCK_BYTES)
            begin = position - len(kept)
            found = block.find(END)
            while found >= 0:
                yield begin + found + len(END)
                found = block.find(END, found + len(END))
            position += _BLOCK_BYTES
            kept = block[1 - len(END) :]

    def sync(self) -> None:
        """Make its bytes durable."""
        os.fsync(self._descriptor)

    def _page(self, start: int, end: int) -> bytes:
        try:
            return os.pread(self._descriptor, end - start, start)
        except OSError:
            return bytes(end - start)


@dataclass(frozen=True, slots=True)
class _Frame:
    end: int
    checksum: int
    has_tail: bool


class _Scanner:
    def __init__(self, file: SegmentFile) -> None:
        self._file = file
        # So that data crafted to look like many frames cannot delay a start: the rest then counts as damage.
        self._budget = 4 * file.size + (64 << 20)

    def ranges(self) -> Iterator[tuple[int, _Frame | int]]:
        """Where each frame begins and what it is; of what is none, where it ends."""
        position = 0
        while position < self._file.size:
            frame = self._frame_at(position)
            if frame is None:
                start, frame = self._next_sound(position)
                yield position, start
                if frame is None:
                    return
                position = start
            yield position, frame
            position = frame.end

    def delivery(self, position: int, frame: _Frame) -> Delivery | None:
        """A frame's fields about its body."""
        start = frame.end - TAIL.size - DELIVERY.size
        if not frame.has_tail or start <= position:
            return None
        view, offset = self._file.window(start, DELIVERY.size)
        if view[offset : offset + 2] != DELIVERY_TAG:
            return None
        _, *recorded = DELIVERY.unpack_from(view, offset)
        # A body may end with anything.
        return Delivery(*recorded) if self._body_end(position, frame.end) == start else None

    def _frame_at(self, position: int) -> _Frame | None:
        view, offset = self._file.window(position, _LONGEST_PREFIX)
        size, start = read_prefix(view, offset)
        end = position + start - offset + size
        if size <= len(END) or end > self._file.size:
            return None
        length = end - position
        is_small = length <= _BLOCK_BYTES
        if is_small:
            view, offset = self._file.window(position, length)
        if is_small and length >= TAIL.size:
            tail = view[offset + length - TAIL.size : offset + length]
        else:
            # The shortest frames of versions without a checksum are shorter than a tail.
            tail = memoryview(self._file.read(max(position, end - TAIL.size), end).rjust(TAIL.size, b"\0"))
        checksum_tag, recorded, size_tag, recorded_size, mark = TAIL.unpack(tail)
        if mark != END:
            return None
        if (checksum_tag, size_tag) != (CHECKSUM_TAG, SIZE_TAG):
            # From before there were checksums: then the body reaches to the end.
            is_whole = self._body_end(position, end) == end - len(END)
            return _Frame(end, self._checksum(position, end), has_tail=False) if is_whole else None
        if recorded_size != size:
            return None
        if is_small:
            checksum = xxh3_64_intdigest(view[offset : offset + length - TAIL.size])
        else:
            checksum = self._checksum(position, end - TAIL.size)
        if checksum != recorded:
            self._budget -= length
            return None
        return _Frame(end, checksum, has_tail=True)

    def _next_sound(self, position: int) -> tuple[int, _Frame | None]:
        """Where the next sound frame begins; the end of the file where there is none."""
        for end in self._file.ends(position):
            self._budget -= _LOOK_COST
            if self._budget < 0:
                break
            start = self.start_before(end)
            # The next of those without a checksum is only found where the one before ends.
            start = end if start is None else start
            if start >= position and (frame := self._frame_at(start)) is not None:
                return start, frame
        return self._file.size, None

    def start_before(self, end: int) -> int | None:
        """Where a frame that ends here begins, by its tail; None without one, -1 where its prefix says otherwise."""
        if end < TAIL.size:
            return None
        checksum_tag, _, size_tag, size, _ = TAIL.unpack(self._file.read(end - TAIL.size, end))
        if (checksum_tag, size_tag) != (CHECKSUM_TAG, SIZE_TAG):
            return None
        prefix = varint(size)
        start = end - size - len(prefix)
        return start if start >= 0 and self._file.read(start, start + len(prefix)) == prefix else -1

    def _body_end(self, position: int, end: int) -> int:
        """Where the body of a frame ends; 0 where it has none."""
        head = self._file.read(position, min(end, position + _HEAD_BYTES))
        _, start = read_prefix(head, 0)
        bounds = body_bounds(head, start, end - position)
        return position + bounds[1] if bounds else 0

    def _checksum(self, start: int, end: int) -> int:
        checksum = xxh3_64()
        for piece in self._file.pieces(start, end):
            checksum.update(piece)
        return checksum.intdigest()


def inspect(file: SegmentFile, *, may_be_cut_off: bool) -> Inspection:
    """Look at all of a file; only one that was open when its process ended may be cut off without being damaged."""
    scanner = _Scanner(file)
    sound: list[Range] = []
    damaged: list[Range] = []
    deliveries: list[Delivery] = []
    for start, found in scanner.ranges():
        if isinstance(found, int):
            damaged.append((start, found))
            continue
        _append(sound, start, found.end)
        if (delivery := scanner.delivery(start, found)) is not None:
            deliveries.append(delivery)
    cut_off = None
    if may_be_cut_off and damaged and _is_cut_off(file, *damaged[-1]):
        cut_off = damaged.pop()
    if damaged:
        sound, damaged = _without_copies(file, cut_off)
    return Inspection(file.size, sound, damaged, cut_off, deliveries)


def last_delivery(file: SegmentFile) -> Delivery | None:
    """That of the last frame, where the end of the file is sound."""
    scanner = _Scanner(file)
    start = scanner.start_before(file.size)
    return None if start in (None, -1) else scanner.delivery(start, _Frame(file.size, 0, has_tail=True))


def _without_copies(file: SegmentFile, cut_off: Range | None) -> tuple[list[Range], list[Range]]:
    """The same ranges where a disk has mixed its blocks up: a frame that is in a copy of a block is sound once."""
    seen: set[tuple[int, int]] = set()
    sound: list[Range] = []
    damaged: list[Range] = []
    for start, found in _Scanner(file).ranges():
        if isinstance(found, int):
            if cut_off is None or start != cut_off[0]:
                _append(damaged, start, found)
        elif (place := (found.checksum, start % _SECTOR_BYTES)) in seen:
            _append(damaged, start, found.end)
        else:
            seen.add(place)
            _append(sound, start, found.end)
    return sound, damaged


def _append(ranges: list[Range], start: int, end: int) -> None:
    if ranges and ranges[-1][1] == start:
        start = ranges.pop()[0]
    ranges.append((start, end))


def _is_cut_off(file: SegmentFile, start: int, end: int) -> bool:
    """Whether what is there is the beginning of a longer frame."""
    if end != file.size or file.read(end - len(END), end) == END:
        return False
    head = file.read(start, min(end, start + _LONGEST_PREFIX + 1))
    size, behind = read_prefix(head, 0)
    if behind == 0:
        return len(head) < _LONGEST_PREFIX
    return start + behind + size > end and head[behind : behind + 1] in (b"", b"\x09")


def _pages(start: int, end: int) -> Iterator[Range]:
    """The parts of a range that lie in a page each."""
    while start < end:
        page_end = min(end, start - start % _PAGE_BYTES + _PAGE_BYTES)
        yield start, page_end
        start = page_end
