"""The segment that grows: frames are appended to it, durable on return, until it is sealed."""

import os
import time
from collections.abc import Iterable
from pathlib import Path

from collector.spool.segment import OPEN, file_name
from storage.durable import sync_directory

# The most parts that one writev takes.
_PARTS_AT_ONCE = os.sysconf("SC_IOV_MAX")


class OpenSegment:
    """A file of frames that is open for more; raises OSError where it cannot be made."""

    def __init__(self, directory: Path, created_ns: int, format_name: str) -> None:
        self.path = directory / f"{file_name(created_ns, format_name, f'{format_name}-{created_ns}')}{OPEN}"
        self._descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
        try:
            sync_directory(directory)
        except OSError:
            self.close()
            self.path.unlink(missing_ok=True)
            raise
        self.opened = time.monotonic()
        self.size = 0
        self._is_torn = False

    def append(self, parts: Iterable[bytes]) -> None:
        """Write and sync the parts of whole frames; raises OSError, and leaves nothing of them behind."""
        self.mend()
        try:
            written = write_parts(self._descriptor, parts)
            os.fdatasync(self._descriptor)
        except OSError:
            self._is_torn = True
            self.mend()
            raise
        self.size += written

    def mend(self) -> None:
        """Cut off what a failed write has left: half a frame in the middle would hide what is written after it.

        Raises OSError where that fails too; it has to be done before the segment is sealed.
        """
        if self._is_torn:
            os.ftruncate(self._descriptor, self.size)
            self._is_torn = False

    def close(self) -> None:
        os.close(self._descriptor)


def write_parts(descriptor: int, parts: Iterable[bytes | memoryview]) -> int:
    """Write parts one after the other, not joined, for large ones are expensive to copy; returns their size."""
    waiting = [memoryview(part) for part in parts]
    size = sum(map(len, waiting))
    first = 0
    while first < len(waiting):
        written = os.writev(descriptor, waiting[first : first + _PARTS_AT_ONCE])
        while first < len(waiting) and written >= len(waiting[first]):
            written -= len(waiting[first])
            first += 1
        if written:
            waiting[first] = waiting[first][written:]
    return size
