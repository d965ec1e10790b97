"""What can be read of a damaged file: all that is before the damage, instead of an error in the middle of a block."""

import gzip
import io
import zlib
from collections.abc import Callable
from typing import TYPE_CHECKING, BinaryIO

import zstandard

from collector.zstd_file import ZstdFile

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_GZIP_MAGIC = b"\x1f\x8b"
_ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"


class PartialRead(io.RawIOBase):
    """A plain, gzip or zstd file, unpacked; it ends where it is damaged, and `fault` says so then."""

    def __init__(self, packed: BinaryIO) -> None:
        """`packed` is at its beginning; raises OSError where that cannot be read."""
        self._read = _reading(packed)
        self.fault: Exception | None = None

    @property
    def is_cut_off(self) -> bool:
        """Whether the end is all that is wrong with it."""
        return isinstance(self.fault, EOFError)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        target = memoryview(buffer).cast("B")
        if self.fault is not None:
            return 0
        try:
            data = self._read(len(target))
        except (OSError, EOFError, zlib.error, zstandard.ZstdError) as error:
            self.fault = error
            return 0
        target[: len(data)] = data
        return len(data)


def _reading(packed: BinaryIO) -> Callable[[int], bytes]:
    """Gives up to so many bytes; what it has unpacked comes before what it fails at."""
    magic = packed.read(4)
    packed.seek(0)
    if magic.startswith(_GZIP_MAGIC):
        return gzip.GzipFile(fileobj=packed).read1
    if magic == _ZSTD_MAGIC:
        return ZstdFile(packed).read
    return packed.read
