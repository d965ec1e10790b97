"""Where one message ends and the next begins: MessagePack has no frames, so a message ends where its value ends."""

import re
from dataclasses import dataclass

from msgspec import DecodeError, Raw
from msgspec.msgpack import Decoder

from storage.errors import PayloadError, PayloadTooLarge

_SKIP = Decoder(Raw)

# msgspec tells where a value ends only in its error about what follows it.
_TRAILING = re.compile(r"trailing characters \(byte (\d+)\)")
_CUT_OFF = "Input data was truncated"

_NIL = 0xC0
_STRING_8 = 0xD9
# By the first byte of a large array, the bytes before its first element.
_LARGE_ARRAYS = {0xDC: 3, 0xDD: 5}

Data = bytes | memoryview


@dataclass(frozen=True, slots=True)
class Batch:
    """A whole message [tag, entries] or [tag, entries, options], as its parts.

    Of a large message the entries are almost everything: here they are neither copied nor passed over a second time.
    """

    parts: tuple[memoryview, ...]


# As it came, but for batches.
Whole = bytes | Batch


class Framer:
    """Takes bytes as they come, gives whole messages."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._parts: list[bytes] = []
        self.size = 0

    def feed(self, data: bytes) -> None:
        self._parts.append(data)
        self.size += len(data)

    def messages(self) -> list[Whole]:
        """The messages that are whole by now; raises PayloadError where the next can never be one.

        Looks at everything that waits from its beginning: callers should not ask again for each byte.
        """
        data = b"".join(self._parts)
        view = memoryview(data)
        found: list[Whole] = []
        position = 0
        try:
            while position < len(data):
                message, size = self._message(view[position:])
                if message is None:
                    break
                found.append(message)
                position += size
        except PayloadError:
            # The messages before it are whole.
            if not found:
                raise
        # A copy, for a view would keep all that was before it.
        self._parts = [data[position:]] if position < len(data) else []
        self.size = len(data) - position
        return found

    def _message(self, data: memoryview) -> tuple[Whole | None, int]:
        """The message that bytes begin with, and its size; None and 0 where it is not whole."""
        _check_start(data[0])
        parts = _parts(data)
        size = sum(map(len, parts)) if all(parts) else 0
        if (size or len(data)) > self._limit:
            raise PayloadTooLarge(
                f"A message is larger than {self._limit} bytes; let the agent send smaller chunks, or raise "
                "collector.forward.max_chunk_size."
            )
        if not size:
            return None, 0
        return (Batch(tuple(parts[1:])) if len(parts) > 1 else bytes(data[:size])), size


def _parts(data: memoryview) -> list[memoryview]:
    """The header of a batch and its parts, or a whole message; the last is empty where it is not whole yet."""
    start = _entries_start(data)
    if not start:
        return [data[: value_size(data)]]
    parts = [data[:1], data[1:start]]
    while parts[-1] and len(parts) <= data[0] & 0x0F:
        rest = data[start:]
        parts.append(rest[: value_size(rest)])
        start += len(parts[-1])
    return parts


def _entries_start(data: memoryview) -> int:
    """Where the entries of a batch begin, behind a tag of usual length; 0 where there is none to be seen."""
    if data[0] not in (0x92, 0x93) or len(data) < 3:
        return 0
    tag = data[1]
    if 0xA0 <= tag <= 0xBF:
        start = 2 + (tag & 0x1F)
    elif tag == _STRING_8:
        start = 3 + data[2]
    else:
        return 0
    return start if start < len(data) and is_array(data[start]) else 0


def value_size(data: memoryview) -> int:
    """The length of the first value, 0 where it is not whole; raises PayloadError where it is none."""
    try:
        _SKIP.decode(data)
    except DecodeError as error:
        message = str(error)
        if message.startswith(_CUT_OFF):
            return 0
        if (trailing := _TRAILING.search(message)) is not None:
            return int(trailing[1])
        raise PayloadError(f"The message is no MessagePack: {message}.") from error
    except RecursionError as error:
        raise PayloadError("The message is nested too deep; send it flatter.") from error
    return len(data)


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


def _check_start(code: int) -> None:
    """Tell a client that speaks something else at once, instead of when its idle time is over."""
    if not (is_array(code) or code == _NIL):
        raise PayloadError(
            f"The client does not speak Fluent Forward (first byte 0x{code:02x}); check what it sends to this port, "
            "and that TLS is on for both or for neither."
        )
