"""Such a log, recognised by its beginning: W3C extended logs, CSV, exports of the journal."""

import io
from collections.abc import Iterator, Sequence
from typing import BinaryIO

from collector.encoding.limits import body_too_large
from collector.formats.registry import Formats
from collector.records.headed.csv_table import column_names, csv_lines
from collector.records.headed.journal import JOURNAL, journal_lines
from collector.records.headed.lines import BOM
from collector.records.headed.w3c import has_fields, w3c_lines

# How much of a log is needed to recognise its beginning.
HEAD_BYTES = 8 << 10

# With a name before each value, records are a few times as large.
_LARGEST_GROWTH = 4
_PIECE_BYTES = 256 << 10


class HeadedLog(io.RawIOBase):
    """The lines of JSON of such a log."""

    def __init__(self, lines: Iterator[bytes]) -> None:
        self._lines = lines
        self._piece = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "bytearray | memoryview") -> int:  # type: ignore[override]
        target = memoryview(buffer).cast("B")
        if not self._piece:
            self._piece = memoryview(_piece(self._lines))
        size = min(len(target), len(self._piece))
        target[:size], self._piece = self._piece[:size], self._piece[size:]
        return size


def headed_lines(beginning: bytes, log: BinaryIO, formats: Formats, format_name: str = "") -> Iterator[bytes] | None:
    """The lines of a log that begins so, each with its end; None where they are to be read as they stand.

    So are those of a named format whose records are no objects. Raises PayloadError, also while they are read.
    """
    if format_name and not _reads_objects(formats, format_name):
        return None
    beginning = beginning.removeprefix(BOM)
    if beginning.startswith(b"#") and has_fields(beginning):
        return w3c_lines(log)
    if beginning.startswith(JOURNAL):
        return journal_lines(log)
    names = column_names(beginning)
    if names and _is_known(names[1], formats, format_name):
        return csv_lines(log, *names)
    return None


def unheaded(body: bytes, limit: int, formats: Formats, format_name: str = "") -> bytes:
    """A body as lines of JSON where its beginning says how the rest is to be read; any other as it is.

    Raises PayloadTooLarge where names make it grow out of proportion to the `limit` of bodies.
    """
    lines = headed_lines(body[:HEAD_BYTES], io.BytesIO(body), formats, format_name)
    if lines is None:
        return body
    found: list[bytes] = []
    size = 0
    for line in lines:
        found.append(line)
        size += len(line)
        if size > _LARGEST_GROWTH * limit:
            raise body_too_large(limit)
    return b"".join(found)


def _piece(lines: Iterator[bytes]) -> bytes:
    found: list[bytes] = []
    size = 0
    for line in lines:
        found.append(line)
        size += len(line)
        if size >= _PIECE_BYTES:
            break
    return b"".join(found)


def _reads_objects(formats: Formats, name: str) -> bool:
    known = formats.find(name)
    return known is not None and (known.record is not None or known.takes_anything)


def _is_known(names: Sequence[str], formats: Formats, format_name: str) -> bool:
    return bool(format_name) or formats.recogniser.record_format(dict.fromkeys(names, "")) != ""
