"""The beginning of a file, for commands that show how it would be read."""

import io
from pathlib import Path

from collector.errors import PayloadError
from collector.escape_path import escape_path
from collector.formats.descriptor import Format
from collector.formats.registry import Formats
from collector.importer.partial_read import PartialRead
from collector.importer.sorting import Sorter
from collector.records.headed import HEAD_BYTES, HeadedLog, headed_lines
from storage.errors import GatelensError

_PEEK_BYTES = 64 << 10


def first_lines(file: Path, lines: int, formats: Formats, format_name: str = "") -> bytes:
    """Its first lines, decompressed, at most 64 KiB, as an import reads them. Raises GatelensError."""
    with file.open("rb") as packed:
        reader = PartialRead(packed)
        unpacked = io.BufferedReader(reader, _PEEK_BYTES)
        records = headed_lines(unpacked.peek(HEAD_BYTES)[:HEAD_BYTES], unpacked, formats, format_name)
        head = (unpacked if records is None else io.BufferedReader(HeadedLog(records))).read(_PEEK_BYTES)
        if not head and reader.fault is not None:
            raise GatelensError(f"{escape_path(file)} cannot be read: {reader.fault}. Check the file.")
    whole = head if len(head) < _PEEK_BYTES else head[: head.rfind(b"\n") + 1] or head
    return b"".join(whole.splitlines(keepends=True)[:lines])


def format_of(file: Path, format_name: str, head: bytes, formats: Formats) -> Format:
    """The format that is named, else that of the first line. Raises PayloadError."""
    if format_name and format_name not in formats.names_of_text:
        names = ", ".join(formats.names_of_text)
        raise PayloadError(f"Format {format_name!r} cannot be read from files; use one of {names}.")
    if format_name:
        return formats[format_name]
    if not head.strip():
        raise PayloadError(f"{escape_path(file)} has nothing in its first lines; raise --lines, or try another file.")
    return formats[Sorter(escape_path(file), formats).first(head)[0].format]
