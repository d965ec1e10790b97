"""A zstd file read as a stream, whose end is checked: zstandard's own reader takes a file that is cut off for whole."""

import io
from typing import TYPE_CHECKING, BinaryIO

import zstandard

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_PACKED_BYTES = 64 << 10


class ZstdFile(io.RawIOBase):
    """Unpacks one frame after the other; raises EOFError where the last is cut off."""

    def __init__(self, packed: BinaryIO) -> None:
        self._packed = packed
        # Making one costs ten times as much as a small frame.
        self._frames = zstandard.ZstdDecompressor()
        self._frame: zstandard.ZstdDecompressionObj | None = None
        self._rest: bytes = b""
        self._unpacked = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        target = memoryview(buffer).cast("B")
        while not self._unpacked:
            packed = self._rest or self._packed.read(_PACKED_BYTES)
            if not packed:
                if self._frame is not None:
                    raise EOFError("the zstd file is cut off")
                return 0
            self._unpack(packed)
        size = min(len(target), len(self._unpacked))
        target[:size], self._unpacked = self._unpacked[:size], self._unpacked[size:]
        return size

    def _unpack(self, packed: bytes) -> None:
        frame = self._frame or self._frames.decompressobj()
        self._unpacked = memoryview(frame.decompress(packed))
        self._rest = frame.unused_data if frame.eof else b""
        self._frame = None if frame.eof else frame
