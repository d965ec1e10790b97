"""Records in which a line stands under a name of whoever keeps logs, made records as agents have them.

journalctl -o json      {"MESSAGE": line, "_HOSTNAME": …, "__REALTIME_TIMESTAMP": …}
Cloud Logging           {"textPayload": line, "resource": {"labels": {"pod_name": …}}, "timestamp": …}, or a jsonPayload
CloudWatch              {"logStream": …, "logEvents": [{"timestamp": …, "message": line}]} of a subscription, and
                        {"events": [{"logStreamName": …, "message": line}]} of aws logs filter-log-events
Loki                    {"line": line, "labels": {"pod": …}, "timestamp": …} of logcli -o jsonl
Docker's splunk driver  {"line": line, "source": "stdout", "tag": …}
Azure's event hubs      {"records": [{"category": …, "resourceId": …, "properties": {…}}, …]}
GELF                    {"version": "1.1", "host": …, "short_message": line, "_container_name": …}, of a known format
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from collector.formats.descriptor import Record

KEYS = frozenset({"MESSAGE", "textPayload", "jsonPayload", "logEvents", "events", "line", "records", "short_message"})
# What the message of GELF is, and what Docker's driver says of a container besides its name.
_OF_GELF = frozenset({
    "short_message", "full_message", "version", "level", "_command", "_created", "_image_id", "_image_name", "_tag",
    "_container_id",
})  # fmt: skip

# The stream of a container of ECS: prefix, container, task.
_ECS_STREAM = re.compile(r"[\w.-]+/[\w./-]+/[0-9a-f]{32}")


def opened(record: Record, is_known: Callable[[str], bool]) -> Sequence[Record] | None:
    """The records that a record holds; None where it is one itself.

    One whose message may as well be an application's holds a line only where that `is_known`.
    """
    if "MESSAGE" in record:
        return _of_journal(record)
    # An httpRequest with a status is the record itself; its payload is what a load balancer adds.
    if ("textPayload" in record or "jsonPayload" in record) and "status" not in _mapping(record.get("httpRequest")):
        return _of_cloud_logging(record)
    if isinstance(record.get("line"), str | dict):
        return _of_line(record)
    events = record.get("logEvents", record.get("events"))
    if isinstance(events, list) and events and all(map(_is_event, events)):
        return [_of_cloud_watch(record, event) for event in events]
    records = record.get("records")
    if isinstance(records, list) and records and all(map(_is_of_azure, records)):
        return records
    return _of_gelf(record, is_known) if "short_message" in record else None


def _of_gelf(record: Record, is_known: Callable[[str], bool]) -> Sequence[Record] | None:
    for text in (record.get("full_message"), record.get("short_message")):
        if isinstance(text, str) and is_known(text.rstrip("\n")):
            rest = {key.removeprefix("_"): value for key, value in record.items() if key not in _OF_GELF}
            return [rest | {"log": text.rstrip("\n")}]
    return None


def _of_journal(record: Record) -> Sequence[Record] | None:
    message = record["MESSAGE"]
    if isinstance(message, list):
        # The journal writes what is not text as numbers.
        try:
            message = bytes(message).decode("utf-8", "replace")
        except (TypeError, ValueError):
            return None
    if not isinstance(message, str) or not any(key.startswith("_") for key in record):
        return None
    found = {key: value for key, value in record.items() if key != "MESSAGE" and not key.startswith("__")}
    moment = record.get("__REALTIME_TIMESTAMP")
    if isinstance(moment, str) and moment.isdecimal():
        found["time"] = f"{moment[:-6]}.{moment[-6:]}"
    return [{"log": message} | found]


def _of_cloud_logging(record: Record) -> Sequence[Record] | None:
    text, payload, labels = (
        record.get("textPayload"),
        record.get("jsonPayload"),
        _mapping(record.get("resource")).get("labels"),
    )
    if isinstance(payload, dict):
        found: dict[str, Any] = dict(payload)
    elif isinstance(text, str):
        found = {"log": text}
    else:
        return None
    if isinstance(moment := record.get("timestamp"), str):
        found.setdefault("time", moment)
    if (severity := record.get("severity", "DEFAULT")) != "DEFAULT":
        found.setdefault("severity", severity)
    return [_in_pod(found, _mapping(labels), "pod_name", "namespace_name", "container_name")]


def _of_line(record: Record) -> Sequence[Record] | None:
    line, labels = record["line"], record.get("labels")
    found = dict(line) if isinstance(line, dict) else {"log": line}
    if isinstance(labels, dict):
        found.setdefault("time", record.get("timestamp", ""))
        return [_in_pod(found, labels, "pod", "namespace", "container")]
    if record.get("source") not in ("stdout", "stderr"):
        return None
    found.setdefault("stream", record["source"])
    if isinstance(tag := record.get("tag"), str):
        found.setdefault("container_name", tag)
    return [found]


def _of_cloud_watch(record: Record, event: Mapping[str, Any]) -> Record:
    found: dict[str, Any] = {"log": event["message"]}
    if isinstance(moment := event.get("timestamp"), int):
        found["time"] = f"{moment // 1000}.{moment % 1000:03}"
    stream = event.get("logStreamName", record.get("logStream"))
    if isinstance(stream, str):
        found["container_name" if _ECS_STREAM.fullmatch(stream) else "aws.log.stream.name"] = stream
    if isinstance(group := record.get("logGroup"), str):
        found["aws.log.group.name"] = group
    return found


def _is_event(event: object) -> bool:
    return isinstance(event, dict) and isinstance(event.get("message"), str) and "timestamp" in event


def _is_of_azure(record: object) -> bool:
    return isinstance(record, dict) and "category" in record and ("properties" in record or "resourceId" in record)


def _in_pod(record: dict[str, Any], labels: Mapping[str, Any], pod: str, namespace: str, container: str) -> Record:
    names = {
        "pod_name": labels.get(pod),
        "namespace_name": labels.get(namespace),
        "container_name": labels.get(container),
    }
    names_found = {name: value for name, value in names.items() if isinstance(value, str)}
    if "pod_name" in names_found:
        record.setdefault("kubernetes", names_found)
    return record


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
