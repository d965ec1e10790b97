"""Export requests of OTLP's JSON by their signal, and what is none, before ClickHouse reads them.

It reads a number that a field cannot hold as 0, leaves out what it does not look for, and says nothing. A client of
OTLP learns that by the answer; what comes in lines, by Forward, from a file or as a body of them, is looked at here.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import msgspec
from msgspec import Raw

from collector.errors import PayloadError
from collector.formats.otlp.json_check import check_json

# The format by the key that an export request of its signal has.
JSON_NAMES: Mapping[str, str] = MappingProxyType(
    {
        "resourceLogs": "otlp_logs_json",
        "resourceMetrics": "otlp_metrics_json",
        "resourceSpans": "otlp_traces_json",
    }
)
# What was sent as OTLP's JSON and is none.
NOT_OTLP_NAME = "not_otlp"

_SIGNALS = {"resourceLogs": "logs", "resourceMetrics": "metrics", "resourceSpans": "traces"}

_MEMBERS = msgspec.json.Decoder(dict[str, Raw])


def requests(format_name: str, body: bytes) -> Sequence[tuple[str, bytes]]:
    """(format, request) of what is in a payload of a format; the payload itself where it is a request of it."""
    whole = _of_object(body, format_name)
    if whole == [(format_name, body)]:
        return whole
    return [request for line in _lines(body) for request in _of_object(line, format_name)]


def _lines(body: bytes) -> list[bytes]:
    lines = [line for line in body.split(b"\n") if line and not line.isspace()]
    # One that is written over many lines does not end with the first.
    return lines if lines and lines[0].rstrip().endswith(b"}") else [body]


def _of_object(body: bytes, format_name: str) -> list[tuple[str, bytes]]:
    """What is in an object, a request of each signal, with its format; an empty one is of the format that is named."""
    try:
        members = _MEMBERS.decode(body)
        held = {name: value for name, value in members.items() if name in _SIGNALS}
        for name in held:
            check_json(_SIGNALS[name], body)
    except (PayloadError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return [(NOT_OTLP_NAME, body)]
    if not held:
        return [(NOT_OTLP_NAME if members else format_name, body)]
    if len(held) == 1:
        return [(JSON_NAMES[name], body) for name in held]
    return [(JSON_NAMES[name], b'{"%b":%b}' % (name.encode(), bytes(value))) for name, value in held.items()]
