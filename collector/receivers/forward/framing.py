"""Where one message ends and the next begins: MessagePack has no frames, so a message ends where its value ends."""

import re

from msgspec import DecodeError, Raw
from msgspec.msgpack import Decoder

from storage.errors import PayloadError, PayloadTooLarge

_SKIP = Decoder(Raw)

# msgspec tells where a value ends only in its error about what follows it.
_TRAILING = re.compile(r"trailing characters \(byte (\d+)\)")
_CUT_OFF = "Input data was truncated"

_NIL = 0xC0
_LARGE_ARRAYS = (0xDC, 0xDD)


class Framer:
    """Takes bytes as they come, gives whole messages."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._parts: list[bytes] = []
        self.size = 0

    def feed(self, data: bytes) -> None:
        self._parts.append(data)
        self.size += len(data)

    def messages(self) -> list[bytes]:
        """The messages that are whole by now; raises PayloadError where the next can never be one.

        Looks at everything that waits from its beginning: callers should not ask again for each byte.
        """
        data = b"".join(self._parts)
        found: list[bytes] = []
        position = 0
        try:
            while position < len(data) and (size := self._message_size(memoryview(data)[position:])):
                found.append(data[position : position + size])
                position += size
        except PayloadError:
            # The messages before it are whole.
            if not found:
                raise
        self._parts = [data[position:]] if position < len(data) else []
        self.size = len(data) - position
        return found

    def _message_size(self, data: memoryview) -> int:
        _check_start(data[0])
        size = value_size(data)
        if (size or len(data)) > self._limit:
            raise PayloadTooLarge(
                f"A message is larger than {self._limit} bytes; let the agent send smaller chunks, or raise "
                "collector.forward.max_chunk_size."
            )
        return size


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


def array_header(size: int) -> bytes:
    """What stands before the elements of an array."""
    return b"\xdd" + size.to_bytes(4, "big")


def _check_start(code: int) -> None:
    """Tell a client that speaks something else at once, instead of when its idle time is over."""
    if not (0x90 <= code <= 0x9F or code in _LARGE_ARRAYS or code == _NIL):
        raise PayloadError(
            f"The client does not speak Fluent Forward (first byte 0x{code:02x}); check what it sends to this port, "
            "and that TLS is on for both or for neither."
        )
