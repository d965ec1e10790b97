"""An open file, plain or gzip, read at any offset."""

import gzip
import os
import zlib
from io import FileIO
from pathlib import Path
from typing import NamedTuple

_SKIP_BYTES = 1 << 20
_NO_DESCRIPTOR = -1


class Key(NamedTuple):
    """Identifies a file while it exists."""

    device: int
    inode: int


class OpenFile:
    """A file that stays readable when it is renamed or deleted; offsets in a gzip file are those of its content."""

    def __init__(self, path: Path, compressed: bool = False) -> None:
        self._descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        self.compressed = compressed
        self._packed = os.fdopen(self._descriptor, "rb", buffering=0)
        self._unpacked = _unpacking(self._packed) if compressed else None
        self.key = key_of(self.stat())

    def stat(self) -> os.stat_result:
        return os.fstat(self._descriptor)

    def read(self, offset: int, size: int) -> bytes:
        """Up to so many bytes; raises OSError, of a gzip file BadGzipFile too, and EOFError where that is cut off."""
        if self._unpacked is None:
            return os.pread(self._descriptor, size, offset)
        try:
            self._unpacked.seek(offset)
            return self._unpacked.read(size)
        except (OSError, EOFError, zlib.error) as error:
            # From its beginning the next time: it may be another by then, or have its end.
            self._unpacked = _unpacking(self._packed)
            if isinstance(error, zlib.error):
                raise gzip.BadGzipFile(str(error)) from error
            raise

    def end(self) -> int:
        """The offset behind the last byte."""
        if self._unpacked is None:
            return self.stat().st_size
        offset = 0
        while block := self.read(offset, _SKIP_BYTES):
            offset += len(block)
        return offset

    def close(self) -> None:
        """Later reads fail; the descriptor's number may be another file's by then."""
        self._descriptor = _NO_DESCRIPTOR
        if self._unpacked is not None:
            self._unpacked.close()
        self._packed.close()


def _unpacking(packed: FileIO) -> gzip.GzipFile:
    packed.seek(0)
    return gzip.GzipFile(fileobj=packed, mode="rb")


def key_of(stat: os.stat_result) -> Key:
    return Key(stat.st_dev, stat.st_ino)
