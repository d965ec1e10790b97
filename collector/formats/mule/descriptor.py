"""Mule's analytics events and logs."""

from pathlib import Path

from collector.formats.descriptor import Format, JsonRecord, Record, TextLine
from collector.formats.shared.layers import PAYLOADS, sql
from collector.formats.shared.literal import literal

_FOLDER = Path(__file__).parent

_LEVEL = r"(?:TRACE|DEBUG|INFO|WARN|ERROR|FATAL)"
_DAY = r"\d{4}-\d\d-\d\d"
_LOG4J_TIME = _DAY + r"[ T]\d\d:\d\d:\d\d(?:[,.]\d+)?(?:Z|[+-]\d\d:?\d\d)?"
_CLOUD_HUB_1_TIME = r"\[(?:\d{4}-)?\d\d-\d\d \d\d:\d\d:\d\d(?:[,.]\d+)?\]"
_EVENTS_LOGGER = "AnalyticsHttpEventsLogger"

# How a record of text begins, even if the rest of its line is damaged.
_TEXT_LINE = rf"{_LEVEL}(?: |\r?$)|{_DAY}(?:[ T]|\r?$)|\[(?:\d{{4}}-)?\d\d-\d\d \d\d:|com\.mulesoft\."
# How an object begins that somebody has logged as a whole: nothing else goes on with it.
_LOGGED_OBJECT = r'(?:, )?\{\s*"(?:api_id|instant|timeMillis|@timestamp|correlationId|loggerName|thread|level|time)"'
_FIRST_LINE = rf"(?:, )?\{{|{_TEXT_LINE}"

# From a log of Mule to its analytics events and everything else in it.
_LAYERS = (*sql(_FOLDER, "mule_log", "mule_analytics", "mule_log_parts", "mule_log_records"), PAYLOADS)
_FRAGMENTS = {"text_line": literal(f"^(?:{_TEXT_LINE})"), "logged_object": literal(f"^{_LOGGED_OBJECT}")}

_JSON_LAYOUT = frozenset({"loggerName", "level", "message"})
_JSON_LOGGER = frozenset({"tracePoint", "priority"})
_SPLUNK_APPENDER = frozenset({"severity", "logger", "thread"})


def _is_appended(event: Record) -> bool:
    """Whether Splunk's appender for log4j has written an event: it leaves the time to the envelope."""
    return event.keys() >= _SPLUNK_APPENDER


def _is_logged(record: Record) -> bool:
    """Whether log4j has written a record: by its JsonLayout, by Splunk's appender in its envelope, or json-logger."""
    event = record.get("event")
    names = record.keys()
    return names >= _JSON_LAYOUT or names >= _JSON_LOGGER or (isinstance(event, dict) and _is_appended(event))


def _is_analytics(record: Record) -> bool:
    if "received_ts" in record and ("api_version_id" in record or "status_code" in record):
        return True
    return str(record.get("loggerName", "")).endswith(f".{_EVENTS_LOGGER}") and _is_logged(record)


def _is_over_lines(line: bytes, head: bytes) -> bool:
    """log4j's JsonLayout and json-logger write objects over many lines unless set to be compact."""
    is_of_log4j = b'"loggerName"' in head and b'"level"' in head
    return line == b"{" and (is_of_log4j or all(f'"{key}"'.encode() in head for key in _JSON_LOGGER))


MULE_ANALYTICS = Format(
    "mule_analytics",
    "Mule's API analytics events, alone or in a log of Mule",
    _LAYERS,
    becomes=("requests", "logs"),
    line=TextLine(
        r"^(?:[A-Z]+ +\d{4}-|\d{4}-|\[\d\d|com\.mulesoft\.).*\b" + _EVENTS_LOGGER + r"(?:| .*)(?::| -) \{",
        contains=_EVENTS_LOGGER,
    ),
    record=JsonRecord(
        keys=frozenset({"received_ts", "loggerName", "event"}),
        matches=_is_analytics,
        in_text=('"received_ts"', '"loggerName"'),
        once=(b'"received_ts"',),
    ),
    fragments=_FRAGMENTS,
    first_line=_FIRST_LINE,
)

MULE_LOG = Format(
    "mule_log",
    "Mule's runtime and application logs, as text or JSON, with the analytics events in them",
    _LAYERS,
    becomes=("requests", "logs"),
    line=TextLine(
        rf"^(?:{_LEVEL} +{_LOG4J_TIME} +\[.*?\] |{_LOG4J_TIME} +(?:\[.*?\] +{_LEVEL}|{_LEVEL} +\[.*?\]) +)"
        r"(?:\[(?:processor|event): [^\]]*\] )?\S+?(?::| -)(?: |$)"
        rf"|^{_CLOUD_HUB_1_TIME} +{_LEVEL} +\S+ +\[.*?\]:(?: |$)"
        rf"|^{_DAY}T\S+ +{_LEVEL} +\[[^\[\]\s]*\] +\S+ +event:\S* +.*? -(?: |$)",
        contains="[",
    ),
    record=JsonRecord(
        keys=frozenset({"loggerName", "event", "tracePoint"}),
        matches=_is_logged,
        in_text=('"loggerName"', '"tracePoint"'),
        matches_beginning=_is_over_lines,
    ),
    fragments=_FRAGMENTS,
    first_line=_FIRST_LINE,
    is_record_with_envelope=_is_appended,
)
