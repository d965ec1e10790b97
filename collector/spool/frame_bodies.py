"""A frame of a segment with other bodies."""

from collections.abc import Iterable, Iterator

from collector.encoding.protobuf import fields, length_delimited, read_varint
from collector.errors import PayloadError
from collector.spool.frame import BODY_NUMBER, TAIL_NUMBERS, sealed_message


def body_of(frame: bytes) -> bytes | None:
    """The payload in a frame; None of one that was damaged on the disk."""
    body = memoryview(b"")
    try:
        for number, value, _ in _fields(frame):
            if number == BODY_NUMBER:
                body = value
    except PayloadError:
        return None
    return bytes(body)


def with_bodies(frame: bytes, bodies: Iterable[bytes]) -> Iterator[bytes]:
    """One undamaged frame for each body, with the fields of `frame`."""
    listed = [(number, whole) for number, _, whole in _fields(frame) if number not in TAIL_NUMBERS]
    for body in bodies:
        yield sealed_message(
            b"".join(length_delimited(number, body) if number == BODY_NUMBER else whole for number, whole in listed)
        )


def _fields(frame: bytes) -> Iterator[tuple[int, memoryview, memoryview]]:
    view = memoryview(frame)
    _, start = read_varint(view, 0)
    return fields(view[start:])
