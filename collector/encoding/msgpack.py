"""MessagePack as agents really write it: where values end, and one value read leniently.

https://github.com/msgpack/msgpack/blob/master/spec.md
"""

from collections.abc import Iterator
from typing import Any

import msgpack  # type: ignore[import-untyped]
from msgspec.msgpack import Ext

from collector.errors import PayloadError

Data = bytes | bytearray | memoryview

# How much is handed to the library at a time: it copies what it has not passed over yet.
_PIECE_BYTES = 256 << 10
# Whole records are handed on as JSON, which is read and written by recursion.
_DEEPEST = 100
# By the first byte of a large array, the bytes before its first element.
_LARGE_ARRAYS = {0xDC: 3, 0xDD: 5}
_TOO_DEEP = "The message is nested too deep; send it flatter."
_NO_MESSAGEPACK = "The message is no MessagePack; check what the client sends."


class NotWhole(Exception):
    """The end of a value has not come yet."""


class Values:
    """Passes over values, one after the other, in bytes that come in pieces; none is looked at twice.

    `end` is where the last one that was passed over ends.
    """

    def __init__(self, most: int) -> None:
        """A value of more than so many bytes is refused by who asks; no more is kept of it either."""
        self._unpacker = msgpack.Unpacker(raw=True, read_size=16 << 10, max_buffer_size=most + _PIECE_BYTES)
        self._fed = 0

    @property
    def end(self) -> int:
        return int(self._unpacker.tell())

    def skip(self, data: Data) -> None:
        """Pass over a value of bytes that may be incomplete in `data`; raises NotWhole, PayloadError."""
        self._call(self._unpacker.skip, data)

    def array(self, data: Data) -> int:
        """Pass over the header of an array; the number of its elements, which come next. Raises the same."""
        return int(self._call(self._unpacker.read_array_header, data))

    def _call(self, step: Any, data: Data) -> Any:
        while True:
            try:
                return step()
            except msgpack.OutOfData:
                if self._fed >= len(data):
                    raise NotWhole from None
                piece = memoryview(data)[self._fed : self._fed + _PIECE_BYTES]
                try:
                    self._unpacker.feed(piece)
                except msgpack.BufferFull:
                    raise NotWhole from None
                self._fed += len(piece)
            except msgpack.StackError as error:
                raise PayloadError(_TOO_DEEP) from error
            except ValueError as error:
                raise PayloadError(_NO_MESSAGEPACK) from error


def value_size(data: Data) -> int:
    """The length of the first value; 0 where it is not whole. Raises PayloadError where it is none."""
    values = Values(len(data))
    try:
        values.skip(data)
    except NotWhole:
        return 0
    return values.end


def ends(data: Data) -> Iterator[int]:
    """Where each value of a stream ends, up to the first that is none or not whole."""
    values = Values(len(data))
    while values.end < len(data):
        try:
            values.skip(data)
        except (NotWhole, PayloadError):
            return
        yield values.end


def is_array(code: int) -> bool:
    """Whether this is the first byte of an array."""
    return 0x90 <= code <= 0x9F or code in _LARGE_ARRAYS


def array_head(data: Data) -> tuple[int, int]:
    """How many elements an array has by its header, and the size of that."""
    if data[0] in _LARGE_ARRAYS:
        size = _LARGE_ARRAYS[data[0]]
        return int.from_bytes(data[1:size], "big"), size
    return data[0] & 0x0F, 1


def array_header(size: int) -> bytes:
    """What stands before the elements of an array."""
    return b"\xdd" + size.to_bytes(4, "big")


def decode(data: Data) -> object:
    """One whole value, as JSON may have it; raises PayloadError.

    Only for what msgspec refuses: agents pass on the bytes of a log file as they are, and one broken character must not
    cost a batch. Text that is no UTF-8 stays readable, as '\\xff'; keys that are no text become text; a timestamp
    (extension -1) is a datetime, every other extension stays one.
    """
    try:
        return as_text(
            msgpack.unpackb(
                data,
                raw=False,
                unicode_errors="backslashreplace",
                timestamp=3,
                strict_map_key=False,
                object_pairs_hook=_with_text_keys,
                ext_hook=Ext,
            )
        )
    except msgpack.StackError as error:
        raise PayloadError(_TOO_DEEP) from error
    except (ValueError, OverflowError) as error:
        raise PayloadError(_NO_MESSAGEPACK) from error


def decode_raw(data: Data) -> object:
    """One whole value, whose text and binary are bytes; raises PayloadError."""
    try:
        return msgpack.unpackb(data, raw=True, strict_map_key=False, object_pairs_hook=list, ext_hook=Ext)
    except (ValueError, OverflowError) as error:
        raise PayloadError(_NO_MESSAGEPACK) from error


def text(value: bytes) -> str:
    """Bytes as text; what is no UTF-8 stays readable, as '\\xff'."""
    return value.decode("utf-8", "backslashreplace")


def as_text(value: Any, depth: int = 0) -> Any:
    """The same with binary, and keys that are no text, as text; raises PayloadError where it is nested too deep."""
    if depth > _DEEPEST:
        raise PayloadError(f"A record is nested deeper than {_DEEPEST} levels; send it flatter.")
    if isinstance(value, dict):
        return {key_text(key): as_text(inner, depth + 1) for key, inner in value.items()}
    if isinstance(value, list):
        return [as_text(inner, depth + 1) for inner in value]
    return text(value) if isinstance(value, bytes) else value


def key_text(key: object) -> str:
    if isinstance(key, str):
        return key
    return text(key) if isinstance(key, bytes) else str(key)


def _with_text_keys(pairs: list[tuple[object, object]]) -> dict[str, object]:
    return {key_text(key): value for key, value in pairs}
