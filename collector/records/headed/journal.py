"""`journalctl -o export`: KEY=value a line, a blank line behind each entry; what is no text behind its length.

https://systemd.io/JOURNAL_EXPORT_FORMATS/#journal-export-format
"""

import struct
from collections.abc import Iterator
from typing import BinaryIO

from collector.errors import PayloadError
from collector.records.headed.lines import json_line, lines_of

JOURNAL = b"__CURSOR="

_LENGTH = struct.Struct("<Q")
_LONGEST_VALUE = 64 << 20


def journal_lines(log: BinaryIO) -> Iterator[bytes]:
    entry: dict[str, str] = {}
    for line in lines_of(log):
        text = line.rstrip(b"\n")
        key, sign, value = text.partition(b"=")
        if not text:
            if entry:
                yield json_line(entry)
            entry = {}
            continue
        if not sign:
            value = _value_behind_length(log)
        entry[key.decode("utf-8", "replace")] = value.decode("utf-8", "replace")
    if entry:
        yield json_line(entry)


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
