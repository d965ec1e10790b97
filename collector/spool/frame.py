"""Payloads as bytes: a segment is a stream of length-delimited Protobuf messages, as ClickHouse reads them.

The message, whose body a transform may declare as a message of its own:

    message Payload {
        fixed64 received_at = 1;   // microseconds since the epoch
        string  environment = 2;
        string  gateway     = 3;
        string  peer        = 4;
        bytes   body        = 15;
        fixed32 end         = 14;  // written last: a frame without it was cut off
    }

https://protobuf.dev/programming-guides/encoding/
"""

import struct
from collections.abc import Iterator

from collector.payload import Payload

_RECEIVED_AT = b"\x09"
_ENVIRONMENT = b"\x12"
_GATEWAY = b"\x1a"
_PEER = b"\x22"
_BODY = b"\x7a"
BODY_NUMBER = 15
END = b"\x75\xe5\x1d\xa9\x5e"

_HEAD = struct.Struct("<cQ")


def encode(payload: Payload) -> bytes:
    """The payload as one length-delimited frame."""
    return b"".join(encoded_parts(payload))


def encoded_parts(payload: Payload) -> tuple[bytes, bytes, bytes]:
    """The same in parts that follow each other, so that a large body need not be copied."""
    return frame_head(payload, len(payload.body)), payload.body, END


def frame_head(payload: Payload, size: int) -> bytes:
    """What stands before a body of `size` bytes, whatever `payload.body` is; END stands after it."""
    head = b"".join(
        (
            _HEAD.pack(_RECEIVED_AT, payload.received_at_us),
            _text(_ENVIRONMENT, payload.environment),
            _text(_GATEWAY, payload.gateway),
            _text(_PEER, payload.peer),
            _BODY,
            varint(size),
        )
    )
    return varint(len(head) + size + len(END)) + head


def frames(data: bytes | memoryview) -> Iterator[memoryview]:
    """The whole frames of a segment, length prefix included; ends before the first that is cut off."""
    view = memoryview(data)
    position = 0
    while position < len(view):
        size, start = _read_varint(view, position)
        end = start + size
        if size == 0 or end > len(view) or view[end - len(END) : end] != END:
            return
        yield view[position:end]
        position = end


def varint(number: int) -> bytes:
    """A non-negative integer in Protobuf's base-128 encoding."""
    encoded = bytearray()
    while number > 0x7F:
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    encoded.append(number)
    return bytes(encoded)


def _text(tag: bytes, text: str) -> bytes:
    if not text:
        return b""
    encoded = text.encode()
    return tag + varint(len(encoded)) + encoded


def _read_varint(view: memoryview, position: int) -> tuple[int, int]:
    """The number at a position and the position behind it; (0, position) when there is none."""
    number = shift = 0
    for offset in range(position, min(position + 10, len(view))):
        byte = view[offset]
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            return number, offset + 1
        shift += 7
    return 0, position
