"""Export requests of log records whose bodies are lines or objects of access logs: these become those of their formats.

An OpenTelemetry Collector that reads files sends each line as a body, and parsers make a map of it. A record that is of
no access log stays a log record, as it came.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]

from collector.encoding.protobuf import fields, length_delimited
from collector.errors import PayloadError
from collector.formats.descriptor import Record
from collector.formats.otlp.descriptor import OTLP_LOGS, OTLP_LOGS_JSON
from collector.formats.registry import Formats
from collector.receivers.otlp_place import Attributes, environment_of, place_of_record, source_of
from collector.receivers.otlp_screen import Screen, access_formats, are_requests, is_request
from collector.receivers.otlp_values import (
    LogEntry,
    of_json,
    of_protobuf,
    resource_of_protobuf,
    texts_of_json,
)
from collector.records.classify import Classifier, grouped, line_of
from collector.records.json_body import lines_taken_out
from collector.records.place import Part, Place
from collector.records.slices import merged
from collector.records.unwrap import FIRST_RECORDS, are_wrapped, without_wrapping

# ExportLogsServiceRequest, ResourceLogs and ScopeLogs.
_RESOURCE_LOGS = 1
_RESOURCE, _SCOPE_LOGS = 1, 2
_LOG_RECORDS = 2

# What stands before the time of a request is an address or a name, and never words of a program about one.
_WORD = r"[A-Za-z]{2,}+[,:]? "
_PROSE = re.compile(rf"\b(?:TRACE|DEBUG|INFO|WARN|WARNING|ERROR|FATAL)\b|(?<![A-Za-z]){_WORD}{_WORD}")
_TIME_KEY = re.compile(r"stamp|date|^time|start|utc|msec|(?:^|_)ts$", re.IGNORECASE)

_DOCKER = '{"log":'

# By the environment that a resource names, '' where it names none.
Parts = Mapping[str, Sequence[Part]]
_Found = defaultdict[str, list[Part]]

_ENCODER = msgspec.json.Encoder(enc_hook=lambda value: value.hex() if isinstance(value, bytes) else str(value))
_DECODER = msgspec.json.Decoder(dict[str, Any])


class LogBodies:
    """Splits export requests; made once of the formats that are known."""

    def __init__(self, formats: Formats) -> None:
        self._formats = formats
        self._screen = Screen(formats)
        self._access = frozenset(known.name for known in access_formats(formats))

    def of_protobuf(self, message: bytes) -> Parts:
        """The parts of an ExportLogsServiceRequest; none where it is to be taken as it is."""
        if not self._screen.may_hold_requests(message) or are_requests(message):
            return {}
        found: _Found = defaultdict(list)
        try:
            rest = b"".join(self._resources(memoryview(message), found))
        except (PayloadError, DecodeError, RecursionError):
            # Damaged further in, or of more records than are looked at: it is for the transform.
            return {}
        return _with_rest(found, OTLP_LOGS.name, rest)

    def of_json(self, message: bytes) -> Parts:
        """The same of OTLP's JSON that has been checked."""
        if b'"body"' not in message:
            return {}
        request = _DECODER.decode(message)
        found: _Found = defaultdict(list)
        resources = [self._json_resource(resource, found) for resource in request.get("resourceLogs") or ()]
        kept = [resource for resource in resources if resource]
        rest = _ENCODER.encode({**request, "resourceLogs": kept}) if any(found.values()) and kept else b""
        return _with_rest(found, OTLP_LOGS_JSON.name, rest)

    def _resources(self, message: memoryview, found: _Found) -> Iterator[bytes]:
        """What is left of the request, one field after the other."""
        for number, value, whole in fields(message):
            if number != _RESOURCE_LOGS:
                yield bytes(whole)
            elif left := self._resource(value, found):
                yield length_delimited(_RESOURCE_LOGS, left)

    def _resource(self, resource_logs: memoryview, found: _Found) -> bytes:
        """What is left of a ResourceLogs message; nothing where all of its records are taken."""
        members = list(fields(resource_logs))
        resource = resource_of_protobuf(b"".join(bytes(whole) for of, _, whole in members if of == _RESOURCE))
        scopes = [self._scope(value, resource, found) for of, value, _ in members if of == _SCOPE_LOGS]
        if scopes and not any(scopes):
            return b""
        others = [bytes(whole) for of, _, whole in members if of != _SCOPE_LOGS]
        return b"".join([*others, *(length_delimited(_SCOPE_LOGS, scope) for scope in scopes if scope)])

    def _scope(self, scope: memoryview, resource: Attributes, found: _Found) -> bytes:
        """The same of a ScopeLogs message."""
        members = list(fields(scope))
        entries = [
            of_protobuf(record) if of == _LOG_RECORDS and not is_request(record, 0, len(record)) else None
            for of, record in ((of, bytes(value)) for of, value, _ in members)
        ]
        taken = self._taken(entries, resource, found)
        if taken and all(number in taken for number, (of, _, _) in enumerate(members) if of == _LOG_RECORDS):
            return b""
        return b"".join(bytes(whole) for number, (_, _, whole) in enumerate(members) if number not in taken)

    def _json_resource(self, resource_logs: dict[str, Any], found: _Found) -> dict[str, Any]:
        resource = texts_of_json((resource_logs.get("resource") or {}).get("attributes"))
        scopes = []
        for scope in resource_logs.get("scopeLogs") or ():
            records = scope.get("logRecords") or []
            taken = self._taken([of_json(record) for record in records], resource, found)
            if left := [record for number, record in enumerate(records) if number not in taken]:
                scopes.append({**scope, "logRecords": left})
        return {**resource_logs, "scopeLogs": scopes} if scopes else {}

    def _taken(self, entries: Sequence[LogEntry | None], resource: Attributes, found: _Found) -> set[int]:
        """The numbers of those entries that are of access logs, which are added to what is found."""
        held = [
            (number, entry)
            for number, entry in enumerate(entries)
            # Those with Istio's names as attributes are requests already.
            if entry is not None and "response_code" not in entry.attributes
        ]
        taken: set[int] = set()
        for source, members in grouped(held, [source_of(entry.attributes) for _, entry in held]).items():
            place = place_of_record(dict(source), resource)
            taken |= self._taken_of_source(members, place, found[environment_of(resource)])
        return taken

    def _taken_of_source(self, held: Sequence[tuple[int, LogEntry]], place: Place, found: list[Part]) -> set[int]:
        records = [_record(entry.body) for _, entry in held]
        if are_wrapped(records[:FIRST_RECORDS], self._formats):
            records = [_only(without_wrapping(record, self._formats), record) for record in records]
        first = Classifier(self._formats).formats_of(records[:FIRST_RECORDS])
        # To recognise an object takes as long as to store it, and a program writes its own from the beginning.
        if self._access.isdisjoint(first) and all(map(_is_object, records[:FIRST_RECORDS])):
            return set()
        names = Classifier(self._formats).formats_of(records) if len(records) > len(first) else first
        of_access = [
            (number, record, entry, name)
            for (number, entry), record, name in zip(held, records, names, strict=True)
            if name in self._access and not _PROSE.search(line_of(record).partition("[")[0])
        ]
        for name, members in grouped(of_access, [name for *_, name in of_access]).items():
            with_context = [_with_context(record, entry) for _, record, entry, _ in members]
            raws = [_ENCODER.encode(record) for record in with_context]
            for part in lines_taken_out(name, raws, with_context, self._formats, with_blank=False):
                found.append(Part(name, part.body, _either(part.place, place)))
        return {number for number, *_ in of_access}


def _with_rest(found: _Found, name: str, rest: bytes) -> Parts:
    parts = {environment: merged(of_environment) for environment, of_environment in found.items() if of_environment}
    if parts and rest:
        parts[""] = [*parts.get("", ()), Part(name, rest)]
    return parts


def _record(body: str | dict[str, Any]) -> Record:
    """A body as agents have it: a line is in a record of its own, which Docker has written already."""
    if not isinstance(body, str):
        return body
    wrapped = _object(body) if body.startswith(_DOCKER) else None
    return wrapped if wrapped and isinstance(wrapped.get("log"), str) else {"log": body}


def _only(inner: Sequence[Record], record: Record) -> Record:
    return inner[0] if len(inner) == 1 else record


def _is_object(record: Record) -> bool:
    line = line_of(record)
    return not line or line.startswith("{")


def _either(own: Place, other: Place) -> Place:
    return Place(own.gateway or other.gateway, own.instance or other.instance)


def _with_context(record: Record, entry: LogEntry) -> Record:
    """An object with the trace and time of its log record, unless it has its own."""
    line = line_of(record)
    if not line:
        return {**_context(record, entry), **record}
    inner = _object(line) if line.startswith("{") else None
    if inner is None or not (context := _context(inner, entry)):
        return record
    return {"log": _ENCODER.encode({**context, **inner}).decode(), **{k: v for k, v in record.items() if v is not line}}


def _context(record: Record, entry: LogEntry) -> dict[str, str]:
    context = {}
    if not any(_TIME_KEY.search(key) for key in record) and entry.nanoseconds:
        moment = datetime.fromtimestamp(entry.nanoseconds / 1e9, UTC)
        context["timestamp"] = moment.isoformat(timespec="microseconds").replace("+00:00", "Z")
    if entry.trace_id and not record.keys() & {"trace_id", "traceId", "traceID", "traceparent"}:
        context |= {"trace_id": entry.trace_id, "span_id": entry.span_id}
    return context


def _object(line: str) -> dict[str, Any] | None:
    try:
        return _DECODER.decode(line)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return None
