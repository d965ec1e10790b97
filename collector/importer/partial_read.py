"""What can be read of a damaged file: all that is before the damage, instead of an error in the middle of a block."""

import bz2
import gzip
import io
import lzma
import zlib
from collections.abc import Callable
from typing import TYPE_CHECKING, BinaryIO

import zstandard

from collector.importer.export_file import BEGINNING, ExportFile, is_export_file
from collector.importer.zstd_file import ZstdFile

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_GZIP_MAGIC = b"\x1f\x8b"
_ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
_BZIP2_MAGIC = b"BZh"
_XZ_MAGIC = b"\xfd7zXZ"
_FAULTS = (OSError, EOFError, zlib.error, zstandard.ZstdError, lzma.LZMAError)


class _Whole(io.RawIOBase):
    """What can only be read on, such as a pipe, with its beginning, which has been read, before it."""

    def __init__(self, beginning: bytes, rest: BinaryIO) -> None:
        self._beginning = beginning
        self._rest = rest

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        target = memoryview(buffer).cast("B")
        data = self._beginning[: len(target)] or self._rest.read(len(target))
        self._beginning = self._beginning[len(target) :]
        target[: len(data)] = data
        return len(data)


class PartialRead(io.RawIOBase):
    """A plain, gzip, zstd, bzip2 or xz file, unpacked, or one of exports as lines.

    It ends where it is damaged, and `fault` says so then.
    """

    def __init__(self, packed: BinaryIO) -> None:
        """`packed` is at its beginning, and may be a pipe; raises OSError where that cannot be read."""
        self._readinto = _reading(packed)
        self.fault: Exception | None = None

    @property
    def is_cut_off(self) -> bool:
        """Whether the end is all that is wrong with it."""
        return isinstance(self.fault, EOFError)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        if self.fault is not None:
            return 0
        try:
            return self._readinto(memoryview(buffer).cast("B"))
        except _FAULTS as error:
            self.fault = error
            return 0


def _reading(packed: BinaryIO) -> Callable[[memoryview], int]:
    """Fills a buffer, or a part of it; what it has unpacked comes before what it fails at."""
    magic = packed.read(BEGINNING)
    if packed.seekable():
        packed.seek(0)
        whole = packed
    else:
        whole = io.BufferedReader(_Whole(magic, packed))
    if is_export_file(magic):
        return _copying(ExportFile(whole).read)
    if magic.startswith(_GZIP_MAGIC):
        return _copying(gzip.GzipFile(fileobj=whole).read1)
    if magic.startswith(_ZSTD_MAGIC):
        return _copying(ZstdFile(whole).read)
    if magic.startswith(_BZIP2_MAGIC):
        return _copying(bz2.BZ2File(whole).read1)
    if magic.startswith(_XZ_MAGIC):
        return _copying(lzma.LZMAFile(whole).read1)
    return whole.readinto if isinstance(whole, io.BufferedReader) else _copying(whole.read)


def _copying(read: Callable[[int], bytes | None]) -> Callable[[memoryview], int]:
    def readinto(target: memoryview) -> int:
        data = read(len(target)) or b""
        target[: len(data)] = data
        return len(data)

    return readinto
