"""Records as the lines of formats: which format each is in, and what of it is the line."""

import fnmatch
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import msgspec

from collector.formats.registry import Formats
from collector.receivers.forward.config import ForwardConfig, ForwardRule
from collector.receivers.forward.entries import Entry, Record, as_json, stamp
from collector.records.classify import Classifier, grouped, is_blank, line_of
from collector.records.place import NOWHERE, Place, by_place

_ENCODER = msgspec.json.Encoder(enc_hook=as_json)

_NO_RULE = ForwardRule(tag="*")
_TAGS_KNOWN = 10_000


@dataclass(frozen=True, slots=True)
class Lines:
    """Lines of one format; of one place, where they do not tell it themselves."""

    format: str
    body: bytes
    place: Place = NOWHERE


class Rules:
    """What the configuration says of records by their tag, and the formats that they may be in."""

    def __init__(self, config: ForwardConfig, formats: Formats) -> None:
        self.formats = formats
        self._rules = tuple((re.compile(fnmatch.translate(rule.tag)), rule) for rule in config.rules)
        self.of = lru_cache(_TAGS_KNOWN)(self._of)

    def _of(self, tag: str) -> ForwardRule:
        return next((rule for pattern, rule in self._rules if pattern.match(tag)), _NO_RULE)


def classified(entries: Sequence[Entry], tag: str, rules: Rules, classifier: Classifier) -> list[Lines]:
    """The entries as lines of the format of their tag, or where it has none, of those that they are in.

    The `classifier` is that of the entries before them.
    """
    whole_records = rules.formats.whole_records
    if named := rules.of(tag).format:
        return list(_lines(named, entries, tag, is_whole=named in whole_records))
    names = classifier.formats_of([entry.record for entry in entries])
    return [
        lines
        for name, members in grouped(entries, names).items()
        if name
        for lines in _lines(name, members, tag, is_whole=name in whole_records)
    ]


def _lines(name: str, entries: Sequence[Entry], tag: str, *, is_whole: bool) -> Iterator[Lines]:
    if is_whole:
        yield Lines(name, _json(stamp(entries, tag)))
        return
    records = [entry.record for entry in entries]
    for place, members in by_place(records, records).items():
        yield Lines(name, _texts(members), place)


def _texts(records: Sequence[Record]) -> bytes:
    """The line that each record holds; one without is a line itself."""
    held = [line_of(record) for record in records]
    if not any(held):
        return _json(records)
    return b"".join(
        _ended(line.encode()) if line else _json([record])
        for line, record in zip(held, records, strict=True)
        if line or not is_blank(record)
    )


def _ended(line: bytes) -> bytes:
    return line if line.endswith(b"\n") else line + b"\n"


def _json(records: Sequence[Record]) -> bytes:
    try:
        return _ENCODER.encode_lines(records)
    except TypeError:
        return _ENCODER.encode_lines(as_json(records))
