"""CSV whose first line names the columns, such as Anypoint's reports."""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from typing import BinaryIO

from collector.records.headed.lines import LONGEST_LINE, json_line, lines_of

# Characters that separate the values of a line, in the order in which they are tried.
_SEPARATORS = ",;\t"
_FEWEST_COLUMNS = 3
_NAME = re.compile(r"[\w@#$%:;.()/ -]{1,100}")
# A value over lines is one row; more than that is a quote that was never closed.
_MOST_LINES_OF_ROW = 1000


def column_names(beginning: bytes) -> tuple[str, list[str]] | None:
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


def csv_lines(log: BinaryIO, separator: str, names: Sequence[str]) -> Iterator[bytes]:
    log.readline()
    for raw in _rows(log):
        text = raw.decode("utf-8", "replace").rstrip("\r\n")
        values = _cells(text, separator)
        if len(values) == len(names):
            yield json_line(dict(zip(names, values, strict=True)))
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
    size = 0
    is_open = False
    for line in lines_of(log):
        begun.append(line)
        size += len(line)
        is_open ^= line.count(b'"') % 2 == 1
        if is_open and len(begun) < _MOST_LINES_OF_ROW and size < LONGEST_LINE:
            continue
        if is_open:
            yield from begun
        else:
            yield b"".join(begun)
        begun, size, is_open = [], 0, False
    yield from begun
