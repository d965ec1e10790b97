"""A log cut into blocks of whole lines, always at the same places; one that has grown, where it ended before."""

import hashlib
import io
import re
from collections.abc import Iterator, Set
from dataclasses import dataclass

from collector.importer.block import BlockSink
from storage.errors import GatelensError

# As large as fits into a body of HTTP with a long last line: planning a segment costs as much as storing 15,000 lines.
BLOCK_BYTES = 62 << 20
# What fits behind a block into a body of HTTP.
_REST_OF_LINE = 2 << 20
_ID_DIGITS = 32
# A block of several formats has a segment for each: the last of them has the id of the block, and what waits for it is
# not complete.
_PART = re.compile(r"_\d+")


@dataclass(frozen=True)
class Cut:
    """A block, and which of its segments are stored: whole when that with the id of the block is."""

    body: bytes
    segment_id: str
    is_stored: bool
    stored: Set[str]


def part_id(segment_id: str, number: int, parts: int) -> str:
    """The id of a part of a block; the last is sent when all others are durable, and stands for the whole block."""
    return segment_id if number == parts else f"{segment_id}_{number}"


def next_block(file: io.BufferedReader, rest: bytes, block_bytes: int) -> tuple[bytes, bytes]:
    """The next whole lines, and what belongs to the block after them: a last line that may not be at its end yet."""
    block = rest + file.read(max(block_bytes - len(rest), 0))
    if not block.endswith(b"\n"):
        most = block_bytes + _REST_OF_LINE
        block += file.readline(most - len(block))
        if len(block) >= most and b"\n" not in block:
            raise GatelensError(f"There is a line of {most} bytes or more; check that it is a log of lines.")
    whole = len(block) if block.endswith(b"\n") else block.rfind(b"\n") + 1 or len(block)
    return block[:whole], block[whole:]


def cuts(
    file: io.BufferedReader, first: bytes, rest: bytes, sink: BlockSink, prefix: str, identity: str, block_bytes: int
) -> Iterator[Cut]:
    """Blocks of whole lines from the `first` on, which has been read, as the `rest` behind it has.

    The identity of a block is that of everything up to its end, so that a log that has grown adds only what is new.
    """
    before = hashlib.sha256(identity.encode()).digest()
    body = first
    while body:
        beginning = f"{prefix}{before.hex()[:_ID_DIGITS]}-"
        # What was too much at once is stored in parts too, whose ids go on behind that of the block.
        stored = {segment_id.removeprefix(beginning) for segment_id in sink.stored(beginning)}
        ends = {segment_id[:_ID_DIGITS] for segment_id in stored}
        if ends and _digits(_end(before, body)) not in ends:
            length = _stored_part(ends, before, body)
            body, rest = body[:length], body[length:] + rest
        end = _end(before, body)
        own = {one for one in stored if one.startswith(_digits(end))}
        parts = {found[0] for one in own if (found := _PART.match(one, _ID_DIGITS))}
        segment_id = f"{beginning}{_digits(end)}"
        is_stored = any(not _PART.match(one, _ID_DIGITS) for one in own)
        yield Cut(body, segment_id, is_stored, {f"{segment_id}{part}" for part in parts})
        before = end
        body, rest = next_block(file, rest, block_bytes)


def _stored_part(ends: Set[str], before: bytes, body: bytes) -> int:
    """The length of the longest beginning of a block that is among the stored; the whole block's where none is."""
    digest = hashlib.sha256()
    stored = start = 0
    while (end := body.find(b"\n", start) + 1) > 0:
        digest.update(body[start:end])
        if _digits(hashlib.sha256(before + digest.digest()).digest()) in ends:
            stored = end
        start = end
    return stored or len(body)


def _end(before: bytes, body: bytes) -> bytes:
    """The identity of everything up to the end of a block."""
    return hashlib.sha256(before + hashlib.sha256(body).digest()).digest()


def _digits(identity: bytes) -> str:
    return identity.hex()[:_ID_DIGITS]
