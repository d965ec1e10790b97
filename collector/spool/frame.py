"""Payloads as bytes: a segment is a stream of length-delimited Protobuf messages, as ClickHouse reads them.

The message, whose body a transform may declare as a message of its own:

    message Payload {
        fixed64 received_at = 1;   // microseconds since the epoch
        string  environment = 2;
        string  gateway     = 3;
        string  peer        = 4;
        bytes   body        = 15;
        bytes   delivery    = 5;   // of a body that is known again when it is sent twice
        fixed64 checksum    = 16;  // XXH3 of everything before it, the length prefix included
        fixed32 size        = 17;  // the length prefix once more, to find the beginning from the end
        fixed32 end         = 14;  // written last: a frame without it was cut off
    }

ClickHouse skips the fields behind the body, which no schema declares. Frames of versions before the checksum end with
`end` right behind the body.

https://protobuf.dev/programming-guides/encoding/
"""

import struct
from collections.abc import Iterator

from xxhash import xxh3_64

from collector.encoding.protobuf import varint
from collector.spool.payload import Delivery, Payload

_RECEIVED_AT = b"\x09"
_ENVIRONMENT = b"\x12"
_GATEWAY = b"\x1a"
_PEER = b"\x22"
_BODY = b"\x7a"
BODY_NUMBER = 15
END = b"\x75\xe5\x1d\xa9\x5e"

_HEAD = struct.Struct("<cQ")
DELIVERY = struct.Struct("<2s16s16sHH")
DELIVERY_TAG = b"\x2a\x24"
# Checksum, size and end, each behind its tag.
TAIL = struct.Struct("<2sQ2sI5s")
CHECKSUM_TAG = b"\x81\x01"
SIZE_TAG = b"\x8d\x01"
# The fields behind the body, by number.
TAIL_NUMBERS = frozenset({5, 14, 16, 17})


class FrameWriter:
    """Makes one frame around a body of `size` bytes, which may come in pieces; `payload.body` is not looked at."""

    def __init__(self, payload: Payload, size: int, *, has_delivery: bool) -> None:
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
        self._message_size = len(head) + size + TAIL.size + (DELIVERY.size if has_delivery else 0)
        self.head = varint(self._message_size) + head
        self.size = self._message_size + len(self.head) - len(head)
        self._checksum = xxh3_64(self.head)

    def add(self, piece: bytes | memoryview) -> None:
        """Take note of the next piece of the body."""
        self._checksum.update(piece)

    def tail(self, delivery: Delivery | None) -> bytes:
        """What stands behind the body; to be asked for once, when all of it has been added."""
        delivery_field = b""
        if delivery is not None:
            delivery_field = DELIVERY.pack(DELIVERY_TAG, delivery.key, delivery.digest, delivery.part, delivery.parts)
            self._checksum.update(delivery_field)
        return delivery_field + TAIL.pack(CHECKSUM_TAG, self._checksum.intdigest(), SIZE_TAG, self._message_size, END)


def encode(payload: Payload) -> bytes:
    """The payload as one length-delimited frame."""
    return b"".join(encoded_parts(payload))


def encoded_parts(payload: Payload) -> tuple[bytes, bytes, bytes]:
    """The same in parts that follow each other, so that a large body need not be copied."""
    writer = FrameWriter(payload, len(payload.body), has_delivery=payload.delivery is not None)
    writer.add(payload.body)
    return writer.head, payload.body, writer.tail(payload.delivery)


def sealed_message(fields: bytes) -> bytes:
    """The frame of a message whose fields are `fields`, those of the tail left out."""
    size = len(fields) + TAIL.size
    prefix = varint(size)
    checksum = xxh3_64(prefix)
    checksum.update(fields)
    return b"".join((prefix, fields, TAIL.pack(CHECKSUM_TAG, checksum.intdigest(), SIZE_TAG, size, END)))


def frames(data: bytes | memoryview) -> Iterator[memoryview]:
    """The whole frames of a segment that is known to be sound, length prefix included; ends before a torn one.

    Checksums are not compared: `collector.spool.inspection` does that.
    """
    view = memoryview(data)
    position = 0
    while position < len(view):
        size, start = read_prefix(view, position)
        end = start + size
        if size == 0 or end > len(view) or view[end - len(END) : end] != END:
            return
        yield view[position:end]
        position = end


def read_prefix(view: memoryview | bytes, position: int) -> tuple[int, int]:
    """The number at a position and the position behind it; (0, position) when there is none."""
    number = shift = 0
    for offset in range(position, min(position + 10, len(view))):
        byte = view[offset]
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            return number, offset + 1
        shift += 7
    return 0, position


def body_bounds(view: memoryview | bytes, start: int, end: int) -> tuple[int, int] | None:
    """Where the body of a message lies that begins at `start` and ends at or behind `end`; None where it is none.

    The view may end before the body does.
    """
    if view[start : start + 1] != _RECEIVED_AT:
        return None
    position = start + _HEAD.size
    for tag in (_ENVIRONMENT, _GATEWAY, _PEER):
        if view[position : position + 1] == tag:
            length, position = read_prefix(view, position + 1)
            position += length
    if view[position : position + 1] != _BODY:
        return None
    length, begin = read_prefix(view, position + 1)
    return (begin, begin + length) if begin > position + 1 and begin + length <= end else None


def _text(tag: bytes, text: str) -> bytes:
    if not text:
        return b""
    encoded = text.encode()
    return tag + varint(len(encoded)) + encoded
