"""Mule's analytics events and logs."""

from pathlib import Path

from collector.formats.descriptor import Format, JsonRecord, Record, TextLine
from collector.formats.shared.layers import PAYLOADS, sql

_FOLDER = Path(__file__).parent

# From a log of Mule to its analytics events and everything else in it.
_LAYERS = (*sql(_FOLDER, "mule_log", "mule_analytics", "mule_log_parts", "mule_log_records"), PAYLOADS)

# How a record begins, as mule_log_records.sql has it; a stack trace goes on for many lines.
_FIRST_LINE = r"(?:, )?\{|(?:(?:TRACE|DEBUG|INFO|WARN|ERROR|FATAL) +)?\d{4}-\d\d-\d\d[ T]|com\.mulesoft\."

_LEVEL = r"(?:TRACE|DEBUG|INFO|WARN|ERROR|FATAL)"
_LOG4J_TIME = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d[,.]\d{3}"
_EVENTS_LOGGER = "AnalyticsHttpEventsLogger"

_JSON_LAYOUT = frozenset({"loggerName", "level", "message"})
_SPLUNK_APPENDER = frozenset({"severity", "logger", "thread"})


def _is_appended(event: Record) -> bool:
    """Whether Splunk's appender for log4j has written an event: it leaves the time to the envelope."""
    return event.keys() >= _SPLUNK_APPENDER


def _is_logged(record: Record) -> bool:
    """Whether log4j has written a record: by its JsonLayout, or by Splunk's appender in its envelope."""
    event = record.get("event")
    return record.keys() >= _JSON_LAYOUT or (isinstance(event, dict) and _is_appended(event))


def _is_analytics(record: Record) -> bool:
    if "received_ts" in record and ("api_version_id" in record or "status_code" in record):
        return True
    return str(record.get("loggerName", "")).endswith(f".{_EVENTS_LOGGER}") and _is_logged(record)


def _is_json_layout_over_lines(line: bytes, head: bytes) -> bool:
    """log4j's JsonLayout writes objects over many lines unless it is told to be compact."""
    return line == b"{" and b'"loggerName"' in head and b'"level"' in head


MULE_ANALYTICS = Format(
    "mule_analytics",
    "Mule's API analytics events, alone or in a log of Mule",
    _LAYERS,
    becomes=("requests", "logs"),
    line=TextLine(
        r"^(?:[A-Z]+ +\d{4}-|\d{4}-|com\.mulesoft\.).*\." + _EVENTS_LOGGER + r"(?::| -) \{", contains=_EVENTS_LOGGER
    ),
    record=JsonRecord(
        keys=frozenset({"received_ts", "loggerName", "event"}),
        matches=_is_analytics,
        in_text=('"received_ts"', '"loggerName"'),
        once=(b'"received_ts"',),
    ),
    first_line=_FIRST_LINE,
)

MULE_LOG = Format(
    "mule_log",
    "Mule's runtime and application logs, as text or JSON, with the analytics events in them",
    _LAYERS,
    becomes=("requests", "logs"),
    line=TextLine(
        r"^(?:" + _LEVEL + r" +" + _LOG4J_TIME + r" \[.*?\] |" + _LOG4J_TIME + r" \[.*?\] " + _LEVEL + r" +)"
        r"(?:\[(?:processor|event): [^\]]*\] )?\S+?(?::| -)(?: |$)",
        contains="[",
    ),
    record=JsonRecord(
        keys=frozenset({"loggerName", "event"}),
        matches=_is_logged,
        in_text=('"loggerName"',),
        matches_beginning=_is_json_layout_over_lines,
    ),
    first_line=_FIRST_LINE,
    is_record_with_envelope=_is_appended,
)
