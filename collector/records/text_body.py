"""Lines of text of a body, by format. That all are of one is seen without a look at each."""

import re
from collections.abc import Iterator
from functools import cache

from collector.formats.descriptor import MixedBody
from collector.formats.registry import Formats
from collector.records.classify import Classifier, grouped, object_format
from collector.records.place import Part
from collector.records.slices import line_slices, merged

# How far to look for an access log behind a proxy's other lines.
_FIRST_LINES = 100
_HEAD_BYTES = 64 << 10
# A search that begins with one fixed byte takes a fifth of the time of one for two.
_OBJECT_LINE = re.compile(rb"\n(?=\{)")


def by_format(lines: bytes, formats: Formats) -> list[Part]:
    """A part for each format that there is among lines of text; none where none is known."""
    first = _first_known(lines, formats)
    if first and (of_lines := formats[first].mixed_body) and _is_mixed(lines, of_lines, formats):
        return line_by_line(lines, formats, first)
    return [Part(first, lines)] if first else []


def line_by_line(lines: bytes, formats: Formats, first: str = "", of_objects: str = "") -> list[Part]:
    """The same where each line is to be looked at; objects of no format that is known are records of anything.

    Text that no format recognises is of the `first` in the body. Where that is `of_objects`, it is of the first of text
    in its slice; where there is none, of that: whoever writes objects writes other messages as text.
    """
    classifier = Classifier(formats)
    others = (first, of_objects or formats.anything.name)
    found = merged(part for piece in line_slices(lines) for part in _of_slice(piece, others, formats, classifier))
    return [part for part in found if part.body.strip()]


def _of_slice(lines: bytes, others: tuple[str, str], formats: Formats, classifier: Classifier) -> Iterator[Part]:
    anything = formats.anything.name
    parts = lines.split(b"\n")
    found = classifier.formats_of_texts(lines.decode("utf-8", "replace").split("\n"))
    first, of_objects = others
    texts = (name for name, part in zip(found, parts, strict=True) if name and not part.startswith(b"{"))
    unknown = first or next(texts, of_objects)
    named = [
        name or (object_format(formats, part) or anything if part.startswith(b"{") else unknown)
        for name, part in zip(found, parts, strict=True)
    ]
    for name, members in grouped(parts, named).items():
        yield Part(name, b"\n".join(members))


def _first_known(lines: bytes, formats: Formats) -> str:
    head = lines[:_HEAD_BYTES].split(b"\n", _FIRST_LINES)[:_FIRST_LINES]
    known = next((found for line in head if line and (found := formats.recogniser.detect(line))), "")
    return known or next((found for line in head if (found := _message_format(line, formats))), "")


def _message_format(line: bytes, formats: Formats) -> str:
    return formats.recogniser.message_format(line.decode("utf-8", "replace"))


def _is_mixed(lines: bytes, first: MixedBody, formats: Formats) -> bool:
    """Whether there may be lines of another format; formats with the same marker are not distinguished here."""
    if _OBJECT_LINE.search(lines):
        return True
    if first.first_byte:
        begin_alike = lines.count(b"\n" + first.first_byte) + lines.startswith(first.first_byte)
        if begin_alike > lines.rstrip().count(b"\n"):
            return False
    others = {known.mixed_body for known in formats if known.mixed_body and known.mixed_body.marker}
    return any(other.contains in lines and _marker(other.marker).search(lines) for other in others - {first})


@cache
def _marker(pattern: bytes) -> re.Pattern[bytes]:
    return re.compile(pattern)
