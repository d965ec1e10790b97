"""Records as clients frame them in a body, made the lines of their formats: whole batches at a time.

JSON comes as an array, as objects one after the other, or as one that is written over many lines; agents put a line
that they have not parsed into a record of their own.
"""

import json
import re
from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import DecodeError, Raw, ValidationError

from collector.encoding.limits import MOST_OBJECTS, check_objects
from collector.formats.detect import TELLING, detect
from collector.formats.fluent.inputs import RECEIVED_BYTES
from collector.records import text_body
from collector.records.classify import (
    ANYTHING,
    OF_MANY_LINES,
    WHOLE_RECORDS,
    Record,
    Sorter,
    grouped,
    is_blank,
    line_of,
)
from collector.records.slices import line_slices, merged
from storage.errors import PayloadError

_ARRAY = re.compile(rb'\s*\[\s*[{"\]]')
_OBJECT = re.compile(rb"\s*\{")
_IN_A_ROW = re.compile(rb"\}[ \t]*\{")

# What each record of a format has once: where all of a batch have it, none needs to be looked at.
_IN_EACH = {"envoy_json": b'"response_code"', "mule_analytics": b'"received_ts"'}

FAULTS = (DecodeError, ValidationError, UnicodeDecodeError, RecursionError)

_RAW = msgspec.json.Decoder(Raw)
_RAWS = msgspec.json.Decoder(list[Raw])
_TEXTS = msgspec.json.Decoder(list[str])
# A record that is told by the line in it, if at all. Any other is refused, and with it the batch.
_SCREENED: msgspec.json.Decoder[Any] = msgspec.json.Decoder(
    msgspec.defstruct(
        "Screened",
        [("log", str, ""), ("message", str, ""), *((f"key_{number}", None, None) for number in range(len(TELLING)))],
        rename={f"key_{number}": key for number, key in enumerate(sorted(TELLING))},
        gc=False,
    )
)
_RECORD: msgspec.json.Decoder[Record] = msgspec.json.Decoder(dict)


def is_framed(body: bytes) -> bool:
    """Whether a body that begins so holds its records in another way than one a line."""
    return _ARRAY.match(body) is not None or _is_over_lines(body)


def unframed(body: bytes) -> bytes:
    """The records of a body, one a line; raises PayloadError where it is an array that cannot be read, or too much.

    Objects that cannot be read stay as they are: what is wrong with them is told of each record.
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


def recognised(lines: bytes, format_name: str = "") -> list[tuple[str, bytes]]:
    """(format, lines) for each format that there is among records, one where it is given; none where none is known.

    Where an agent's records hold the lines, they are taken out.
    """
    if not _OBJECT.match(lines):
        return [(format_name, lines)] if format_name else text_body.by_format(lines)
    if not format_name:
        return _sorted(lines)
    if format_name in WHOLE_RECORDS or detect(lines) == format_name or not _may_hold_lines(lines):
        return [(format_name, lines)]
    pieces = map(raw_lines, line_slices(lines))
    return merged((format_name, taken_out(raws, records(raws))) for raws in pieces)


def _may_hold_lines(lines: bytes) -> bool:
    return b'"log"' in lines or b'"message"' in lines


def records(raws: Sequence[bytes]) -> Sequence[Record]:
    """Lines of JSON as records, empty for each that is none."""
    try:
        found = _RECORD.decode_lines(b"\n".join(raws))
    except FAULTS:
        found = []
    # More, where a line has several.
    return found if len(found) == len(raws) else [_record(raw) for raw in raws]


def taken_out(raws: Sequence[bytes], held: Sequence[Record]) -> bytes:
    """The line in each record; a record without one is a line itself."""
    found = (
        line.rstrip("\n").encode("utf-8", "replace") if (line := line_of(record)) else raw
        for raw, record in zip(raws, held, strict=True)
        if not is_blank(record)
    )
    return b"\n".join(found)


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


def _sorted(lines: bytes) -> list[tuple[str, bytes]]:
    first = detect(lines) or ANYTHING
    told = _IN_EACH.get(first)
    if told is not None and lines.count(told) == lines.strip().count(b"\n") + 1:
        return [(first, lines)]
    sorter = Sorter()
    return merged(part for piece in line_slices(lines) for part in _sorted_slice(piece, first, sorter))


def _sorted_slice(lines: bytes, first: str, sorter: Sorter) -> list[tuple[str, bytes]]:
    # Which record others go on with is known only where each is looked at.
    if not sorter.is_open and (alike := _of_one_format(lines)):
        return [alike]
    raws = raw_lines(lines)
    if not all(raw.startswith(b"{") for raw in raws):
        # Text stands between them, or one over many lines is cut off.
        return [(first, lines)] if first in OF_MANY_LINES else text_body.line_by_line(lines)
    held = records(raws)
    formats = sorter.formats_of(held)
    if len(set(formats)) == 1 and formats[0] in WHOLE_RECORDS:
        return [(formats[0], lines)]
    found = []
    for name, members in grouped(list(zip(raws, held, strict=True)), formats).items():
        if not name:
            continue
        parts, of_name = zip(*members, strict=True)
        found.append((name, b"\n".join(parts) if name in WHOLE_RECORDS else taken_out(parts, of_name)))
    return found


def _of_one_format(lines: bytes) -> tuple[str, bytes] | None:
    """What is in records that are all told alike by the lines in them; None where they have to be looked at."""
    try:
        screened = _SCREENED.decode_lines(lines)
    except FAULTS:
        return None
    if not screened:
        return None
    logs: list[str] = [record.log for record in screened]
    formats = set(Sorter().formats_of_texts([record.log or record.message for record in screened]))
    if formats == {""}:
        return None if RECEIVED_BYTES in lines else (ANYTHING, lines)
    name = formats.pop()
    if formats or name in WHOLE_RECORDS or name in OF_MANY_LINES or not all(logs):
        return None
    return name, "\n".join([text.rstrip("\n") for text in logs]).encode("utf-8", "replace")


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
    if not _OBJECT.match(body):
        return False
    first = body.lstrip().partition(b"\n")[0]
    return not first.rstrip().endswith(b"}") or _IN_A_ROW.search(first) is not None
