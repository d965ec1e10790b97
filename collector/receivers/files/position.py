"""A place in a file, with marks by which a file is known again whatever its name and inode are."""

from hashlib import blake2b
from typing import Protocol

import msgspec

MARK_BYTES = 1024

# Fewer bytes than this may well begin two files that have nothing to do with each other.
_IDENTIFYING_BYTES = 256


class Readable(Protocol):
    """What positions are places in."""

    def read(self, offset: int, size: int) -> bytes:
        """Up to so many bytes."""


class Position(msgspec.Struct, frozen=True):
    """How far a file has been read.

    `head` and `tail` are digests of its first bytes and of those before `offset`; `mid_line` says that what follows is
    the rest of a line that is not wanted.
    """

    offset: int = 0
    mid_line: bool = False
    head: str = ""
    head_size: int = 0
    tail: str = ""

    @property
    def context_start(self) -> int:
        """Where to start to read so that the marks can be checked and moved on."""
        return max(0, self.offset - MARK_BYTES)

    @property
    def is_certain(self) -> bool:
        """Whether the marks alone identify the file."""
        return self.offset >= _IDENTIFYING_BYTES

    def follows(self, view: bytes) -> bool:
        """Whether the bytes from `context_start` on are still those before the position."""
        before = view[: self.offset - self.context_start]
        return self.offset == 0 or (len(before) == self.offset - self.context_start and digest(before) == self.tail)

    def matches(self, file: Readable) -> bool:
        """Whether a file begins with what was read up to here."""
        return self.offset == 0 or (self.begins(file) and self.follows(file.read(self.context_start, MARK_BYTES)))

    def begins(self, file: Readable) -> bool:
        """Whether a file's first bytes are the same."""
        return digest(file.read(0, self.head_size)) == self.head

    def moved(self, view: bytes, length: int, mid_line: bool) -> "Position":
        """The position so many bytes on, from the bytes from `context_start` on."""
        start = self.context_start
        end = self.offset + length
        head, head_size = self.head, self.head_size
        if head_size < MARK_BYTES:
            head_size = min(MARK_BYTES, end)
            head = digest(view[:head_size])
        tail = digest(view[max(0, end - MARK_BYTES) - start : end - start])
        return Position(end, mid_line, head, head_size, tail)


def position_at(file: Readable, offset: int) -> Position:
    """The position at an offset of a file; in the middle of a line, the rest of that line is not wanted."""
    head = file.read(0, min(MARK_BYTES, offset))
    tail = file.read(max(0, offset - MARK_BYTES), min(MARK_BYTES, offset))
    return Position(offset, not tail.endswith(b"\n") and offset > 0, digest(head), len(head), digest(tail))


def digest(data: bytes) -> str:
    return blake2b(data, digest_size=16).hexdigest()
