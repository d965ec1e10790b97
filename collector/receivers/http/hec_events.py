"""The body of an HEC request as the lines of formats.

Events are JSON objects one after the other, whatever stands between them: {"event": …, "time": …, "host": …}. An
event that is text is a line; one that is an object is a record, of a format or of anything.
https://docs.splunk.com/Documentation/Splunk/latest/Data/FormateventsforHTTPEventCollector
"""

import json
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from msgspec import Raw, Struct

from collector.encoding.limits import check_objects
from collector.errors import PayloadError
from collector.formats.descriptor import Format, Record
from collector.formats.registry import Formats
from collector.formats.shared.message_keys import TEXT_KEYS
from collector.records.classify import Classifier, grouped
from collector.records.extra_fields import apart
from collector.records.json_body import FAULTS, is_text, lines_taken_out, one_a_line, records, texts, unframed
from collector.records.place import NOWHERE, PLACE_KEYS, Part, Place, by_place, place_of
from collector.records.slices import member_slices, merged
from collector.records.unwrap import FIRST_RECORDS, are_prefixed, are_wrapped, parts, without_wrapping

_ENCODER = msgspec.json.Encoder()


class Event(Struct, omit_defaults=True, gc=False):
    """The envelope; what it holds is for the transforms to read."""

    event: Raw = Raw(b"")
    time: Raw = Raw(b"")
    host: str | None = None
    source: str | None = None
    sourcetype: str | None = None
    index: str | None = None
    fields: dict[str, Any] | None = None


_EVENTS = msgspec.json.Decoder(Event)
_LENIENT = json.JSONDecoder(strict=False)
# Seconds since 1970 as a rule, as a number or as text.
_TIME = re.compile(rb'"?(\d[\d.:TZ+-]+)"?')
_SPACE = re.compile(r"\s*")
# Events whose fields may be the record. Splunk takes metrics without an event too.
_METRIC = (b'"metric"', b"", b"null")
# Keys of a record that only its event may set.
_OF_THE_EVENT = TEXT_KEYS | {"time", "timestamp", "@timestamp", "date", "ts"}
# What Fluent Bit and OpenTelemetry's Collector call a host that they do not know.
_NO_HOSTS = frozenset({"localhost", "unknown"})
# An event of a few bytes takes 5 µs, and hundreds of bytes in objects of ours. Its envelope is an object of JSON, and
# so is the event itself where it is no text.
_MOST_EVENTS = 500_000
# In a larger body, it is not looked for which event is at fault.
_SLOW_BYTES = 1 << 20


class InvalidEvent(Exception):
    """An event that is none, by its number in the body."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


class NoEvent(InvalidEvent):
    """An envelope without an event."""


class BlankEvent(InvalidEvent):
    """An event without a word."""


@dataclass(frozen=True)
class Group:
    """Lines of a format with the place that they name; `host` is that of their envelopes."""

    format: str
    host: str
    lines: bytes
    place: Place = NOWHERE


def parse(body: bytes, formats: Formats) -> Sequence[Event]:
    """The events of a body; raises InvalidEvent for the first that is none, PayloadTooLarge for too many."""
    check_objects(body, most=_MOST_EVENTS)
    try:
        events: Sequence[Event] = _EVENTS.decode_lines(body)
    except FAULTS:
        events = _decoded_slowly(body)
    for number, event in enumerate(events):
        content = bytes(event.event)
        if content in (b"", b"null") and not _format_of_fields(event, formats):
            raise NoEvent(number)
        if content == b'""':
            raise BlankEvent(number)
    return events


def groups(events: Sequence[Event], formats: Formats, source_types: Mapping[str, str], format_name: str) -> list[Group]:
    """The events by host, sourcetype and format, each group in its order; raises PayloadError for too deep ones."""
    kinds: defaultdict[tuple[str, str, bool], list[Event]] = defaultdict(list)
    of_fields: defaultdict[tuple[str, str], list[Event]] = defaultdict(list)
    for event in events:
        host = event.host if event.host and event.host not in _NO_HOSTS else ""
        if name := _format_of_fields(event, formats):
            of_fields[name, host].append(event)
        else:
            kinds[host, event.sourcetype or "", is_text(event.event)].append(event)
    found = [Group(name, host, _ENCODER.encode_lines(members)) for (name, host), members in of_fields.items()]
    for (host, sourcetype, of_text), members in kinds.items():
        name = format_name or source_types.get(sourcetype, "")
        of_slice = _of_texts if of_text else _of_objects
        classifier = Classifier(formats)
        pieces = member_slices(members, lambda event: memoryview(event.event).nbytes)
        if of_text and (wrapped := _of_wrapped(members, name, formats)):
            found += [Group(part.format, host, part.body, part.place) for part in wrapped]
            continue
        of_host = merged(part for piece in pieces for part in of_slice(piece, name, formats, classifier))
        found += [Group(kind, host, lines, place) for kind, lines, place in of_host]
    return found


def _format_of_fields(event: Event, formats: Formats) -> str:
    """The format that takes an event's fields as its record; '' if the event itself is the record."""
    if not event.fields or bytes(event.event) not in _METRIC:
        return ""
    fields = event.fields
    return next((name for name, matches in formats.matching_fields if matches(fields)), "")


def raw(body: bytes, formats: Formats, format_name: str) -> list[Part]:
    """A part for each format and place in a raw request; text of no format that is known is kept as it is."""
    lines = unframed(body)
    if format_name != formats.anything.name or lines.lstrip().startswith(b"{"):
        found = parts(lines, formats, format_name)
        if found:
            return found
    for end in (b"\n", b"\r"):
        check_objects(body, end, _MOST_EVENTS)
    # As bytes: of text, more would end a line than has been counted.
    decoded = [line.decode("utf-8", "replace") for line in body.splitlines() if line.strip()]
    return [Part(formats.anything.name, _ENCODER.encode_lines([{"body": line} for line in decoded]))]


def _of_wrapped(events: Sequence[Event], format_name: str, formats: Formats) -> Sequence[Part]:
    """Texts that are lines with a prefix; none where they have none."""
    if not are_prefixed(texts([event.event for event in events[:FIRST_RECORDS]]), formats, format_name):
        return []
    lines = texts([event.event for event in events])
    return parts("\n".join(lines).encode("utf-8", "replace"), formats, format_name)


def _of_texts(events: Sequence[Event], format_name: str, formats: Formats, classifier: Classifier) -> Iterator[Part]:
    messages = texts([event.event for event in events])
    found = classifier.formats_of_texts(messages) if not format_name else [format_name] * len(messages)
    names = [name or formats.anything.name for name in found]
    for name, members in grouped(list(zip(events, messages, strict=True)), names).items():
        for place, of_place in by_place(members, (place_of(event.fields or {}) for event, _ in members)).items():
            if name in formats.whole_records:
                yield Part(name, _of_whole_texts(of_place, formats[name]), place)
            else:
                lines = [text.encode("utf-8", "replace") for _, text in of_place]
                for of, with_fields in apart(name, lines, [_extra_fields(event) for event, _ in of_place], formats):
                    yield Part(of, b"\n".join(with_fields), place)


def _extra_fields(event: Event) -> Mapping[str, Any]:
    """The envelope's fields that do not name a line's place."""
    fields = {key: value for key, value in (event.fields or {}).items() if key not in PLACE_KEYS}
    return {"index": event.index, **fields} if fields and event.index else fields


def _of_whole_texts(members: Sequence[tuple[Event, str]], known: Format) -> bytes:
    """Texts with their envelopes' fields: each may be a record itself."""
    lines = [_line_of(event, text, known).encode("utf-8", "replace") for event, text in members]
    return b"\n".join(
        _with_envelope(event, line, record)
        for (event, _), line, record in zip(members, lines, records(lines), strict=True)
    )


def _line_of(event: Event, text: str, known: Format) -> str:
    if text.startswith("{") and text.endswith("}") and "\n" not in text:
        return text
    if known.takes_anything:
        return _ENCODER.encode({"body": text}).decode()
    is_untimed = known.untimed_line and re.match(known.untimed_line, text)
    time = _TIME.fullmatch(event.time) if is_untimed else None
    return f"[{time[1].decode()}]{text}" if time else text


def _of_objects(events: Sequence[Event], format_name: str, formats: Formats, classifier: Classifier) -> Iterator[Part]:
    try:
        raws = one_a_line([event.event for event in events]).split(b"\n")
    except RecursionError as error:
        # It was read where less of the stack was taken.
        raise PayloadError("An event is nested too deep; send it flatter.") from error
    held = records(raws)
    if are_wrapped(held[:FIRST_RECORDS], formats, format_name):
        events, raws, held = _taken_out_of(events, held, formats, format_name)
    found = classifier.formats_of(held) if not format_name else [format_name] * len(held)
    enveloped = _enveloped(held, [name or formats.anything.name for name in found], formats, format_name)
    for (name, is_with_envelope), members in grouped(list(zip(events, raws, held, strict=True)), enveloped).items():
        if is_with_envelope:
            # The payload has the host already; a place named by fields comes first there.
            of_events = [msgspec.structs.replace(event, host=None) for event, _, _ in members]
            for place, of_place in by_place(of_events, (place_of(event.fields or {}) for event in of_events)).items():
                yield Part(name, _ENCODER.encode_lines(of_place), place)
        elif name in formats.whole_records:
            yield Part(name, b"\n".join(_with_envelope(*member) for member in members))
        else:
            raws_of, records_of = [raw for _, raw, _ in members], [record for _, _, record in members]
            extra = [_extra_fields(event) for event, _, _ in members]
            yield from lines_taken_out(name, raws_of, records_of, formats, extra)


def _taken_out_of(
    events: Sequence[Event], held: Sequence[Record], formats: Formats, format_name: str
) -> tuple[Sequence[Event], list[bytes], Sequence[Record]]:
    """The records that events hold in another way than agents do, each as an event."""
    found = [
        (event, inner)
        for event, record in zip(events, held, strict=True)
        for inner in without_wrapping(record, formats, format_name)
    ]
    inner = [record for _, record in found]
    return [event for event, _ in found], [_ENCODER.encode(record) for record in inner], inner


def _enveloped(
    held: Sequence[Record], names: Sequence[str], formats: Formats, format_name: str
) -> list[tuple[str, bool]]:
    """The format of each event, and whether its envelope is a part of the record."""
    found = [(name, False) for name in names]
    for known, is_record in formats.recognised_with_envelope:
        if format_name in ("", known):
            found = [(known, True) if is_record(record) else kind for record, kind in zip(held, found, strict=True)]
    return found


def _with_envelope(event: Event, line: bytes, record: Record) -> bytes:
    """The line of a record with what it lacks: when and where, and the envelope's fields."""
    fields = event.fields or {}
    envelope = {
        "time": event.time,
        "source": event.source,
        "sourcetype": event.sourcetype,
        "index": event.index,
        **place_of(fields)._asdict(),
    }
    missing = {name: value for name, value in envelope.items() if value and name not in record}
    for name, value in fields.items():
        # What a record says itself counts, and a field must not stand for its text or its time.
        is_free = name not in record and name not in missing and name not in _OF_THE_EVENT
        if is_free or (value != record.get(name) and value != missing.get(name)):
            missing[name if is_free else f"fields.{name}"] = value
    if not record or not missing:
        return line
    return _ENCODER.encode(missing)[:-1] + b"," + line[1:]


def _decoded_slowly(body: bytes) -> Sequence[Event]:
    """The events of a body that msgspec refuses: one is no event, or its text is no good UTF-8 or UTF-16."""
    events: list[Event] = []
    if len(body) > _SLOW_BYTES:
        raise InvalidEvent(0)
    text = body.decode("utf-8", "replace")
    position = _after_space(text, 0)
    while position < len(text):
        try:
            found, position = _LENIENT.raw_decode(text, position)
            events.append(_EVENTS.decode(json.dumps(found, ensure_ascii=False).encode("utf-8", "replace")))
        except (ValueError, *FAULTS) as error:
            raise InvalidEvent(len(events)) from error
        position = _after_space(text, position)
    return events


def _after_space(text: str, position: int) -> int:
    found = _SPACE.match(text, position)
    return found.end() if found else position
