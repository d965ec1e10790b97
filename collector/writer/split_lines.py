"""A payload of lines as two, where all of them at once are too many to store."""

from collector.formats.descriptor import Format
from collector.spool.frame_bodies import body_of, with_bodies


def split_lines(known: Format, frame: bytes) -> list[bytes]:
    """Two frames with a half of the lines each; none where a line does not stand for itself, or there is one only.

    None either of a frame that was damaged on the disk.
    """
    body = body_of(frame) if known.has_lines else None
    if body is None:
        return []
    end = body.find(b"\n", len(body) // 2) + 1 or body.rfind(b"\n") + 1
    return [] if end in (0, len(body)) else list(with_bodies(frame, (body[:end], body[end:])))
