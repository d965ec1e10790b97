"""MessagePack as agents really write it: text that is no UTF-8, and keys of any type.

Slow, and only for what msgspec refuses: agents pass on the bytes of a log file as they are, and one broken character
must not cost a batch. https://github.com/msgpack/msgpack/blob/master/spec.md
"""

import struct
from collections.abc import Callable

from msgspec.msgpack import Ext

from storage.errors import PayloadError

_DEEPEST = 100

# Format byte: how to read the number that follows it.
_NUMBERS = {
    0xCA: struct.Struct(">f"),
    0xCB: struct.Struct(">d"),
    0xCC: struct.Struct(">B"),
    0xCD: struct.Struct(">H"),
    0xCE: struct.Struct(">I"),
    0xCF: struct.Struct(">Q"),
    0xD0: struct.Struct(">b"),
    0xD1: struct.Struct(">h"),
    0xD2: struct.Struct(">i"),
    0xD3: struct.Struct(">q"),
}
_CONSTANTS = {0xC0: None, 0xC2: False, 0xC3: True}
# Format byte: bytes of the length that follows it.
_STRINGS = {0xD9: 1, 0xDA: 2, 0xDB: 4, 0xC4: 1, 0xC5: 2, 0xC6: 4}
_ARRAYS = {0xDC: 2, 0xDD: 4}
_MAPS = {0xDE: 2, 0xDF: 4}
_FIXED_EXTENSIONS = {0xD4: 1, 0xD5: 2, 0xD6: 4, 0xD7: 8, 0xD8: 16}
_EXTENSIONS = {0xC7: 1, 0xC8: 2, 0xC9: 4}


def text(value: bytes) -> str:
    """Bytes as text; what is no UTF-8 stays readable, as '\\xff'."""
    return value.decode("utf-8", "backslashreplace")


def decode(data: bytes, as_text: Callable[[bytes], str | bytes] = text) -> object:
    """One value, its strings and its binary through `as_text`; raises PayloadError."""
    return _Reader(data, as_text).value()


class _Reader:
    def __init__(self, data: bytes, as_text: Callable[[bytes], str | bytes]) -> None:
        self._data = data
        self._as_text = as_text
        self._position = 0

    def value(self, depth: int = 0) -> object:
        if depth > _DEEPEST:
            raise PayloadError(f"A record is nested deeper than {_DEEPEST} levels; send it flatter.")
        code = self._number(1)
        if code <= 0x7F or code >= 0xE0:
            return code if code <= 0x7F else code - 0x100
        if code <= 0x8F or code in _MAPS:
            return self._map(code & 0x0F if code <= 0x8F else self._number(_MAPS[code]), depth)
        if code <= 0x9F or code in _ARRAYS:
            size = code & 0x0F if code <= 0x9F else self._number(_ARRAYS[code])
            return [self.value(depth + 1) for _ in range(size)]
        if code <= 0xBF or code in _STRINGS:
            return self._as_text(self._take(code & 0x1F if code <= 0xBF else self._number(_STRINGS[code])))
        return self._other(code)

    def _other(self, code: int) -> object:
        if code in _CONSTANTS:
            return _CONSTANTS[code]
        if code in _NUMBERS:
            (number,) = _NUMBERS[code].unpack(self._take(_NUMBERS[code].size))
            return number
        if code in _FIXED_EXTENSIONS or code in _EXTENSIONS:
            size = _FIXED_EXTENSIONS.get(code) or self._number(_EXTENSIONS[code])
            kind = self._number(1)
            return Ext(kind if kind < 0x80 else kind - 0x100, self._take(size))
        raise PayloadError(f"Byte {self._position - 1} of a record is no MessagePack.")

    def _map(self, size: int, depth: int) -> dict[str | bytes, object]:
        found: dict[str | bytes, object] = {}
        for _ in range(size):
            key = self.value(depth + 1)
            found[key if isinstance(key, (str, bytes)) else str(key)] = self.value(depth + 1)
        return found

    def _number(self, size: int) -> int:
        return int.from_bytes(self._take(size), "big")

    def _take(self, size: int) -> bytes:
        end = self._position + size
        if end > len(self._data):
            raise PayloadError("A record is cut off.")
        taken = self._data[self._position : end]
        self._position = end
        return taken
