"""The extra fields of a line in a record: those that an operator or a filter has added.

An agent's own metadata, such as the file or stream that it read, is not kept with a request.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from collector.formats.descriptor import Record
from collector.formats.registry import Formats
from collector.formats.shared.extra_fields import MARK, name_with_fields
from collector.records.classify import AGENT_KEYS, line_of
from collector.records.place import PLACE_KEYS

# An agent's own keys and those of the place.
IGNORED_KEYS = AGENT_KEYS | PLACE_KEYS
_ENCODER = msgspec.json.Encoder()


def extra_fields(record: Record) -> Mapping[str, Any]:
    """A record's fields other than its line; empty if it has no line."""
    if record.keys() <= IGNORED_KEYS or not line_of(record):
        return {}
    return {key: value for key, value in record.items() if key not in IGNORED_KEYS and not _is_of_ecs(key, value)}


def _is_of_ecs(key: str, value: object) -> bool:
    """Whether it is what Filebeat and Logstash say of an event, where they also keep the line once more."""
    return key == "event" and isinstance(value, dict)


def apart(
    name: str, lines: Sequence[bytes], extra: Iterable[Mapping[str, Any]], formats: Formats
) -> Iterator[tuple[str, list[bytes]]]:
    """Split lines by whether they have extra fields: the format's name and its lines."""
    all_fields = list(extra) if name in formats.keeping_fields else []
    if not any(all_fields):
        yield name, list(lines)
        return
    pairs = list(zip(lines, all_fields, strict=True))
    if without := [line for line, fields in pairs if not fields]:
        yield name, without
    yield name_with_fields(name), [_with(line, fields) for line, fields in pairs if fields]


def _with(line: bytes, fields: Mapping[str, Any]) -> bytes:
    whole = line.rstrip(b"\r\n")
    return whole.replace(MARK.encode(), b" ") + MARK.encode() + _ENCODER.encode(fields) + line[len(whole) :]
