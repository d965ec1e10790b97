"""Which format a text is in, from its first record; and which a line or a record."""

import json
import re
from collections.abc import Iterable, KeysView, Mapping, Sequence
from typing import Any

from collector.formats.fluent import inputs as fluent_inputs

_CLOCK = r"\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d"
_LEVEL = r"(?:TRACE|DEBUG|INFO|WARN|ERROR|FATAL)"
_LOG4J_TIME = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d[,.]\d{3}"


def _ascii(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.ASCII)


# In this order: each is narrower than what follows it.
_LINES = (
    ("envoy_text", r'^\[\d{4}-\d\d-\d\dT[^\]]+\] "'),
    (
        "flex",
        (
            r"^(?:\S+ )?(?:\[[^\]]+\] ?)?\[(?:flex-[a-z-]+|open-telemetry-collector)\] ?\["
            r"|^\d{4}-\S+\s+[A-Z]+\s+\[[^\]]*\]\s+(?:flex-[a-z-]+|open-telemetry-collector)\s+-\s"
        ),
    ),
    ("combined", r"^\S(?:[^\[]*|.*?) \[" + _CLOCK + r' [-+]\d{4}\] "[^"\\]*(?:\\.[^"\\]*)*" \d{3} (?:\d+|-) "'),
    (
        "common",
        r"^\S(?:[^\[]*|.*?) \[" + _CLOCK + r' [-+]\d{4}\] "[^"\\]*(?:\\.[^"\\]*)*" \d{3} (?:\d+|-)(?: (?!")|\s*$)',
    ),
    ("haproxy", r"^(?:.* )?\S+:\d+ \[" + _CLOCK + r"\.\d{3}\] \S+ \S+/\S+ [-+\d]+(?:/[-+\d]+){2,4} "),
    ("mule_analytics", r"^(?:[A-Z]+ +\d{4}-|\d{4}-|com\.mulesoft\.).*\.AnalyticsHttpEventsLogger(?::| -) \{"),
    (
        "mule_log",
        (
            r"^(?:" + _LEVEL + r" +" + _LOG4J_TIME + r" \[.*?\] |" + _LOG4J_TIME + r" \[.*?\] " + _LEVEL + r" +)"
            r"(?:\[(?:processor|event): [^\]]*\] )?\S+?(?::| -)(?: |$)"
        ),
    ),
    ("prometheus_text", r"^# (?:HELP|TYPE) [a-zA-Z_:]"),
)
_PATTERNS = {name: _ascii(pattern) for name, pattern in _LINES}

# Most lines of applications have nothing that is looked for, and are told by that alone.
_MULE_EVENT = "AnalyticsHttpEventsLogger"
_PROXY_TIME = _ascii(r"\[\d\d/[A-Z][a-z]{2}/")
_OF_PROXIES = frozenset({"combined", "common", "haproxy"})


def _any_of(lines: Iterable[tuple[str, str]]) -> re.Pattern[str]:
    """A pattern whose group that matched has the name of the format."""
    return _ascii("|".join(f"(?P<{name}>{pattern})" for name, pattern in lines))


_ANY_LINE = _any_of(_LINES)
_ANY_OTHER_LINE = _any_of((name, pattern) for name, pattern in _LINES if name not in _OF_PROXIES)

_ENVOY_JSON = frozenset({"start_time", "response_code", "upstream_cluster", "response_flags", "method", "path"})
_JSON_LAYOUT = frozenset({"loggerName", "level", "message"})
_SPLUNK_APPENDER = frozenset({"severity", "logger", "thread"})
# What an export request in OTLP's JSON has, by which it is told.
OTLP_JSON: Mapping[str, str] = {
    "resourceLogs": "otlp_logs_json",
    "resourceMetrics": "otlp_metrics_json",
    "resourceSpans": "otlp_traces_json",
}
_OTLP_BEGINNING = re.compile(rb'\{\s*"(' + "|".join(OTLP_JSON).encode() + rb')"\s*:')
_FLEX_KINDS = ("accessLog", "runtimeLog")
# One of these is in every record of a format that we know, but for what Fluent Bit measures of interfaces.
TELLING = fluent_inputs.TELLING | {
    "response_code", "response_flags", "upstream_cluster", "received_ts", "kind", "logger", "event", "loggerName",
    "start_time", *OTLP_JSON,
}  # fmt: skip

# What begins with anything but a space.
_FIRST_LINE = re.compile(rb"\S[^\n]*")

# A longer line is told by its beginning.
_LONGEST_LINE = 4 << 10


def detect(head: bytes) -> str | None:
    """The name of the format, or None where it is not one that we know; JSON of anything is None too."""
    line = _first_line(head)
    if line.startswith(b"{"):
        return _of_object(line, head)
    # Its bytes as letters, whatever they are: all that is looked for is ASCII.
    return line_format(line.decode("latin-1")) or None


def line_format(line: str, likely: str = "") -> str:
    """The format of a line of text that is no JSON; '' for none. That of its neighbour is `likely`, and tried first."""
    start = line if len(line) <= _LONGEST_LINE else line[:_LONGEST_LINE]
    pattern = _PATTERNS.get(likely)
    if pattern is not None and pattern.match(start):
        return likely
    if "[" not in start and _MULE_EVENT not in start and start[:2] != "# ":
        return ""
    found = (_ANY_LINE if _PROXY_TIME.search(start) else _ANY_OTHER_LINE).match(start)
    return found.lastgroup or "" if found else ""


def are_lines_of(name: str, lines: Sequence[Any]) -> bool:
    """Whether all are lines of a format of text; False too for what is not to be told at once."""
    pattern = _PATTERNS.get(name)
    if pattern is None:
        return False
    try:
        return max(map(len, lines)) <= _LONGEST_LINE and all(map(pattern.match, lines))
    except TypeError:
        return False


def record_format(record: Mapping[str, Any]) -> str:
    """The format of a record by its keys; '' for that of anything."""
    if TELLING.isdisjoint(record):
        return "fluent_metrics" if "log" not in record and fluent_inputs.is_measured(record) else ""
    return _of_names(record)


def is_appended(event: Mapping[str, Any]) -> bool:
    """Whether Splunk's appender for log4j has written what is in an envelope of HEC."""
    return event.keys() >= _SPLUNK_APPENDER


def _first_line(head: bytes) -> bytes:
    # Not by splitting: what is recognised may be a body of many megabytes.
    found = _FIRST_LINE.search(head)
    return found[0].rstrip() if found else b""


def _of_object(line: bytes, head: bytes) -> str | None:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        if otlp := _OTLP_BEGINNING.match(line):
            # More of it than is looked at: an OpenTelemetry Collector writes thousands of records to a line.
            return OTLP_JSON[otlp[1].decode()]
        # An object over many lines: log4j's JsonLayout writes them unless it is told to be compact.
        is_log4j = line == b"{" and b'"loggerName"' in head and b'"level"' in head
        return "mule_log" if is_log4j else None
    return (record_format(record) or None) if isinstance(record, dict) else None


def _of_names(record: Mapping[str, Any]) -> str:
    names = record.keys()
    if is_access(names):
        return "envoy_json"
    if "received_ts" in names and ("api_version_id" in names or "status_code" in names):
        return "mule_analytics"
    if otlp := OTLP_JSON.keys() & names:
        return OTLP_JSON[min(otlp)]
    if record.get("kind") in _FLEX_KINDS or str(record.get("logger", "")).startswith("flex-"):
        return "flex"
    event = record.get("event")
    if names >= _JSON_LAYOUT or (isinstance(event, dict) and is_appended(event)):
        is_event = str(record.get("loggerName", "")).endswith(".AnalyticsHttpEventsLogger")
        return "mule_analytics" if is_event else "mule_log"
    return "fluent_metrics" if fluent_inputs.is_measured(record) else ""


def is_access(names: KeysView[str]) -> bool:
    """Whether records of these names are an access log's: an application may well log `method` and `path`."""
    if "response_code" in names:
        return "start_time" in names or "upstream_cluster" in names or len(_ENVOY_JSON & names) >= 3
    return len(_ENVOY_JSON & names) >= 3 and fluent_inputs.SAID.isdisjoint(names)
