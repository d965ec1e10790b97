"""Lines of text of a body, by format. That all are of one is seen without a look at each."""

import re
from collections.abc import Iterator

from collector.formats.detect import detect
from collector.records.classify import ANYTHING, Sorter, grouped, object_format
from collector.records.slices import line_slices, merged

# Formats with a record on each line; a line of no format that is known is for that of the others to judge.
_OF_LINES = frozenset({"envoy_text", "envoy_json", "combined", "common", "haproxy"})
_ENVOY_LINE = re.compile(rb"\n\[\d{4}-\d\d-\d\dT")
_PROXY_TIME = re.compile(rb"\[\d\d/[A-Z][a-z]{2}/\d{4}:")
# Where an access log begins with what else a proxy has written, it is looked for so far.
_FIRST_LINES = 100
_HEAD_BYTES = 64 << 10


def by_format(lines: bytes) -> list[tuple[str, bytes]]:
    """(format, lines) for each format that there is among lines of text; none where none is known."""
    first = _first_known(lines)
    if first in _OF_LINES and _is_mixed(lines, first):
        return line_by_line(lines, first)
    return [(first, lines)] if first else []


def line_by_line(lines: bytes, first: str = ANYTHING) -> list[tuple[str, bytes]]:
    """The same where each line is to be looked at; objects of no format that is known are records of anything.

    Text that tells no format is of the `first` in the body, and where that is of objects, of the first in its slice.
    """
    sorter = Sorter()
    found = merged(part for piece in line_slices(lines) for part in _of_slice(piece, first, sorter))
    return [(name, body) for name, body in found if body.strip()]


def _of_slice(lines: bytes, others: str, sorter: Sorter) -> Iterator[tuple[str, bytes]]:
    parts = lines.split(b"\n")
    # As letters, whatever the bytes are: a format is told by its ASCII.
    formats = sorter.formats_of_texts(lines.decode("latin-1").split("\n"))
    if others == ANYTHING:
        told = zip(formats, parts, strict=True)
        others = next((name for name, part in told if name and not part.startswith(b"{")), ANYTHING)
    named = [
        name or (object_format(part) or ANYTHING if part.startswith(b"{") else others)
        for name, part in zip(formats, parts, strict=True)
    ]
    for name, members in grouped(parts, named).items():
        yield name, b"\n".join(members)


def _first_known(lines: bytes) -> str:
    head = lines[:_HEAD_BYTES].split(b"\n", _FIRST_LINES)[:_FIRST_LINES]
    return next((found for line in head if line and (found := detect(line))), "")


def _is_mixed(lines: bytes, first: str) -> bool:
    """Whether there may be lines of another format; combined, common and HAProxy's are not told apart here."""
    if b"\n{" in lines:
        return True
    if first != "envoy_text":
        # The first alone is many times as fast.
        return b"\n[2" in lines and _ENVOY_LINE.search(lines) is not None
    of_brackets = lines.count(b"\n[") + lines.startswith(b"[")
    return of_brackets <= lines.rstrip().count(b"\n") and _PROXY_TIME.search(lines) is not None
