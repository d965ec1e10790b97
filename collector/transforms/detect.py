"""Which format a text is in, from its first record."""

import json
import re
from collections.abc import Mapping
from typing import Any

_CLOCK = rb"\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d"
_LEVEL = rb"(?:TRACE|DEBUG|INFO|WARN|ERROR|FATAL)"
_LOG4J_TIME = rb"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d[,.]\d{3}"

# In this order: each is narrower than what follows it.
_LINES = (
    ("envoy_text", re.compile(rb'^\[\d{4}-\d\d-\d\dT[^\]]+\] "')),
    (
        "flex",
        re.compile(
            rb"^(?:\S+ )?(?:\[[^\]]+\] ?)?\[(?:flex-[a-z-]+|open-telemetry-collector)\] ?\["
            rb"|^\d{4}-\S+\s+[A-Z]+\s+\[[^\]]*\]\s+(?:flex-[a-z-]+|open-telemetry-collector)\s+-\s"
        ),
    ),
    ("haproxy", re.compile(rb"^(?:.* )?\S+:\d+ \[" + _CLOCK + rb"\.\d{3}\] \S+ \S+/\S+ [-+\d]+(?:/[-+\d]+){2,4} ")),
    ("combined", re.compile(rb"^\S.* \[" + _CLOCK + rb' [-+]\d{4}\] "(?:[^"\\]|\\.)*" \d{3} (?:\d+|-) "')),
    ("common", re.compile(rb"^\S.* \[" + _CLOCK + rb' [-+]\d{4}\] "(?:[^"\\]|\\.)*" \d{3} (?:\d+|-)(?:\s|$)')),
    (
        "mule_analytics",
        re.compile(rb"^(?:[A-Z]+ +\d{4}-|\d{4}-|com\.mulesoft\.).*\.AnalyticsHttpEventsLogger(?::| -) \{"),
    ),
    (
        "mule_log",
        re.compile(
            rb"^(?:" + _LEVEL + rb" +" + _LOG4J_TIME + rb" \[.*?\] |" + _LOG4J_TIME + rb" \[.*?\] " + _LEVEL + rb" +)"
            rb"\S.*?(?::| -)(?: |$)"
        ),
    ),
    ("prometheus_text", re.compile(rb"^# (?:HELP|TYPE) [a-zA-Z_:]")),
)

_ENVOY_JSON = frozenset({"start_time", "response_code", "upstream_cluster", "response_flags", "method", "path"})
_JSON_LAYOUT = frozenset({"loggerName", "level", "message"})
_SPLUNK_APPENDER = frozenset({"severity", "logger", "thread"})
_FLEX_KINDS = ("accessLog", "runtimeLog")

# What begins with anything but a space.
_FIRST_LINE = re.compile(rb"\S[^\n]*")

# A longer line is told by its beginning.
_LONGEST_LINE = 4 << 10


def detect(head: bytes) -> str | None:
    """The name of the format, or None where it is not one that we know; JSON of anything is None too."""
    line = _first_line(head)
    if line.startswith(b"{"):
        return _of_record(line, head)
    start = line[:_LONGEST_LINE]
    return next((name for name, pattern in _LINES if pattern.match(start)), None)


def _first_line(head: bytes) -> bytes:
    # Not by splitting: what is recognised may be a body of many megabytes.
    found = _FIRST_LINE.search(head)
    return found[0].rstrip() if found else b""


def _of_record(line: bytes, head: bytes) -> str | None:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        # An object over many lines: log4j's JsonLayout writes them unless it is told to be compact.
        is_log4j = line == b"{" and b'"loggerName"' in head and b'"level"' in head
        return "mule_log" if is_log4j else None
    return _of_names(record) if isinstance(record, dict) else None


def _of_names(record: Mapping[str, Any]) -> str | None:
    names = record.keys()
    if len(_ENVOY_JSON & names) >= 3:
        return "envoy_json"
    if "received_ts" in names and ("api_version_id" in names or "status_code" in names):
        return "mule_analytics"
    if "resourceLogs" in names:
        return "otlp_logs_json"
    if record.get("kind") in _FLEX_KINDS or str(record.get("logger", "")).startswith("flex-"):
        return "flex"
    event = record.get("event")
    if names >= _JSON_LAYOUT or (isinstance(event, dict) and event.keys() >= _SPLUNK_APPENDER):
        is_event = str(record.get("loggerName", "")).endswith(".AnalyticsHttpEventsLogger")
        return "mule_analytics" if is_event else "mule_log"
    return None
