"""Logs whose beginning says how the rest is to be read, as lines of JSON.

W3C extended logs   `#Fields: date time cs-method …` names what stands in the lines below: IIS, CloudFront, HTTP.sys
CSV                 a first line of names by which a format recognises its records: Anypoint's reports
journalctl          -o export: KEY=value a line, a blank line behind each entry; what is no text behind its length

https://www.w3.org/TR/WD-logfile.html https://systemd.io/JOURNAL_EXPORT_FORMATS/#journal-export-format
"""

import csv
import io
import re
import struct
from collections.abc import Iterator, Mapping, Sequence
from typing import BinaryIO

import msgspec

from collector.encoding.limits import body_too_large
from collector.errors import PayloadError
from collector.formats.registry import Formats

# How much of a log is needed to recognise its beginning.
HEAD_BYTES = 8 << 10

# Characters that separate the values of a line, in the order in which they are tried.
_SEPARATORS = ",;\t"
_FEWEST_COLUMNS = 3
_NAME = re.compile(r"[\w@#$%:;.()/ -]{1,100}")
_BOM = b"\xef\xbb\xbf"

_DIRECTIVE = re.compile(rb"#(\w+): *(.*)")
_FIELDS = "Fields"
# `Microsoft Internet Information Services 10.0`, `Apache Tomcat/10.1.5`: what a duration is in depends on the program.
_VERSION = re.compile(r"[ /]v?\d[\w.-]*$")
_QUOTED = re.compile(r'"((?:[^"]|"")*)"|(\S+)')

_JOURNAL = b"__CURSOR="
_LENGTH = struct.Struct("<Q")
_LONGEST_VALUE = 64 << 20
_LONGEST_LINE = 16 << 20
# A value over lines is one row; more than that is a quote that was never closed.
_MOST_LINES_OF_ROW = 1000

# With a name before each value, records are a few times as large.
_LARGEST_GROWTH = 4

_ENCODER = msgspec.json.Encoder()
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
    beginning = beginning.removeprefix(_BOM)
    if beginning.startswith(b"#") and _has_fields(beginning):
        return _w3c(log)
    if beginning.startswith(_JOURNAL):
        return _journal(log)
    names = _names(beginning)
    if names and _is_known(names[1], formats, format_name):
        return _csv(log, *names)
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


def _line(record: Mapping[str, str]) -> bytes:
    return _ENCODER.encode(record) + b"\n"


def _has_fields(beginning: bytes) -> bool:
    for line in beginning.split(b"\n"):
        if not line.startswith(b"#"):
            return False
        if line.startswith(b"#Fields:"):
            return True
    return False


def _w3c(log: BinaryIO) -> Iterator[bytes]:
    """Directives may come again, as after a restart, and name other fields."""
    directives: dict[str, str] = {}
    names: Sequence[str] = ()
    added: dict[str, str] = {}
    for line in _lines(log):
        if found := _DIRECTIVE.match(line.removeprefix(_BOM)):
            directives[found[1].decode()] = found[2].decode("utf-8", "replace").strip()
            names = directives.get(_FIELDS, "").split()
            added = _added(directives, names)
            continue
        text = line.decode("utf-8", "replace").strip("\r\n")
        values = text.split("\t") if "\t" in text else _values(text)
        if len(values) == len(names):
            yield _line({**dict(zip(names, values, strict=True)), **added})
        elif text:
            yield line


def _values(text: str) -> list[str]:
    if '"' not in text:
        return text.split()
    return [found[2] or found[1].replace('""', '"') for found in _QUOTED.finditer(text)]


def _added(directives: Mapping[str, str], names: Sequence[str]) -> dict[str, str]:
    """What the directives say of each line: the program, under a name of its own, and the date where none is logged."""
    software = directives.get("Software", "")
    found = {f"#Software {_VERSION.sub('', software)}": software} if software else {}
    if "time" in names and "date" not in names and (date := directives.get("Date", "")):
        found["date"] = date[: len("2026-11-23")]
    return found


def _names(beginning: bytes) -> tuple[str, list[str]] | None:
    """What separates the values of CSV, and the names in its first line; None where that is none."""
    first, end, _ = beginning.partition(b"\n")
    text = first.decode("utf-8", "replace").rstrip("\r")
    if not end or text.startswith(("{", "[")):
        return None
    for separator in _SEPARATORS:
        if text.count(separator) >= _FEWEST_COLUMNS - 1:
            try:
                [names] = csv.reader([text], delimiter=separator, strict=True)
            except (csv.Error, ValueError):
                return None
            names = [name.strip() for name in names]
            is_header = all(map(_NAME.fullmatch, names)) and len(set(names)) == len(names)
            return (separator, names) if is_header else None
    return None


def _is_known(names: Sequence[str], formats: Formats, format_name: str) -> bool:
    return bool(format_name) or formats.recogniser.record_format(dict.fromkeys(names, "")) != ""


def _csv(log: BinaryIO, separator: str, names: Sequence[str]) -> Iterator[bytes]:
    log.readline()
    for raw in _rows(log):
        text = raw.decode("utf-8", "replace").rstrip("\r\n")
        values = _cells(text, separator)
        if len(values) == len(names):
            yield _line(dict(zip(names, values, strict=True)))
        elif text:
            yield raw if raw.endswith(b"\n") else raw + b"\n"


def _cells(text: str, separator: str) -> list[str]:
    if '"' not in text:
        return text.split(separator)
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator))
    except csv.Error:
        return []
    return rows[0] if len(rows) == 1 else []


def _rows(log: BinaryIO) -> Iterator[bytes]:
    """Lines, those together within which a quote is open."""
    begun: list[bytes] = []
    is_open = False
    for line in _lines(log):
        begun.append(line)
        is_open ^= line.count(b'"') % 2 == 1
        if is_open and len(begun) < _MOST_LINES_OF_ROW:
            continue
        if is_open:
            yield from begun
        else:
            yield b"".join(begun)
        begun, is_open = [], False
    yield from begun


def _journal(log: BinaryIO) -> Iterator[bytes]:
    entry: dict[str, str] = {}
    for line in _lines(log):
        text = line.rstrip(b"\n")
        key, sign, value = text.partition(b"=")
        if not text:
            if entry:
                yield _line(entry)
            entry = {}
            continue
        if not sign:
            value = _value_behind_length(log)
        entry[key.decode("utf-8", "replace")] = value.decode("utf-8", "replace")
    if entry:
        yield _line(entry)


def _value_behind_length(log: BinaryIO) -> bytes:
    """Of a log that is cut off, what there is of it."""
    head = log.read(_LENGTH.size)
    [length] = _LENGTH.unpack(head.ljust(_LENGTH.size, b"\0"))
    if length > _LONGEST_VALUE:
        raise PayloadError(
            f"The journal has a value of {length:,} bytes; export it again, with `journalctl -o export` or `-o json`."
        )
    value = log.read(length)
    log.readline()
    return value


def _lines(log: BinaryIO) -> Iterator[bytes]:
    return iter(lambda: log.readline(_LONGEST_LINE), b"")
