"""Whether an export request of log records may have lines of access logs as bodies, known without decoding it.

A request that has none, as most have, is handed on as it came: what this looks at is its bytes, by patterns of the
formats that are known.
https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/logs/v1/logs.proto
"""

import re
from collections.abc import Iterable

from collector.encoding.protobuf import places
from collector.errors import PayloadError
from collector.formats.descriptor import Format, TextLine
from collector.formats.recognise import LONGEST_LINE
from collector.formats.registry import Formats
from storage.patterns import Patterns

_LENGTH = rb"[\x80-\xff]{0,3}[\x00-\x7f]"
# LogRecord.body, and of its AnyValue the string or the map; of the map the first member.
_TEXT = rb"\*" + _LENGTH + rb"\n" + _LENGTH
_MAP = rb"\*" + _LENGTH + rb"2" + _LENGTH + rb"\n" + _LENGTH + rb"\n"
# The groups are the length of a text and where it begins; after the first byte nothing is consumed, as that may be of
# what is before a text.
_TEXTS = re.compile(rb"\*(?=" + _LENGTH + rb"\n(" + _LENGTH + rb")())")
_BODY = re.compile(rb"\*" + _LENGTH + rb"[\n2]" + _LENGTH + rb"[^\x00-\x08]")
# ExportLogsServiceRequest.resource_logs, ResourceLogs.scope_logs and ScopeLogs.log_records.
_RESOURCE_LOGS, _SCOPE_LOGS, _LOG_RECORDS = 1, 2, 2
# LogRecord.attributes with a text as `response_code`, as it is on the wire, and how far into it the key is.
_RESPONSE_CODE = re.compile(rb"2[\x00-\x7f]\n\rresponse_code\x12[\x00-\x7f]\n[\x01-\x7f]")
_KEY, _BEFORE_KEY = b"\n\rresponse_code\x12", 2
# What CRI puts before a line.
_RUNTIME = re.compile(rb"\d{4}-\S+ std(?:out|err) [FP] ")
_RUNTIME_MARK = b" std"


class Screen:
    """Looks for what lines and objects of access logs have; made once of the formats that are known."""

    def __init__(self, formats: Formats) -> None:
        known = access_formats(formats)
        texts = [of.line for of in known if of.line]
        keys = sorted({key for of in known if of.record for key in of.record.keys})
        self._marker = _any_of({line.marker for line in texts if line.marker})
        self._line = _Lines(line for line in texts if not line.marker)
        self._any_line = _Lines(texts)
        self._object = re.compile(_TEXT + rb"\s*\{")
        self._map = re.compile(_MAP)
        key = _any_of(map(re.escape, keys)).pattern
        self._key = re.compile(rb'"' + key + rb'\\?"|\n[\x00-\x7f]' + key + rb"\x12")

    def may_hold_requests(self, message: bytes) -> bool:
        """Whether a body in an ExportLogsServiceRequest may be of an access log."""
        if not _BODY.search(message):
            return False
        has_marker = self._marker.search(message) is not None
        # Objects first: they are found in a hundredth of the time that lines of all formats take.
        has_object = self._object.search(message) or self._map.search(message)
        if has_object and (has_marker or self._key.search(message)):
            return True
        return (self._any_line if has_marker else self._line).are_in(message)


def is_request(message: bytes, start: int, end: int) -> bool:
    """Whether the log record between two places is a request by its attributes, under Istio's names."""
    key = message.find(_KEY, start, end)
    return key >= start + _BEFORE_KEY and _RESPONSE_CODE.match(message, key - _BEFORE_KEY, end) is not None


def are_requests(message: bytes) -> bool:
    """Whether all records of an ExportLogsServiceRequest are, however many lines they have as bodies.

    A Collector that parses lines keeps each beside its attributes, and to take a record apart takes 40 µs. False for
    what is damaged.
    """
    try:
        return all(
            is_request(message, *record)
            for resource in places(message, _RESOURCE_LOGS, 0, len(message))
            for scope in places(message, _SCOPE_LOGS, *resource)
            for record in places(message, _LOG_RECORDS, *scope)
        )
    except PayloadError:
        return False


def access_formats(formats: Formats) -> list[Format]:
    """Formats each line of which is a request."""
    return [known for known in formats if known.has_lines and "requests" in known.becomes]


class _Lines:
    """Lines of formats, as they are or behind what a container's runtime puts before them."""

    def __init__(self, lines: Iterable[TextLine]) -> None:
        self._patterns = Patterns(sorted({line.pattern for line in lines}))

    def are_in(self, message: bytes) -> bool:
        """Whether a body is such a line; each is looked at no further than a line is recognised by."""
        is_line = self._patterns.match_bytes
        for found in _TEXTS.finditer(message):
            start = found.start(2)
            line = message[start : start + min(_length(found[1]), LONGEST_LINE)]
            if len(line) == LONGEST_LINE:
                # It may end within a letter.
                line = line.decode("utf-8", "ignore").encode()
            if is_line(line if _RUNTIME_MARK not in line else _without_runtime(line)):
                return True
        return False


def _without_runtime(line: bytes) -> bytes:
    found = _RUNTIME.match(line)
    return line[found.end() :] if found else line


def _length(varint: bytes) -> int:
    if len(varint) == 1:
        return varint[0]
    return sum((byte & 0x7F) << 7 * number for number, byte in enumerate(varint))


def _any_of(patterns: Iterable[str]) -> re.Pattern[bytes]:
    return re.compile(b"(?:" + ("|".join(sorted(patterns)) or "(?!)").encode() + b")")
