"""OpenTelemetry's log records as Fluent Bit forwards them: in groups, and each with its fields in its metadata.

A group begins with a mark that has {"schema": "otlp"} as its metadata and resource and scope as its record. What
Fluent Bit has taken from a log record stands under `otlp` in the metadata of the entry, and its body is the record,
under `log` where it is no map.
https://docs.fluentbit.io/manual/data-pipeline/inputs/opentelemetry
"""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from collector.receivers.forward.entries import Entry, Record, as_json, is_mark, metadata_of, nanoseconds_of

_SCHEMA = {"schema": "otlp"}
_FIELDS = "otlp"
_BODY = "log"
# Ids come as bytes or in hexadecimal.
_IDS = {"trace_id": "traceId", "span_id": "spanId"}

_ENCODER = msgspec.json.Encoder()


class Groups:
    """Takes groups out of the entries of a tag, which may go on in the next slice."""

    def __init__(self) -> None:
        # Resource and scope of the group that is open.
        self._opened: Record | None = None

    def taken_out(self, entries: Sequence[Entry]) -> tuple[Sequence[Entry], bytes]:
        """The entries of no group, and the others as an export request in OTLP's JSON."""
        if self._opened is None and not any(map(_begins, entries)):
            return entries, b""
        others: list[Entry] = []
        requests: list[dict[str, Any]] = []
        records: list[dict[str, Any]] = []
        for entry in entries:
            if is_mark(entry):
                self._opened = entry.record if _begins(entry) else None
                records = []
            elif self._opened is None or _FIELDS not in metadata_of(entry):
                others.append(entry)
            else:
                if not records:
                    requests.append(_resource_logs(self._opened, records))
                records.append(_log_record(entry))
        return others, _ENCODER.encode({"resourceLogs": requests}) if requests else b""


def _begins(entry: Entry) -> bool:
    return is_mark(entry) and metadata_of(entry).items() >= _SCHEMA.items()


def _resource_logs(group: Mapping[str, Any], records: list[dict[str, Any]]) -> dict[str, Any]:
    resource, scope = _map(group.get("resource")), _map(group.get("scope"))
    return {
        "resource": {"attributes": _attributes(_map(resource.get("attributes")))},
        "scopeLogs": [
            {
                "scope": {name: str(scope[name]) for name in ("name", "version") if scope.get(name)},
                "logRecords": records,
            }
        ],
    }


def _log_record(entry: Entry) -> dict[str, Any]:
    fields = _map(metadata_of(entry).get(_FIELDS))
    record = as_json(entry.record)
    body = record[_BODY] if record.keys() == {_BODY} else record
    ids = {name: _id(fields[key]) for key, name in _IDS.items() if fields.get(key)}
    return {
        "timeUnixNano": str(nanoseconds_of(entry) or 0),
        "observedTimeUnixNano": str(_number(fields.get("observed_timestamp"))),
        "severityNumber": min(_number(fields.get("severity_number")), 24),
        "severityText": str(fields.get("severity_text") or ""),
        "body": _value(body),
        "attributes": _attributes(_map(fields.get("attributes"))),
        **{name: text for name, text in ids.items() if text},
    }


def _map(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _number(value: object) -> int:
    return value if isinstance(value, int) and 0 <= value < 1 << 63 else 0


def _id(value: object) -> str:
    text = value.hex() if isinstance(value, bytes) else str(value)
    return text if len(text) in (16, 32) and all(letter in "0123456789abcdefABCDEF" for letter in text) else ""


def _attributes(attributes: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [{"key": key, "value": _value(value)} for key, value in as_json(attributes).items()]


def _value(value: Any) -> dict[str, Any]:
    if isinstance(value, dict):
        return {"kvlistValue": {"values": [{"key": key, "value": _value(inner)} for key, inner in value.items()]}}
    if isinstance(value, list):
        return {"arrayValue": {"values": [_value(inner) for inner in value]}}
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int):
        return {"intValue": str(value)} if -(1 << 63) <= value < 1 << 63 else {"stringValue": str(value)}
    if isinstance(value, float):
        return {"doubleValue": value}
    return {"stringValue": value} if value is not None else {}
