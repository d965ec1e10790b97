"""Log files in: unpacked, cut into blocks of whole lines, each block stored once however often it comes."""

import gzip
import hashlib
import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

import zstandard

from collector.transforms.detect import detect
from collector.transforms.formats import Format, ingestible
from storage.errors import GatelensError, PayloadError

_BLOCK_BYTES = 12 << 20
_PEEK_BYTES = 64 << 10
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
    progress: Callable[[int], None] = lambda position: None,
) -> ImportSummary:
    """Hand a file over block by block; `progress` gets the position in the file.

    The identity of a block is that of everything up to its end, so that a file that has grown adds only what
    is new. A `salt` makes other identities of them, to store the same again.
    """
    try:
        with path.open("rb") as packed, _unpacked(packed) as file:
            head = file.peek(_PEEK_BYTES)[:_PEEK_BYTES]
            known = _format(path, format_name, head)
            summary = ImportSummary(known.name)
            identity = hashlib.sha256(f"{known.name}\0{environment}\0{gateway}\0{salt}".encode()).digest()
            for body in _blocks(file):
                identity = hashlib.sha256(identity + hashlib.sha256(body).digest()).digest()
                segment_id = f"import-{identity.hex()[:40]}"
                summary.blocks += 1
                summary.bytes_read += len(body)
                if sink.stored([segment_id]):
                    summary.blocks_known += 1
                else:
                    sink.send(Block(segment_id, known.name, body, environment, gateway, path.name))
                progress(packed.tell())
            return summary
    except (OSError, EOFError, zstandard.ZstdError) as error:
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
        return io.BufferedReader(zstandard.ZstdDecompressor().stream_reader(packed, read_across_frames=True), 1 << 20)
    return io.BufferedReader(packed, 1 << 20)  # type: ignore[arg-type]  # an open file has readinto


def _blocks(file: io.BufferedReader) -> Iterator[bytes]:
    """Blocks that end with a line; the same file is always cut at the same places."""
    while block := file.read(_BLOCK_BYTES):
        yield block if block.endswith(b"\n") else block + file.readline()
