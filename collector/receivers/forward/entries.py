"""The entries of a message as records, by whole batches."""

import struct
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import accumulate
from typing import Any

from msgspec import DecodeError, MsgspecError, Raw, Struct, ValidationError
from msgspec.msgpack import Decoder, Ext

from collector.encoding import msgpack
from collector.encoding.msgpack import Data, array_header, key_text
from collector.errors import PayloadError

Record = dict[str, Any]

# Keys of ours in a record.
TAG, TIME, METADATA = "fluent_tag", "fluent_time", "fluent_metadata"

# Everything but binary, which JSON does not have: a batch with binary in it is taken apart in Python.
Value = str | int | float | bool | None | list[Any] | dict[str, Any]


class _Head(Struct, array_like=True, gc=False, forbid_unknown_fields=True):
    """Time and metadata, as newer Fluent Bits have them."""

    time: Ext
    metadata: dict[str, Any]


class Entry(Struct, array_like=True, gc=False, forbid_unknown_fields=True):
    """A record with what stands before it: its time, or a head.

    Out of reach of the garbage collector, and so are the others: in a large process its rounds took longer than
    everything else that is done with a batch.
    """

    head: Any
    record: Record


class _AtEventTime(Struct, array_like=True, gc=False, forbid_unknown_fields=True):
    head: Ext
    record: dict[str, Value]


class _WithHead(Struct, array_like=True, gc=False, forbid_unknown_fields=True):
    head: _Head
    record: dict[str, Value]


class _AtSecond(Struct, array_like=True, gc=False, forbid_unknown_fields=True):
    head: int
    record: dict[str, Value]


_BATCHES: tuple[Decoder[list[Any]], ...] = (
    Decoder(list[_WithHead]),
    Decoder(list[_AtEventTime]),
    Decoder(list[_AtSecond]),
)
_RAW = Decoder(list[Raw])
_ANY = Decoder()

_SECONDS_AND_NANOSECONDS = struct.Struct(">II")
_SECOND = 1_000_000_000
# Fluent Bit's marks around a group of records have the times -1 and -2.
_MARKS = frozenset({b"\xff\xff\xff\xff", b"\xff\xff\xff\xfe"})


# Objects take many times the bytes that they came as, so only so many bytes are objects at a time.
SLICE_BYTES = 1 << 20
_LARGEST_RECORD = 4 << 20
_FEW = 100


def slices(entries: Data) -> Iterator[Data]:
    """A MessagePack array as shorter ones, of about a size unless one entry alone is larger."""
    if len(entries) <= SLICE_BYTES:
        yield entries
        return
    ends = list(accumulate(memoryview(raw).nbytes for raw in _RAW.decode(entries)))
    contents = memoryview(entries)[len(entries) - ends[-1] :]
    first = start = 0
    while first < len(ends):
        last = max(bisect_right(ends, start + SLICE_BYTES), first + 1)
        yield b"".join((array_header(last - first), contents[start : ends[last - 1]]))
        first, start = last, ends[last - 1]


def few_at_a_time(entries: Data) -> Iterator[bytes]:
    """A MessagePack array as arrays of a few entries, so that the objects of one can be gone before the next are made.

    Python gives the memory of more of them back to the system each time, and getting it again takes half as long as
    decoding does.
    """
    found = _RAW.decode(entries)
    for start in range(0, len(found), _FEW):
        few = found[start : start + _FEW]
        yield array_header(len(few)) + b"".join(few)


def decode(entries: Data) -> tuple[Sequence[Entry], list[bytes]]:
    """The entries of a slice, and the bytes of those that are none."""
    if len(entries) > _LARGEST_RECORD:
        return [], [bytes(raw) for raw in _RAW.decode(entries)]
    for batch in _BATCHES:
        try:
            return batch.decode(entries), []
        except (MsgspecError, UnicodeDecodeError, RecursionError):
            continue
    return _one_by_one(entries)


def stamp(entries: Sequence[Entry], tag: str) -> list[Record]:
    """The records with their tag, and their time in nanoseconds, under keys of ours."""
    found = []
    for entry in entries:
        time, record = entry.head, entry.record
        if type(time) is _Head:
            metadata, time = time.metadata, time.time
            if (metadata or not record) and _is_mark(time):
                continue
            if metadata:
                record[METADATA] = metadata
        nanoseconds = _nanoseconds(time)
        if nanoseconds is not None:
            record[TIME] = nanoseconds
        record[TAG] = tag
        found.append(record)
    return found


def is_mark(entry: Entry) -> bool:
    """Whether an entry is one of Fluent Bit's marks around a group of records."""
    return type(entry.head) is _Head and _is_mark(entry.head.time)


def metadata_of(entry: Entry) -> dict[str, Any]:
    """The metadata that newer Fluent Bits send with a record."""
    return entry.head.metadata if type(entry.head) is _Head else {}


def nanoseconds_of(entry: Entry) -> int | None:
    """The time of an entry; None where it is none."""
    return _nanoseconds(entry.head.time if type(entry.head) is _Head else entry.head)


def _is_mark(time: object) -> bool:
    return type(time) is Ext and bytes(time.data)[:4] in _MARKS


def _nanoseconds(time: object) -> int | None:
    if type(time) is Ext:
        try:
            seconds, nanoseconds = _SECONDS_AND_NANOSECONDS.unpack(time.data)
        except struct.error:
            return None
        return int(seconds * _SECOND + nanoseconds)
    if isinstance(time, int):
        return time * _SECOND
    if isinstance(time, datetime):
        time = time.timestamp()
    return int(time * _SECOND) if isinstance(time, float) and abs(time) < 1 << 33 else None


def _one_by_one(entries: Data) -> tuple[Sequence[Entry], list[bytes]]:
    found: list[Entry] = []
    broken = []
    for raw in _RAW.decode(entries):
        data = bytes(raw)
        try:
            found.append(_entry(_value(data)))
        except (PayloadError, RecursionError):
            broken.append(data)
    return found, broken


def _value(data: bytes) -> object:
    try:
        return _ANY.decode(data)
    except (DecodeError, ValidationError, UnicodeDecodeError, TypeError):
        return msgpack.decode(data)
    except RecursionError as error:
        raise PayloadError("A record is nested too deep; send it flatter.") from error


def _entry(value: object) -> Entry:
    if not isinstance(value, list) or len(value) != 2 or not isinstance(value[1], dict):
        raise PayloadError("An entry has to be [time, record].")
    head, record = value
    if isinstance(head, list):
        metadata = head[1] if len(head) > 1 and isinstance(head[1], dict) else {}
        moment: Any = head[0] if head else None
        head = _Head(moment, as_json(metadata))
    return Entry(head, as_json(record))


def as_json(value: Any) -> Any:
    """The same without what JSON does not know: binary as text, other keys than text as text, extensions as hex."""
    if isinstance(value, dict):
        return {key_text(key): as_json(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [as_json(inner) for inner in value]
    if isinstance(value, bytes):
        return msgpack.text(value)
    if isinstance(value, Ext):
        return bytes(value.data).hex()
    return value
