"""A frame of a segment with another body."""

from collector.receivers.protobuf_fields import fields, length_delimited, read_varint
from collector.spool.frame import BODY_NUMBER, varint
from storage.errors import PayloadError

_Field = tuple[int, bytes, bytes]


def body_of(frame: bytes) -> bytes | None:
    """The payload in a frame; None of one that was damaged on the disk."""
    parts = _fields(frame)
    return None if parts is None else next((value for number, value, _ in parts if number == BODY_NUMBER), b"")


def with_body(frame: bytes, body: bytes) -> bytes:
    """A frame that tells of a body what `frame` tells of its own."""
    parts = _fields(frame) or []
    message = b"".join(length_delimited(number, body) if number == BODY_NUMBER else whole for number, _, whole in parts)
    return varint(len(message)) + message


def _fields(frame: bytes) -> list[_Field] | None:
    _, start = read_varint(memoryview(frame), 0)
    try:
        return [(number, bytes(value), bytes(whole)) for number, value, whole in fields(memoryview(frame)[start:])]
    except PayloadError:
        return None
