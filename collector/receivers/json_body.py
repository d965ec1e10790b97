"""Records as clients frame them in a body, made the lines of a format: whole batches at a time.

JSON comes as an array, as objects one after the other, or as one that is written over many lines; agents put a line
that they have not parsed into a record of their own.
"""

import json
import re
from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import DecodeError, Raw, Struct, ValidationError

from collector.receivers.objects import MOST_OBJECTS, check_objects
from collector.transforms.detect import detect
from storage.errors import PayloadError

# The format of any record.
ANYTHING = "json"
# Formats whose lines are whole records, with the agent's time and whatever else is in them.
TAKE_RECORDS = frozenset({ANYTHING, "flex"})
# What `json` finds in its records by itself, one by one: Envoy writes other messages beside its access log.
_FOUND_IN_ANYTHING = frozenset({"envoy_json", "envoy_text"})

_ARRAY = re.compile(rb'\s*\[\s*[{"\]]')
_OBJECT = re.compile(rb"\s*\{")
_IN_A_ROW = re.compile(rb"\}[ \t]*\{")

FAULTS = (DecodeError, ValidationError, UnicodeDecodeError, RecursionError)


class _Log(Struct):
    log: Raw = Raw(b"")


class _Message(Struct):
    message: Raw = Raw(b"")


# Under these keys agents put a line, in this order.
_LINES: dict[str, Any] = {"log": msgspec.json.Decoder(_Log), "message": msgspec.json.Decoder(_Message)}

_RAW = msgspec.json.Decoder(Raw)
_RAWS = msgspec.json.Decoder(list[Raw])
_TEXTS = msgspec.json.Decoder(list[str])


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
    if _OBJECT.match(body) and _is_over_lines(body):
        check_objects(body)
        try:
            return one_a_line(_RAW.decode_lines(body))
        except FAULTS:
            return body
    return body


def recognised(lines: bytes, format_name: str = "") -> tuple[str, bytes]:
    """The format of lines, from the first where it is not given, and the lines in it.

    Where an agent's records hold the lines, they are taken out. The format is empty where it is not known.
    """
    told = detect(lines)
    found = format_name or told or ""
    if told or found in TAKE_RECORDS or not _OBJECT.match(lines):
        return found, lines
    check_objects(lines)
    key, inner = _line_within(lines, format_name)
    if not inner:
        return found or ANYTHING, lines
    try:
        return inner, _taken_out(lines, key)
    except FAULTS:
        return found or ANYTHING, lines


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


def _of_array(body: bytes) -> bytes:
    raws = _RAWS.decode(body)
    if raws and all(map(is_text, raws)):
        return "\n".join(texts(raws)).encode("utf-8", "replace")
    return one_a_line(raws)


def _is_over_lines(body: bytes) -> bool:
    """Whether objects are not one a line: the first line is not whole, or has more than one."""
    first = body.lstrip().partition(b"\n")[0]
    return not first.rstrip().endswith(b"}") or _IN_A_ROW.search(first) is not None


def _line_within(lines: bytes, format_name: str) -> tuple[str, str]:
    """The key of the line in the first record and its format; empty where records are to be read as they are."""
    try:
        record = json.loads(lines.lstrip().partition(b"\n")[0])
    except (ValueError, RecursionError):
        return "", ""
    for key in _LINES:
        line = record.get(key)
        if not isinstance(line, str):
            continue
        inner = format_name if format_name and key == "log" else detect(line.encode("utf-8", "replace")) or ""
        if (
            format_name in ("", inner)
            and inner not in TAKE_RECORDS
            and (format_name or inner not in _FOUND_IN_ANYTHING)
        ):
            return key, inner
    return "", ""


def _taken_out(lines: bytes, key: str) -> bytes:
    """The line of each record; a record without one is a line itself."""
    held = [getattr(record, key) for record in _LINES[key].decode_lines(lines)]
    if all(map(is_text, held)):
        found = [text.rstrip("\n") for text in texts(held)]
    else:
        whole = _RAW.decode_lines(lines)
        found = [
            texts([line])[0].rstrip("\n") if is_text(line) else bytes(record).decode("utf-8", "replace")
            for line, record in zip(held, whole, strict=True)
        ]
    return "\n".join(found).encode("utf-8", "replace")
