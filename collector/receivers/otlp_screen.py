"""Whether an export request of log records may have lines of access logs as bodies, known without decoding it.

A request that has none, as most have, is handed on as it came: what this looks at is its bytes, by patterns of the
formats that are known.
https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/logs/v1/logs.proto
"""

import re
from collections.abc import Iterable

from collector.formats.descriptor import Format, TextLine
from collector.formats.recognise import LONGEST_LINE
from collector.formats.registry import Formats

_LENGTH = rb"[\x80-\xff]{0,3}[\x00-\x7f]"
# LogRecord.body, and of its AnyValue the string or the map; of the map the first member.
_TEXT = rb"\*" + _LENGTH + rb"\n" + _LENGTH
_MAP = rb"\*" + _LENGTH + rb"2" + _LENGTH + rb"\n" + _LENGTH + rb"\n"
# The group is where a text begins; after the first byte nothing is consumed, as that may be of what is before a text.
_TEXTS = re.compile(rb"\*(?=" + _LENGTH + rb"\n" + _LENGTH + rb"())")
_BODY = re.compile(rb"\*" + _LENGTH + rb"[\n2]" + _LENGTH + rb"[^\x00-\x08]")
# What CRI puts before a line.
_RUNTIME = rb"(?:\d{4}-\S+ std(?:out|err) [FP] )?"


class Screen:
    """Looks for what lines and objects of access logs have; made once of the formats that are known."""

    def __init__(self, formats: Formats) -> None:
        known = access_formats(formats)
        texts = [of.line for of in known if of.line]
        keys = sorted({key for of in known if of.record for key in of.record.keys})
        self._marker = _any_of({line.marker for line in texts if line.marker})
        self._line = _line(line for line in texts if not line.marker)
        self._any_line = _line(texts)
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
        return _has_text(message, self._any_line if has_marker else self._line)


def access_formats(formats: Formats) -> list[Format]:
    """Formats each line of which is a request."""
    return [known for known in formats if known.has_lines and "requests" in known.becomes]


def _line(lines: Iterable[TextLine]) -> re.Pattern[bytes]:
    """Such a line, as it is or behind what a container's runtime puts before it."""
    return re.compile(_RUNTIME + _any_of(line.pattern.removeprefix("^") for line in lines).pattern)


def _has_text(message: bytes, line: re.Pattern[bytes]) -> bool:
    """Whether a body is such a line; each is looked at no further than a line is recognised by."""
    starts = (found.start(1) for found in _TEXTS.finditer(message))
    return any(line.match(message, start, start + LONGEST_LINE) for start in starts)


def _any_of(patterns: Iterable[str]) -> re.Pattern[bytes]:
    return re.compile(b"(?:" + ("|".join(sorted(patterns)) or "(?!)").encode() + b")")
