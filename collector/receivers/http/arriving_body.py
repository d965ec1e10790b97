"""A large body of plain lines goes to disk as it arrives: only its beginning is looked at before."""

from collections.abc import AsyncIterator

from collector.errors import PayloadError
from collector.formats.descriptor import Format
from collector.formats.registry import Formats
from collector.receivers.http.body import RequestBody
from collector.records.headed.log import unheaded
from collector.records.json_body import is_framed, recognised
from collector.records.place import Part

# How much of a body is read to recognise its format.
HEAD_BYTES = 64 << 10

# Each becomes a segment of its own, and only a large one is worth what it costs to plan a segment.
_LARGE = 32 << 20
# Where it is to be one anyway.
_LARGE_SEGMENT = 1 << 20


def is_large(body: RequestBody, known: Format, owns_segment: bool) -> bool:
    """Whether a body can be taken so, from what is known before it has come."""
    return known.is_text and not body.is_packed and body.announced_size >= (_LARGE_SEGMENT if owns_segment else _LARGE)


def is_plain(head: bytes, known: Format, formats: Formats) -> bool:
    """Whether a body that begins so is lines of a format, one record each, as the transform reads them."""
    lines = head[: head.rfind(b"\n") + 1]
    if not lines.strip() or is_framed(lines) or unheaded(lines, len(lines), formats, known.name) is not lines:
        return False
    return recognised(lines, formats, known.name) == [Part(known.name, lines)]


async def text(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The same chunks; raises PayloadError where one is no text."""
    async for chunk in chunks:
        if b"\0" in chunk:
            raise PayloadError(
                "The body is binary, and its format is lines of text; check the format in the address, and where it is "
                "packed its Content-Encoding."
            )
        yield chunk
