"""The beginning of a file, for commands that show how it would be read."""

import io
from collections.abc import Sequence
from pathlib import Path

from collector.errors import PayloadError
from collector.escape_path import escape_path
from collector.formats.registry import Formats
from collector.importer.partial_read import PartialRead
from collector.importer.sorting import Sorter
from collector.records.headed.log import HEAD_BYTES, HeadedLog, headed_lines
from collector.records.place import Part
from storage.errors import GatelensError

_PEEK_BYTES = 64 << 10


def first_parts(file: Path, lines: int, formats: Formats, format_name: str = "") -> Sequence[Part]:
    """What an import makes of its first lines, decompressed, at most 64 KiB; of a named format all of it.

    Raises GatelensError.
    """
    sorter = Sorter(escape_path(file), formats, format_name)
    head = _first_lines(file, lines, sorter)
    if not head.strip():
        raise PayloadError(f"{sorter.name} has nothing in its first lines; raise --lines, or try another file.")
    return sorter.first(head)


def _first_lines(file: Path, lines: int, sorter: Sorter) -> bytes:
    with file.open("rb") as packed:
        reader = PartialRead(packed)
        unpacked = io.BufferedReader(reader, _PEEK_BYTES)
        records = headed_lines(unpacked.peek(HEAD_BYTES)[:HEAD_BYTES], unpacked, sorter.formats, sorter.format)
        head = (unpacked if records is None else io.BufferedReader(HeadedLog(records))).read(_PEEK_BYTES)
        if not head and reader.fault is not None:
            raise GatelensError(f"{sorter.name} cannot be read: {reader.fault}. Check the file.")
    whole = head if len(head) < _PEEK_BYTES else head[: head.rfind(b"\n") + 1] or head
    return b"".join(whole.splitlines(keepends=True)[:lines])
