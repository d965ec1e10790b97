"""Unwrap records, then sort them by format and by who wrote them.

A line behind a prefix or in an envelope becomes a record as agents send it, so a line gives the same row by whichever
input it came, and keeps its extra fields.
"""

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec

from collector.formats.descriptor import Format, Record
from collector.formats.registry import Formats
from collector.formats.shared.other_lines import IS_OTHER_LINE
from collector.records import envelopes
from collector.records.classify import Classifier, grouped, is_blank, joined, line_of
from collector.records.json_body import raw_lines, recognised
from collector.records.json_body import records as records_of
from collector.records.place import NOWHERE, Part, Place, by_place, place_of, place_of_record
from collector.records.prefixes import Unwrapped, unwrapped
from collector.records.slices import line_slices

# The first lines show whether they are wrapped.
_FIRST_LINES = 50
_HEAD_BYTES = 16 << 10
FIRST_RECORDS = 20
_FIRST_BYTES = 2 << 10

# What a record has that may be wrapped, or hold a line that is.
_IN_JSON = tuple(f'"{key}"'.encode() for key in sorted(envelopes.KEYS | {"log", "message"}))
_OBJECT = re.compile(rb"\s*\{")
# Bytes that are no text become letters that are encoded as these bytes again.
_AS_THEY_ARE = "surrogateescape"

_ENCODER = msgspec.json.Encoder()


def parts(lines: bytes, formats: Formats, format_name: str = "") -> list[Part]:
    """The lines or records of a body by format, and by place where they are wrapped; none where none is known.

    With a name, all are of that format.
    """
    if is_wrapped(lines, formats, format_name):
        return Unwrapping(formats, format_name).parts(lines)
    return recognised(lines, formats, format_name)


def is_wrapped(lines: bytes, formats: Formats, format_name: str = "") -> bool:
    """Whether the first lines or records of a body are wrapped."""
    if not _OBJECT.match(lines):
        head = lines[:_HEAD_BYTES].split(b"\n", _FIRST_LINES)[:_FIRST_LINES]
        return are_prefixed((line.decode("utf-8", "replace") for line in head), formats, format_name)
    beginning = lines[:_FIRST_BYTES]
    if not any(key in beginning for key in _IN_JSON):
        return False
    end = lines.find(b"\n", _FIRST_BYTES)
    first = raw_lines(lines[: end if end > 0 else None])[:FIRST_RECORDS]
    return are_wrapped(records_of(first), formats, format_name)


def are_wrapped(records: Sequence[Record], formats: Formats, format_name: str = "") -> bool:
    """Whether records that begin with these hold lines in another way than agents' do."""
    if any(_opened(record, formats) for record in records):
        return True
    return are_prefixed(map(line_of, records), formats, format_name)


def are_prefixed(texts: Iterable[str], formats: Formats, format_name: str = "") -> bool:
    """Whether lines that begin with these have a prefix.

    It has not where one of them is of a format that reads what syslog puts there.
    """
    is_prefixed = False
    for text in texts:
        found = unwrapped(text) if text else None
        if found is None:
            continue
        if _is_read(text, found, formats, format_name):
            if found.prefix.is_of_syslog:
                return False
        elif found.prefix.is_certain or _is_known(found.line, formats):
            is_prefixed = True
    return is_prefixed


def without_wrapping(record: Record, formats: Formats, format_name: str = "") -> Sequence[Record]:
    """The records that an agent's record holds, each with its line as it was written."""
    held = _opened(record, formats) or [record]
    return [_without_prefix(found, formats, format_name) for found in held]


def _opened(record: Record, formats: Formats) -> Sequence[Record] | None:
    if envelopes.KEYS.isdisjoint(record):
        return None
    return envelopes.opened(record, lambda line: _is_known(line, formats))


def _without_prefix(record: Record, formats: Formats, format_name: str) -> Record:
    line = line_of(record)
    found = _unwrapped(line, formats, format_name) if line else None
    if found is None:
        return record
    added = {name: value for name, value in found.fields.items() if name not in record}
    rest = {name: value for name, value in record.items() if value is not line}
    return rest | added | {"log": found.line}


def _unwrapped(text: str, formats: Formats, format_name: str) -> Unwrapped | None:
    found = unwrapped(text)
    return None if found is None or _is_read(text, found, formats, format_name) else found


def _is_read(text: str, found: Unwrapped, formats: Formats, format_name: str) -> bool:
    """Whether a format, of a name or by what it recognises, reads a line with what looks like a prefix as it is."""
    if found.prefix.is_of_syslog and format_name and _reads_syslog(formats[format_name]):
        return True
    name = formats.recogniser.line_format(text)
    if found.prefix.is_of_syslog and name and _reads_syslog(formats[name]):
        return True
    return name != "" and name not in formats.after_anything


def _reads_syslog(known: Format) -> bool:
    """Whether a format may hold what syslog puts before a line, as one may be declared that nothing recognises."""
    return known.reads_syslog or (known.line is None and known.record is None)


def _is_known(line: str, formats: Formats) -> bool:
    if not line.startswith("{"):
        return formats.recogniser.line_format(line) != ""
    return formats.recogniser.detect(line.encode("utf-8", "replace")) is not None


class Unwrapping:
    """Lines of one body, a slice after the other: a record may go on in the next."""

    def __init__(self, formats: Formats, format_name: str = "") -> None:
        self._formats = formats
        self._format_name = format_name
        self._classifiers: defaultdict[Place, Classifier] = defaultdict(lambda: Classifier(formats))
        # The first format of each place, and of all.
        self._first: dict[Place, str] = {}
        # Incomplete lines, by place and stream.
        self._open: dict[tuple[Place, object], Record] = {}
        self._fields: dict[str, Any] = {}
        self._is_text = True

    def parts(self, lines: bytes) -> list[Part]:
        """The lines of a body by format and place."""
        self._is_text = _OBJECT.match(lines) is None
        bodies: defaultdict[tuple[str, Place], list[bytes]] = defaultdict(list)
        slices = [*line_slices(lines.rstrip(b"\n")), None]
        for piece in slices:
            found = list(self._open.values()) if piece is None else list(self._whole(self._records(piece)))
            for part in self._sorted(found):
                bodies[part.format, part.place].append(part.body)
        return [Part(name, b"\n".join(found), place) for (name, place), found in bodies.items()]

    def _records(self, lines: bytes) -> Iterator[Record]:
        if not self._is_text:
            for record, raw in _decoded(raw_lines(lines)):
                yield from (
                    without_wrapping(record, self._formats) if record else [{"log": raw.decode("utf-8", "replace")}]
                )
            return
        for text in lines.decode("utf-8", _AS_THEY_ARE).split("\n"):
            found = _unwrapped(text, self._formats, self._format_name)
            if found:
                self._fields = _readable(found.fields)
                yield {**self._fields, "log": found.line}
            elif text[:1] in ("\t", " "):
                # The journal moves further lines of a message to the right.
                yield {**self._fields, "log": text}
            else:
                yield {"log": text}

    def _whole(self, records: Iterable[Record]) -> Iterator[Record]:
        """The same with the parts of a line, as CRI cuts a long one, put together."""
        for record in records:
            tag = record.get("logtag")
            if tag is None:
                yield record
                continue
            key = (place_of(record), record.get("stream"))
            begun = self._open.pop(key, None)
            whole = record if begun is None else {**begun, "log": begun["log"] + record["log"]}
            if tag == "P":
                self._open[key] = whole
            else:
                yield {name: value for name, value in whole.items() if name != "logtag"}

    def _sorted(self, records: Sequence[Record]) -> Iterator[Part]:
        for place, members in by_place(records, map(place_of_record, records)).items():
            names = self._names(place, members) if not self._format_name else self._given(members)
            for name, of_name in grouped(members, names).items():
                if name:
                    yield Part(name, self._body(name, of_name), place)

    def _given(self, records: Sequence[Record]) -> list[str]:
        name = self._format_name
        return [name if name in self._formats.of_many_lines or not is_blank(record) else "" for record in records]

    def _names(self, place: Place, records: Sequence[Record]) -> list[str]:
        anything = self._formats.anything.name
        found = self._classifiers[place].formats_of(records)
        first = next((name for name in found if name not in ("", anything)), "")
        if first:
            self._first.setdefault(place, first)
            self._first.setdefault(NOWHERE, first)
        others = self._first.get(place) or self._first.get(NOWHERE, "")
        if not others or anything not in found:
            return found
        return [
            others
            if name == anything and self._is_of_same_program(others, line_of(record), place in self._first)
            else name
            for name, record in zip(found, records, strict=True)
        ]

    def _is_of_same_program(self, name: str, line: str, is_of_one_place: bool) -> bool:
        """Whether a format takes a line that it does not recognise: one of the same program about itself."""
        if not line or line.startswith("{"):
            return False
        known = self._formats[name]
        if known.is_whole_record:
            return is_of_one_place
        return known.has_other_lines and IS_OTHER_LINE.match(line) is not None

    def _body(self, name: str, records: Sequence[Record]) -> bytes:
        if name in self._formats.whole_records:
            records = joined(records, name, self._formats)
            return b"\n".join(_ENCODER.encode(self._record(record)) for record in records)
        return b"\n".join(self._line(record) for record in records)

    def _line(self, record: Record) -> bytes:
        line = record.get("log")
        if not isinstance(line, str):
            return _ENCODER.encode(record)
        return line.rstrip("\n").encode("utf-8", _AS_THEY_ARE if self._is_text else "replace")

    def _record(self, record: Record) -> Record:
        """A record with its line, or with what the line says where that is an object."""
        line = self._line(record) if "log" in record else b""
        if line.startswith(b"{") and (inner := _object(line)):
            return {name: value for name, value in record.items() if name != "log"} | inner
        return {**record, "log": line.decode("utf-8", "replace")} if line else record


def _readable(fields: Record) -> dict[str, Any]:
    """The fields without bytes that are no text."""
    return {
        name: value.encode("utf-8", _AS_THEY_ARE).decode("utf-8", "replace") if isinstance(value, str) else value
        for name, value in fields.items()
    }


def _decoded(raws: Sequence[bytes]) -> Iterator[tuple[Record, bytes]]:
    return zip(records_of(raws), raws, strict=True)


def _object(line: bytes) -> dict[str, Any]:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
