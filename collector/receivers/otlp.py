"""What OTLP's two transports share: its signals, its faults, and a look at a message before it is taken.

https://opentelemetry.io/docs/specs/otlp/

Answers never hold `partial_success`: every record that is taken is kept, and what cannot be understood of it is a dead
letter, which is not lost and which the client could do nothing about.
"""

import json
from collections.abc import Mapping
from types import MappingProxyType

from collector.encoding.protobuf import fields, length_delimited, varint
from collector.formats.otlp.descriptor import SIGNALS

# google.rpc.Code, https://github.com/googleapis/googleapis/blob/master/google/rpc/code.proto
INVALID_ARGUMENT, RESOURCE_EXHAUSTED = 3, 8

RETRY_SECONDS = 1

# The signal whose records may hold lines of access logs.
LOGS = "logs"

# By the name of the signal, as in the path of a request, the format that it is stored in.
FORMATS: Mapping[str, str] = MappingProxyType({signal: known.name for signal, known in SIGNALS.items()})


def check_protobuf(message: bytes) -> None:
    """Raise PayloadError for what is no message at all, while the client still waits for the answer.

    Only the outermost fields are looked at; what is damaged further in becomes a dead letter.
    """
    for _ in fields(memoryview(message)):
        pass


def status(code: int, message: str) -> bytes:
    """A google.rpc.Status; with the time to wait, where the client should come again."""
    encoded = varint(1 << 3) + varint(code) + length_delimited(2, message.encode())
    if code == RESOURCE_EXHAUSTED:
        kind = length_delimited(1, b"type.googleapis.com/google.rpc.RetryInfo")
        encoded += length_delimited(3, kind + length_delimited(2, retry_info()))
    return encoded


def json_status(code: int, message: str) -> bytes:
    """The same as JSON."""
    fields: dict[str, object] = {"code": code, "message": message}
    if code == RESOURCE_EXHAUSTED:
        fields["details"] = [{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": f"{RETRY_SECONDS}s"}]
    return json.dumps(fields).encode()


def retry_info() -> bytes:
    """A google.rpc.RetryInfo."""
    return length_delimited(1, varint(1 << 3) + varint(RETRY_SECONDS))
