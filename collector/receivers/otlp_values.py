"""Log records of an export request as Python has them, of Protobuf or of JSON.

Only requests in which there may be lines of access logs are looked at so; each record by itself, so that a large
request is never objects as a whole.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord, ResourceLogs

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class LogEntry:
    """A log record with a text or a map as its body."""

    body: str | dict[str, Any]
    attributes: dict[str, str]
    trace_id: str
    span_id: str
    nanoseconds: int


def of_protobuf(record: bytes) -> LogEntry | None:
    """A LogRecord; None for one with another body. Raises DecodeError for what is none."""
    read = LogRecord.FromString(record)
    kind = read.body.WhichOneof("value")
    if kind not in ("string_value", "kvlist_value"):
        return None
    body = _value(read.body)
    return LogEntry(
        body,
        _texts(read.attributes),
        read.trace_id.hex(),
        read.span_id.hex(),
        read.time_unix_nano or read.observed_time_unix_nano,
    )


def resource_of_protobuf(resource_logs: bytes) -> dict[str, str]:
    """The attributes of the resource of a ResourceLogs message in which there is nothing else."""
    return _texts(ResourceLogs.FromString(resource_logs).resource.attributes)


def of_json(record: Json) -> LogEntry | None:
    """The same of a log record of OTLP's JSON that has been checked."""
    body = _json_value(record.get("body") or {})
    if not isinstance(body, (str, dict)):
        return None
    return LogEntry(
        body,
        texts_of_json(record.get("attributes")),
        str(record.get("traceId") or "").lower(),
        str(record.get("spanId") or "").lower(),
        int(record.get("timeUnixNano") or 0) or int(record.get("observedTimeUnixNano") or 0),
    )


def texts_of_json(attributes: Any) -> dict[str, str]:
    """Those of the attributes that are text."""
    texts = {
        attribute.get("key", ""): (attribute.get("value") or {}).get("stringValue") for attribute in attributes or ()
    }
    return {key: text for key, text in texts.items() if isinstance(text, str)}


def _texts(attributes: "list[KeyValue]") -> dict[str, str]:
    return {attribute.key: attribute.value.string_value for attribute in attributes if attribute.value.string_value}


def _value(value: AnyValue) -> Any:
    kind = value.WhichOneof("value")
    if kind == "kvlist_value":
        # Most are texts, which take fewer checks.
        members = [(member.key, member.value) for member in value.kvlist_value.values]
        return {key: held.string_value or _value(held) for key, held in members}
    if kind == "array_value":
        return [_value(member) for member in value.array_value.values]
    return getattr(value, kind) if kind else None


def _json_value(value: Json) -> Any:
    stated = {kind: inner for kind, inner in value.items() if inner is not None}
    if "kvlistValue" in stated:
        members = stated["kvlistValue"].get("values") or ()
        return {member.get("key", ""): _json_value(member.get("value") or {}) for member in members}
    if "arrayValue" in stated:
        return [_json_value(member) for member in stated["arrayValue"].get("values") or ()]
    if "intValue" in stated:
        return int(stated["intValue"])
    return next(iter(stated.values()), None)
