"""Records of an access log that all have the keys of the first, as Envoy sends them, and agents that parse its log.

They become JSON by a type that is made for those keys: in half the time of a dictionary for each.
"""

import re
from functools import lru_cache
from typing import Any

from msgspec import MsgspecError, Raw, Struct, defstruct
from msgspec import json as as_json
from msgspec.msgpack import Decoder

from collector.encoding.msgpack import Data, array_head, value_size
from collector.errors import PayloadError
from collector.formats.registry import Formats
from collector.receivers.forward.entries import Value, few_at_a_time

_FAULTS = (MsgspecError, UnicodeDecodeError, RecursionError, PayloadError)

# With these the record may hold a line, or name who wrote it.
_TO_BE_LOOKED_AT = frozenset({"log", "message", "kubernetes"})
# What a field of a type can be called for.
_NAME = re.compile(r"[ !#-\[\]-~]+")
_MOST_KEYS = 100
_TYPES_KEPT = 100

_ENCODER = as_json.Encoder()


class _First(Struct, array_like=True, gc=False):
    head: Raw
    record: dict[str, Raw]


_FIRST = Decoder(_First)


def lines_alike(entries: Data, formats: Formats, format_name: str = "") -> tuple[str, bytes] | None:
    """The format of a MessagePack array of entries and its records, one a line; None where each has to be looked at.

    None too where they are not of the format that is named.
    """
    if format_name and format_name not in formats.recognised_by_keys:
        return None
    try:
        keys = _keys_of_first(entries)
        if _TO_BE_LOOKED_AT & keys.keys() or len(keys) > _MOST_KEYS:
            return None
        name = formats.recogniser.format_of_keys(keys.keys())
        if not name or format_name not in ("", name):
            return None
        decoder = _decoder(tuple(keys))
        if decoder is None:
            return None
        return name, b"".join(
            _ENCODER.encode_lines([entry.record for entry in decoder.decode(few)]) for few in few_at_a_time(entries)
        )
    except _FAULTS:
        return None


def _keys_of_first(entries: Data) -> dict[str, Raw]:
    _, start = array_head(entries)
    size = value_size(memoryview(entries)[start:])
    return _FIRST.decode(entries[start : start + size]).record


@lru_cache(_TYPES_KEPT)
def _decoder(keys: tuple[str, ...]) -> Decoder[list[Any]] | None:
    """Reads entries whose records have all of these keys and no other; None where a key is no name."""
    if not all(map(_NAME.fullmatch, keys)):
        return None
    fields = {f"field_{number}": key for number, key in enumerate(keys)}
    record = defstruct(
        "Record", [(name, Value) for name in fields], rename=fields, forbid_unknown_fields=True, gc=False
    )
    entry = defstruct(
        "Entry", [("head", Raw), ("record", record)], array_like=True, forbid_unknown_fields=True, gc=False
    )
    return Decoder(list[entry])  # type: ignore[valid-type]  # a type, though of no name
