"""Logs in, from files or a pipe: unpacked, cut into blocks, and each record handed over in its format."""

import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from collector.escape_path import escape_path
from collector.formats.formats import FORMATS
from collector.formats.registry import Formats
from collector.importer.block import Block, BlockSink, ImportSummary, Labels
from collector.importer.cutting import BLOCK_BYTES, cuts, next_block, part_id
from collector.importer.partial_read import PartialRead
from collector.importer.sorting import Sorter
from collector.records.container_path import place_of_path
from collector.records.headed.log import HEAD_BYTES, HeadedLog, headed_lines
from collector.records.json_body import is_framed
from storage.errors import GatelensError


def import_file(
    path: Path,
    sink: BlockSink,
    labels: Labels | None = None,
    *,
    format_name: str = "",
    block_bytes: int = BLOCK_BYTES,
    formats: Formats = FORMATS,
    progress: Callable[[int], None] = lambda position: None,
) -> ImportSummary:
    """Hand a file over block by block; `progress` gets the position in the file. Raises GatelensError."""
    sorter = Sorter(escape_path(path), formats, format_name)
    if path.is_dir():
        raise GatelensError(f"{sorter.name} is a directory; name the files in it, such as {sorter.name}/*.log.")
    labels = labels or Labels()
    of_path = place_of_path(str(path.absolute()), str(path.resolve()))
    labels = replace(labels, name=labels.name or escape_path(Path(path.name)), of_path=of_path)
    try:
        with path.open("rb") as packed:
            # A name may lead to a pipe, as <(...) of a shell does.
            position = packed.tell if packed.seekable() else None
            report = (lambda _: progress(position())) if position else progress
            return import_stream(packed, sorter, sink, labels, block_bytes, report)
    except OSError as error:
        raise GatelensError(
            f"{sorter.name} cannot be read: {error.strerror or error}. Check the file; nothing of it is stored."
        ) from error


def import_stream(
    packed: BinaryIO,
    sorter: Sorter,
    sink: BlockSink,
    labels: Labels,
    block_bytes: int = BLOCK_BYTES,
    progress: Callable[[int], None] = lambda unpacked: None,
) -> ImportSummary:
    """The same for what can only be read, such as a pipe; `progress` gets how much of it was handed over, unpacked.

    What can be read of a damaged log is handed over before it raises; of an empty one the summary has no format.
    """
    beginning = PartialRead(packed)
    file = _as_lines(io.BufferedReader(beginning, 1 << 20), sorter)
    body, rest = next_block(file, b"", block_bytes)
    if is_framed(body):
        # Its last line may be what closes an array, and have no end.
        body, rest = body + rest, b""
    parts = sorter.first(body) if body else []
    summary = ImportSummary(parts[0].format if parts else "")
    if parts:
        # The format of its first record stays that of a log, however it grows.
        identity = labels.identity(summary.format)
        for cut in cuts(file, body, rest, sink, labels.prefix, identity, block_bytes):
            # A last line that ends where the file does is none, and what is unpacked before a damage may be wrong.
            if beginning.fault and not (beginning.is_cut_off and cut.body.endswith(b"\n")):
                break
            summary.segment_ids.append(cut.segment_id)
            summary.bytes_read += len(cut.body)
            if cut.is_stored:
                summary.blocks_known += 1
            else:
                parts = parts if cut.body is body else sorter.next(cut.body, summary.format)
                for number, (name, lines, place) in enumerate(parts, 1):
                    segment_id = part_id(cut.segment_id, number, len(parts))
                    if segment_id not in cut.stored:
                        sink.send(Block(segment_id, name, lines, labels.environment, *labels.place(place)))
            progress(summary.bytes_read)
    _check_end(sorter.name, beginning, summary.bytes_read)
    return summary


def _as_lines(file: io.BufferedReader, sorter: Sorter) -> io.BufferedReader:
    """A log as its records, one a line, where its beginning says how they are to be read."""
    lines = headed_lines(file.peek(HEAD_BYTES)[:HEAD_BYTES], file, sorter.formats, sorter.format)
    return file if lines is None else io.BufferedReader(HeadedLog(lines), 1 << 20)


def _check_end(name: str, beginning: PartialRead, bytes_read: int) -> None:
    """Raises GatelensError where not all of a log could be read."""
    if beginning.fault is None:
        return
    stored = f"its first {bytes_read:,} bytes, unpacked, are stored" if bytes_read else "nothing of it is stored"
    doubt = "" if beginning.is_cut_off or not bytes_read else ", and the last of them may be wrong"
    raise GatelensError(
        f"{name} cannot be read to its end: {beginning.fault}. Check the file; {stored}{doubt}."
    ) from beginning.fault
