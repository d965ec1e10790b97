"""Log files in: unpacked, cut into blocks of whole lines, each block stored once however often it comes."""

import gzip
import hashlib
import io
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

import zstandard

from collector.transforms.detect import detect
from collector.transforms.formats import Format, ingestible
from collector.zstd_file import ZstdFile
from storage.errors import GatelensError, PayloadError

# As large as fits into a body of HTTP with a long last line: planning a segment costs as much as storing 15,000 lines.
_BLOCK_BYTES = 62 << 20
_PEEK_BYTES = 64 << 10
_IDS_AT_ONCE = 200
_GZIP_MAGIC = b"\x1f\x8b"
_ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"


@dataclass(frozen=True)
class Block:
    """Whole lines of a file; `segment_id` is the same whenever the same block of the same file comes."""

    segment_id: str
    format: str
    body: bytes
    environment: str
    gateway: str
    peer: str


class BlockSink(Protocol):
    """Takes blocks: the spool of this process, or a running one over HTTP."""

    def stored(self, segment_ids: Sequence[str]) -> set[str]:
        """Those of the segments that are stored already."""

    def send(self, block: Block) -> None:
        """Take a block; it is durable on return."""


@dataclass
class ImportSummary:
    """What became of a file."""

    format: str
    bytes_read: int = 0
    blocks: int = 0
    blocks_known: int = 0


def import_file(
    path: Path,
    sink: BlockSink,
    *,
    format_name: str = "",
    environment: str = "",
    gateway: str = "",
    salt: str = "",
    block_bytes: int = _BLOCK_BYTES,
    progress: Callable[[int], None] = lambda position: None,
) -> ImportSummary:
    """Hand a file over block by block; `progress` gets the position in the file.

    The identity of a block is that of everything up to its end, so that a file that has grown adds only what is new. A
    `salt` makes other identities of them, to store the same again.
    """
    try:
        with path.open("rb") as packed, _unpacked(packed) as file:
            known = _format(path, format_name, file.peek(_PEEK_BYTES)[:_PEEK_BYTES])
            summary = ImportSummary(known.name)
            identity = hashlib.sha256(f"{known.name}\0{environment}\0{gateway}\0{salt}".encode()).digest()
            for body, end, is_stored in _blocks(file, sink, identity, block_bytes):
                summary.blocks += 1
                summary.bytes_read += len(body)
                if is_stored:
                    summary.blocks_known += 1
                else:
                    sink.send(Block(_segment_id(end), known.name, body, environment, gateway, path.name))
                progress(packed.tell())
            return summary
    except (OSError, EOFError, zlib.error, zstandard.ZstdError) as error:
        raise GatelensError(
            f"{path} cannot be read: {error}. Check the file; what was read before is stored."
        ) from error


def _format(path: Path, format_name: str, head: bytes) -> Format:
    if format_name:
        known = ingestible().get(format_name)
        if known is None or not known.is_text:
            names = ", ".join(name for name, candidate in ingestible().items() if candidate.is_text)
            raise PayloadError(f"Format {format_name!r} is not one of files; use {names}.")
        return known
    found = detect(head)
    if found is None:
        raise PayloadError(f"The format of {path} is not recognised from its first line; name it with --format.")
    return ingestible()[found]


def _unpacked(packed: BinaryIO) -> io.BufferedReader:
    magic = packed.read(4)
    packed.seek(0)
    if magic.startswith(_GZIP_MAGIC):
        return io.BufferedReader(gzip.GzipFile(fileobj=packed), 1 << 20)
    if magic == _ZSTD_MAGIC:
        return io.BufferedReader(ZstdFile(packed), 1 << 20)
    return io.BufferedReader(packed, 1 << 20)  # type: ignore[arg-type]  # an open file has readinto


def _blocks(
    file: io.BufferedReader, sink: BlockSink, identity: bytes, block_bytes: int
) -> Iterator[tuple[bytes, bytes, bool]]:
    """Blocks of whole lines, the identity of the file up to their end, and whether they are stored.

    The same file is always cut at the same places. One that has grown since its last import is cut where it ended then.
    """
    rest = b""
    after_stored = True
    while True:
        body, rest = _next_block(file, rest, block_bytes)
        if not body:
            return
        is_stored = bool(sink.stored([_segment_id(_identity(identity, body))]))
        if after_stored and not is_stored and (length := _stored_part(sink, identity, body)):
            body, rest, is_stored = body[:length], body[length:] + rest, True
        identity = _identity(identity, body)
        after_stored = is_stored
        yield body, identity, is_stored


def _next_block(file: io.BufferedReader, rest: bytes, block_bytes: int) -> tuple[bytes, bytes]:
    """The next whole lines, and what belongs to the block after them: a last line that may not be at its end yet."""
    block = rest + file.read(max(block_bytes - len(rest), 0))
    if not block.endswith(b"\n"):
        block += file.readline()
    whole = len(block) if block.endswith(b"\n") else block.rfind(b"\n") + 1 or len(block)
    return block[:whole], block[whole:]


def _stored_part(sink: BlockSink, identity: bytes, body: bytes) -> int:
    """The length of the longest beginning of a block that is stored; 0 where none is."""
    digest = hashlib.sha256()
    lengths: dict[str, int] = {}
    start = 0
    while (end := body.find(b"\n", start) + 1) > 0:
        digest.update(body[start:end])
        lengths[_segment_id(hashlib.sha256(identity + digest.digest()).digest())] = end
        start = end
    longest_first = list(reversed(lengths))
    for first in range(0, len(longest_first), _IDS_AT_ONCE):
        found = sink.stored(longest_first[first : first + _IDS_AT_ONCE])
        if found:
            return max(lengths[segment_id] for segment_id in found)
    return 0


def _identity(before: bytes, body: bytes) -> bytes:
    return hashlib.sha256(before + hashlib.sha256(body).digest()).digest()


def _segment_id(identity: bytes) -> str:
    return f"import-{identity.hex()[:40]}"
