"""Records as the lines of formats: which format each is in, and what of it is the line."""

import fnmatch
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

import msgspec

from collector.formats.registry import Formats
from collector.receivers.forward.config import ForwardConfig, ForwardRule
from collector.receivers.forward.entries import Entry, as_json, stamp
from collector.receivers.otlp_bodies import LogBodies
from collector.records.classify import Classifier, grouped, is_blank, joined, line_of
from collector.records.extra_fields import apart, extra_fields
from collector.records.place import Part, by_place, place_of_record
from collector.records.unwrap import FIRST_RECORDS, are_wrapped, without_wrapping

_ENCODER = msgspec.json.Encoder(enc_hook=as_json)

_NO_RULE = ForwardRule(tag="*")
_TAGS_KNOWN = 10_000


class Rules:
    """What the configuration says of records by their tag, and the formats that they may be in."""

    def __init__(self, config: ForwardConfig, formats: Formats, *, keeps_tags: bool = False) -> None:
        """With `keeps_tags`, payloads keep their tag, for naming rules."""
        self.keeps_tags = keeps_tags
        self.formats = formats
        self.log_bodies = LogBodies(formats)
        self._rules = tuple((re.compile(fnmatch.translate(rule.tag)), rule) for rule in config.rules)
        self.of = lru_cache(_TAGS_KNOWN)(self._of)

    def _of(self, tag: str) -> ForwardRule:
        return next((rule for pattern, rule in self._rules if pattern.match(tag)), _NO_RULE)


def classified(entries: Sequence[Entry], tag: str, rules: Rules, classifier: Classifier) -> list[Part]:
    """The entries as lines of the format of their tag, or where it has none, of those that they are in.

    The `classifier` is that of the entries before them.
    """
    named = rules.of(tag).format
    entries = _unwrapped(entries, rules.formats, named)
    if named:
        return list(_lines(named, entries, tag, rules.formats))
    names = classifier.formats_of([entry.record for entry in entries])
    return [
        part
        for name, members in grouped(entries, names).items()
        if name
        for part in _lines(name, members, tag, rules.formats)
    ]


def _unwrapped(entries: Sequence[Entry], formats: Formats, format_name: str) -> Sequence[Entry]:
    """The entries with their lines unwrapped; the first ones show whether that is needed, which is rare."""
    if not are_wrapped([entry.record for entry in entries[:FIRST_RECORDS]], formats, format_name):
        return entries
    return [
        Entry(entry.head, dict(record))
        for entry in entries
        for record in without_wrapping(entry.record, formats, format_name)
    ]


def _lines(name: str, entries: Sequence[Entry], tag: str, formats: Formats) -> Iterator[Part]:
    if name in formats.whole_records:
        yield Part(name, _json(joined(stamp(entries, tag), name, formats)))
        return
    records = [entry.record for entry in entries]
    for place, members in by_place(records, map(place_of_record, records)).items():
        held = [line_of(record) for record in members]
        if not any(held):
            yield Part(name, _json(members), place)
            continue
        kept = [
            (line, record)
            for line, record in zip(held, members, strict=True)
            if name in formats.of_many_lines or line or not is_blank(record)
        ]
        lines = [_ended(line.encode()) if line or is_blank(record) else _json([record]) for line, record in kept]
        for of, found in apart(name, lines, (as_json(extra_fields(record)) for _, record in kept), formats):
            yield Part(of, b"".join(found), place)


def _ended(line: bytes) -> bytes:
    return line if line.endswith(b"\n") else line + b"\n"


def _json(records: Sequence[Mapping[str, Any]]) -> bytes:
    try:
        return _ENCODER.encode_lines(records)
    except TypeError:
        return _ENCODER.encode_lines(as_json(records))
