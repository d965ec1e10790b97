"""A payload of lines as two, where all of them at once are too many to store."""

from collections.abc import Iterable

from collector.receivers.protobuf_fields import fields, length_delimited, read_varint
from collector.spool.frame import BODY_NUMBER, varint
from collector.transforms.formats import Format
from storage.errors import PayloadError


def halves(known: Format, frame: bytes) -> list[bytes]:
    """Two frames with a half of the lines each; none where a line does not stand for itself, or there is one only.

    None either of a frame that was damaged on the disk.
    """
    if not known.has_lines:
        return []
    _, start = read_varint(memoryview(frame), 0)
    try:
        parts = [(number, bytes(value), bytes(whole)) for number, value, whole in fields(memoryview(frame)[start:])]
    except PayloadError:
        return []
    body = next((value for number, value, _ in parts if number == BODY_NUMBER), b"")
    end = body.find(b"\n", len(body) // 2) + 1 or body.rfind(b"\n") + 1
    if end in (0, len(body)):
        return []
    return [
        _framed(length_delimited(number, half) if number == BODY_NUMBER else whole for number, _, whole in parts)
        for half in (body[:end], body[end:])
    ]


def _framed(parts: Iterable[bytes]) -> bytes:
    message = b"".join(parts)
    return varint(len(message)) + message
