"""Log files in: unpacked, cut into blocks of whole lines, each block stored once however often it comes."""

import hashlib
import io
from collections.abc import Callable, Iterator, Set
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from collector.escape_path import escape_path
from collector.formats.descriptor import Format
from collector.formats.formats import FORMATS
from collector.formats.registry import Formats
from collector.partial_read import PartialRead
from collector.records.container_path import place_of_path
from storage.errors import GatelensError, PayloadError

# As large as fits into a body of HTTP with a long last line: planning a segment costs as much as storing 15,000 lines.
_BLOCK_BYTES = 62 << 20
# What fits behind a block into a body of HTTP.
_REST_OF_LINE = 2 << 20
_PEEK_BYTES = 64 << 10
_ID_DIGITS = 32


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

    def stored(self, prefix: str) -> set[str]:
        """The segments whose ids begin so and that are stored, or wait for it."""

    def send(self, block: Block) -> None:
        """Take a block; it is durable on return."""


@dataclass
class ImportSummary:
    """What became of a file, and the ids of its blocks: those of the parts of a block begin with that of the block."""

    format: str
    bytes_read: int = 0
    segment_ids: list[str] = field(default_factory=list)
    blocks_known: int = 0

    @property
    def blocks(self) -> int:
        return len(self.segment_ids)


def import_file(
    path: Path,
    sink: BlockSink,
    *,
    format_name: str = "",
    environment: str = "",
    gateway: str = "",
    instance: str = "",
    salt: str = "",
    block_bytes: int = _BLOCK_BYTES,
    formats: Formats = FORMATS,
    progress: Callable[[int], None] = lambda position: None,
) -> ImportSummary:
    """Hand a file over block by block; `progress` gets the position in the file. Raises GatelensError.

    What can be read of a damaged file is handed over before it raises; of an empty one the summary has no format.

    The identity of a block is that of everything up to its end, so that a file that has grown adds only what is new. A
    `salt` makes other identities of them, to store the same again.
    """
    try:
        with path.open("rb") as packed:
            beginning = PartialRead(packed)
            file: io.BufferedReader = io.BufferedReader(beginning, 1 << 20)
            head = file.peek(_PEEK_BYTES)[:_PEEK_BYTES]
            if not head:
                _check_end(path, beginning, 0)
                return ImportSummary("")
            known = _format(path, format_name, head, formats)
            summary = ImportSummary(known.name)
            told = _told(path, gateway, instance)
            identity = hashlib.sha256(f"{known.name}\0{environment}\0{gateway}\0{salt}".encode()).digest()
            for body, segment_id, is_stored in _blocks(file, sink, identity, block_bytes):
                # A last line that ends where the file does is none, and what is unpacked before a damage may be wrong.
                if beginning.fault and not (beginning.is_cut_off and body.endswith(b"\n")):
                    break
                summary.segment_ids.append(segment_id)
                summary.bytes_read += len(body)
                if is_stored:
                    summary.blocks_known += 1
                else:
                    sink.send(Block(segment_id, known.name, body, environment, *told))
                progress(packed.tell())
            _check_end(path, beginning, summary.bytes_read)
            return summary
    except OSError as error:
        raise GatelensError(
            f"{escape_path(path)} cannot be read: {error}. Check the file; nothing of it is stored."
        ) from error


def _told(path: Path, gateway: str, instance: str) -> tuple[str, str]:
    """The gateway of a file, and who is to be called its sender: a name before a path is that of an instance."""
    name = escape_path(Path(path.name))
    place = place_of_path(str(path.absolute()), str(path.resolve()))
    sender = f"{instance}:/{name}" if instance else f"./{name}"
    return place.gateway or gateway, place.instance or sender


def _check_end(path: Path, beginning: PartialRead, bytes_read: int) -> None:
    """Raises GatelensError where not all of a file could be read."""
    if beginning.fault is None:
        return
    stored = f"its first {bytes_read:,} bytes, unpacked, are stored" if bytes_read else "nothing of it is stored"
    doubt = "" if beginning.is_cut_off or not bytes_read else ", and the last of them may be wrong"
    raise GatelensError(
        f"{escape_path(path)} cannot be read to its end: {beginning.fault}. Check the file; {stored}{doubt}."
    ) from beginning.fault


def _format(path: Path, format_name: str, head: bytes, formats: Formats) -> Format:
    if format_name:
        known = formats.find(format_name)
        if known is None or not known.is_ingestible or not known.is_text:
            raise PayloadError(f"Format {format_name!r} is not one of files; use {', '.join(formats.names_of_text)}.")
        return known
    found = formats.recogniser.detect(head)
    if found is None:
        raise PayloadError(
            f"The format of {escape_path(path)} is not recognised from its first line; name it with --format."
        )
    return formats[found]


def _blocks(
    file: io.BufferedReader, sink: BlockSink, identity: bytes, block_bytes: int
) -> Iterator[tuple[bytes, str, bool]]:
    """Blocks of whole lines, their ids, and whether they are stored.

    The same file is always cut at the same places. One that has grown since its last import is cut where it ended then.
    """
    rest = b""
    while True:
        body, rest = _next_block(file, rest, block_bytes)
        if not body:
            return
        beginning = _beginning(identity)
        # What was too much at once is stored in parts, whose ids go on behind that of the block.
        known = {segment_id[: len(beginning) + _ID_DIGITS] for segment_id in sink.stored(beginning)}
        if known and _segment_id(identity, _end(identity, body)) not in known:
            length = _stored_part(known, identity, body)
            body, rest = body[:length], body[length:] + rest
        end = _end(identity, body)
        segment_id = _segment_id(identity, end)
        yield body, segment_id, segment_id in known
        identity = end


def _next_block(file: io.BufferedReader, rest: bytes, block_bytes: int) -> tuple[bytes, bytes]:
    """The next whole lines, and what belongs to the block after them: a last line that may not be at its end yet."""
    block = rest + file.read(max(block_bytes - len(rest), 0))
    if not block.endswith(b"\n"):
        most = block_bytes + _REST_OF_LINE
        block += file.readline(most - len(block))
        if len(block) >= most and b"\n" not in block:
            raise GatelensError(f"There is a line of {most} bytes or more; check that it is a log of lines.")
    whole = len(block) if block.endswith(b"\n") else block.rfind(b"\n") + 1 or len(block)
    return block[:whole], block[whole:]


def _stored_part(known: Set[str], identity: bytes, body: bytes) -> int:
    """The length of the longest beginning of a block that is among the stored; the whole block's where none is."""
    digest = hashlib.sha256()
    stored = start = 0
    while (end := body.find(b"\n", start) + 1) > 0:
        digest.update(body[start:end])
        if _segment_id(identity, hashlib.sha256(identity + digest.digest()).digest()) in known:
            stored = end
        start = end
    return stored or len(body)


def _end(identity: bytes, body: bytes) -> bytes:
    """The identity of everything up to the end of a block."""
    return hashlib.sha256(identity + hashlib.sha256(body).digest()).digest()


def _beginning(identity: bytes) -> str:
    """How the ids of all blocks begin that begin at the same place of the same file."""
    return f"import-{identity.hex()[:_ID_DIGITS]}-"


def _segment_id(identity: bytes, end: bytes) -> str:
    return f"{_beginning(identity)}{end.hex()[:_ID_DIGITS]}"
