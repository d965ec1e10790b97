"""Records as clients frame them in a body, made the lines of their formats: whole batches at a time.

JSON comes as an array, as objects one after the other, or as one that is written over many lines; agents put a line
that they have not parsed into a record of their own.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache, lru_cache
from typing import Any

import msgspec
from msgspec import DecodeError, Raw, ValidationError

from collector.encoding.limits import MOST_OBJECTS, check_objects
from collector.errors import PayloadError
from collector.formats.descriptor import Record
from collector.formats.registry import Formats
from collector.records import text_body
from collector.records.classify import Classifier, grouped, is_blank, joined, line_of
from collector.records.extra_fields import IGNORED_KEYS, apart, extra_fields
from collector.records.place import PLACE_KEYS, Part, by_place, may_name_places, place_of, place_of_record
from collector.records.slices import line_slices, merged

# The fields of a screened record that name its place, each with its key.
_PLACE_FIELDS = {f"place_{number}": key for number, key in enumerate(sorted(PLACE_KEYS))}

_ARRAY = re.compile(rb'\s*\[\s*[{"\]]')
_OBJECT = re.compile(rb"\s*\{")
_FIRST_OBJECT = re.compile(rb"\s*(\{[^\n]*)")
_IN_A_ROW = re.compile(rb"\}[ \t]*\{")

FAULTS = (DecodeError, ValidationError, UnicodeDecodeError, RecursionError)

_ENCODER = msgspec.json.Encoder()
_RAW = msgspec.json.Decoder(Raw)
_RAWS = msgspec.json.Decoder(list[Raw])
_TEXTS = msgspec.json.Decoder(list[str])
_RECORD: msgspec.json.Decoder[Record] = msgspec.json.Decoder(dict)


def is_framed(body: bytes) -> bool:
    """Whether a body that begins so holds its records in another way than one a line."""
    return _ARRAY.match(body) is not None or _is_over_lines(body)


def unframed(body: bytes) -> bytes:
    """The records of a body, one a line; raises PayloadError where it is an array that cannot be read, or too much.

    Objects that cannot be read stay as they are: the fault is reported for each record.
    """
    if _ARRAY.match(body):
        check_objects(body, b",", 2 * MOST_OBJECTS)
        try:
            return _of_array(body)
        except FAULTS as error:
            raise PayloadError(f"The body is a JSON array that cannot be read: {error}. Send it whole.") from error
    if _is_over_lines(body):
        check_objects(body)
        try:
            return one_a_line(_RAW.decode_lines(body))
        except FAULTS:
            return body
    return body


def recognised(lines: bytes, formats: Formats, format_name: str = "") -> list[Part]:
    """A part for each format that there is among records, one where it is given; none where none is known.

    Where an agent's records hold the lines, they are taken out, and those of each place are a part.
    """
    if not _OBJECT.match(lines):
        return [Part(format_name, lines)] if format_name else text_body.by_format(lines, formats)
    if not format_name:
        return _classified(lines, formats)
    if _is_as_it_is(lines, formats, format_name):
        return [Part(format_name, lines)]
    pieces = map(raw_lines, line_slices(lines))
    with_blank = format_name in formats.of_many_lines
    return merged(
        part
        for raws in pieces
        for part in lines_taken_out(format_name, raws, records(raws), formats, with_blank=with_blank)
    )


def _is_as_it_is(lines: bytes, formats: Formats, format_name: str) -> bool:
    """Whether objects are records of a format, and do not hold its lines."""
    if format_name in formats.whole_records or (b'"log"' not in lines and b'"message"' not in lines):
        return True
    # An object that stands in another as a text is recognised as well.
    first = line_of(_record(lines.lstrip().partition(b"\n")[0]))
    return not first.startswith("{") and formats.recogniser.detect(lines) == format_name


def records(raws: Sequence[bytes]) -> Sequence[Record]:
    """Lines of JSON as records, empty for each that is none."""
    try:
        found = _RECORD.decode_lines(b"\n".join(raws))
    except FAULTS:
        found = []
    # More, where a line has several.
    return found if len(found) == len(raws) else [_record(raw) for raw in raws]


def lines_taken_out(
    name: str,
    raws: Sequence[bytes],
    held: Sequence[Record],
    formats: Formats,
    extra: Sequence[Mapping[str, Any]] = (),
    *,
    with_blank: bool = True,
) -> Iterator[Part]:
    """The line in each record, those of each place together; a record without one is a line itself.

    It may be blank within a record of many lines. `extra` has more fields for each record.
    """
    more_fields = extra or [{}] * len(held)
    members = [member for member in zip(raws, held, more_fields, strict=True) if with_blank or not is_blank(member[1])]
    for place, of_place in by_place(members, (place_of_record(record) for _, record, _ in members)).items():
        lines = [_line_or_itself(raw, record) for raw, record, _ in of_place]
        fields = [{**extra_fields(record), **more} for _, record, more in of_place]
        for of, found in apart(name, lines, fields, formats):
            yield Part(of, b"\n".join(found), place)


def _line_or_itself(raw: bytes, record: Record) -> bytes:
    line = line_of(record)
    return line.rstrip("\n").encode("utf-8", "replace") if line or is_blank(record) else raw


def raw_lines(lines: bytes) -> list[bytes]:
    """Lines that are not blank."""
    return [line for line in lines.split(b"\n") if line and not line.isspace()]


def one_a_line(raws: Sequence[Raw]) -> bytes:
    """Values of JSON as lines."""
    joined = b"\n".join(raws)
    if joined.count(b"\n") >= len(raws):
        joined = b"\n".join(msgspec.json.format(raw, indent=-1) for raw in raws)
    return joined


def texts(raws: Sequence[Raw]) -> list[str]:
    """Strings of JSON, whatever is in them."""
    joined = b"[" + b",".join(raws) + b"]"
    try:
        return _TEXTS.decode(joined)
    except FAULTS:
        # Slower, and not particular about UTF-8 and UTF-16.
        return [str(text) for text in json.loads(joined.decode("utf-8", "replace"), strict=False)]


def is_text(raw: Raw) -> bool:
    """Whether a value of JSON is a string."""
    return bytes(raw).startswith(b'"')


def _classified(lines: bytes, formats: Formats) -> list[Part]:
    first = formats[formats.recogniser.detect(lines) or formats.anything.name]
    once = first.record.once if first.record else ()
    # If a batch has as many of a format's marks as records, no record needs to be looked at.
    if once and {lines.count(key) for key in once} == {_line_count(lines)}:
        return [Part(first.name, lines)]
    classifier = Classifier(formats)
    return merged(part for piece in line_slices(lines) for part in _of_slice(piece, first.name, formats, classifier))


def _line_count(lines: bytes) -> int:
    return lines.count(b"\n") + (not lines.endswith(b"\n"))


def _of_slice(lines: bytes, first: str, formats: Formats, classifier: Classifier) -> list[Part]:
    # Which record others go on with is known only where each is looked at.
    if not classifier.is_open and (alike := _of_one_format(lines, formats)):
        return alike
    raws = raw_lines(lines)
    if not all(raw.startswith(b"{") for raw in raws):
        # Text stands between them, or one over many lines is cut off.
        if first in formats.of_many_lines:
            return [Part(first, lines)]
        return text_body.line_by_line(lines, formats, of_objects=first)
    held = records(raws)
    names = classifier.formats_of(held)
    if len(set(names)) == 1 and (names[0] in formats.whole_records or _are_lines(lines, held)):
        return [Part(names[0], lines)]
    found: list[Part] = []
    for name, members in grouped(list(zip(raws, held, strict=True)), names).items():
        if not name:
            continue
        parts, of_name = zip(*members, strict=True)
        if name not in formats.whole_records:
            found += lines_taken_out(name, parts, of_name, formats)
        elif len(whole := joined(of_name, name, formats)) < len(of_name):
            found.append(Part(name, b"\n".join(map(_ENCODER.encode, whole))))
        else:
            found.append(Part(name, b"\n".join(parts)))
    return found


def _are_lines(lines: bytes, held: Sequence[Record]) -> bool:
    """Whether records are lines of a format themselves, and no agent has added fields."""
    return not any(map(line_of, held)) and not may_name_places(lines)


def _of_one_format(lines: bytes, formats: Formats) -> list[Part] | None:
    """The lines of records that are all of one format; None if each must be looked at."""
    try:
        screened = _screen(formats.recogniser.keys).decode_lines(lines)
    except FAULTS:
        return None
    if not screened:
        return None
    logs: list[str] = [record.log for record in screened]
    names = set(Classifier(formats).formats_of_texts([record.log or record.message for record in screened]))
    if names == {""}:
        has_others = any(mark in lines for mark in formats.recogniser.without_keys)
        return None if has_others else [Part(formats.anything.name, lines)]
    name = names.pop()
    if names or name in formats.whole_records or name in formats.of_many_lines or not all(logs):
        return None
    has_fields = name in formats.keeping_fields and _has_extra_fields(lines)
    if has_fields or not may_name_places(lines):
        return None if has_fields else [Part(name, _joined(logs))]
    of_places = by_place(logs, (place_of(_place_record(record)) for record in screened))
    return [Part(name, _joined(texts), place) for place, texts in of_places.items()]


def _joined(logs: Sequence[str]) -> bytes:
    return "\n".join([text.rstrip("\n") for text in logs]).encode("utf-8", "replace")


def _place_record(screened: Any) -> Record:
    """The fields of a record that name its place."""
    values = ((key, getattr(screened, field)) for field, key in _PLACE_FIELDS.items())
    return {key: value for key, value in values if value is not None}


@lru_cache(10)
def _screen(keys: frozenset[str]) -> "msgspec.json.Decoder[Any]":
    """Reads records without a discriminating key. Any other is refused, and with it the batch."""
    renamed = {f"key_{number}": key for number, key in enumerate(sorted(keys))}
    refused = ((field, None, None) for field in renamed)
    places = ((field, Any, None) for field in _PLACE_FIELDS)
    fields = [("log", str, ""), ("message", str, ""), *refused, *places]
    return msgspec.json.Decoder(msgspec.defstruct("Screened", fields, rename={**renamed, **_PLACE_FIELDS}, gc=False))


@cache
def _agent_records() -> "msgspec.json.Decoder[Any]":
    """Decodes records that have only a line and an agent's own keys; refuses any other."""
    renamed = {f"word_{number}": key for number, key in enumerate(sorted(IGNORED_KEYS))}
    fields = [(field, msgspec.Raw, None) for field in renamed]
    struct = msgspec.defstruct("Words", fields, rename=renamed, forbid_unknown_fields=True, gc=False)
    return msgspec.json.Decoder(struct)


def _has_extra_fields(lines: bytes) -> bool:
    try:
        _agent_records().decode_lines(lines)
    except FAULTS:
        return True
    return False


def _record(raw: bytes) -> Record:
    try:
        return _RECORD.decode(raw)
    except FAULTS:
        return _lenient_record(raw)


def _lenient_record(raw: bytes) -> Record:
    """Slower, and not particular about UTF-8 and UTF-16."""
    try:
        found = json.loads(raw.decode("utf-8", "replace"), strict=False)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _of_array(body: bytes) -> bytes:
    raws = _RAWS.decode(body)
    if raws and all(map(is_text, raws)):
        return "\n".join(texts(raws)).encode("utf-8", "replace")
    return one_a_line(raws)


def _is_over_lines(body: bytes) -> bool:
    """Whether it is objects that are not one a line: the first line is not whole, or has more than one."""
    # Not by partition, which copies what may be many megabytes.
    first = _FIRST_OBJECT.match(body)
    return first is not None and (not first[1].rstrip().endswith(b"}") or _IN_A_ROW.search(first[1]) is not None)
