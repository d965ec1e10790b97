"""Envoy's `text_format`, and what its command operators mean.

%DURATION%, %RESPONSE_DURATION%, %REQUEST_DURATION% and the header x-envoy-upstream-service-time are in milliseconds,
%COMMON_DURATION(...)% in the unit that it names. %START_TIME% is ISO 8601 with milliseconds where it has no pattern.
Values are written as they come, without escapes.
https://www.envoyproxy.io/docs/envoy/latest/configuration/observability/access_log/usage#command-operators
https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/router_filter#x-envoy-upstream-service-time
"""

import re

from collector.formats.custom.faults import DefinitionFault, Fault
from collector.formats.custom.reading import (
    ISO,
    ISO_TIME,
    NUMBER,
    WORD,
    Reading,
    attribute,
    duration,
    not_kept,
    request_header,
    response_header,
)
from collector.formats.custom.strftime import expression
from collector.formats.custom.strftime import faults as time_faults
from collector.formats.custom.template import Capture, Literal, Part, Template, adjacency_faults, scan, template

# What is in parentheses may itself hold the sign of a command.
_COMMAND = re.compile(r"%(?:(?P<name>[A-Z0-9_]+)(?:\((?P<argument>[^)]*)\))?(?::(?P<length>[0-9]+))?%|(?P<sign>%))?")
_COUNT = r"[0-9]+|-"

_COMMANDS = {
    "PROTOCOL": Reading("protocol", pattern=r"[^ \"]*"),
    "RESPONSE_CODE": Reading("status", pattern=r"[0-9]+|-"),
    "RESPONSE_FLAGS": Reading("response_flags", pattern=WORD),
    "RESPONSE_FLAGS_LONG": attribute("envoy.response_flags_long", WORD),
    "RESPONSE_CODE_DETAILS": Reading("response_code_details"),
    "CONNECTION_TERMINATION_DETAILS": attribute("envoy.connection_termination_details"),
    "UPSTREAM_TRANSPORT_FAILURE_REASON": Reading("failure_reason"),
    "BYTES_RECEIVED": Reading("request_bytes", pattern=_COUNT),
    "BYTES_SENT": Reading("response_bytes", pattern=_COUNT),
    "DURATION": duration("ms"),
    "UPSTREAM_HOST": Reading("upstream_address", pattern=WORD),
    "UPSTREAM_CLUSTER": Reading("upstream"),
    "UPSTREAM_CLUSTER_RAW": Reading("upstream"),
    "ROUTE_NAME": Reading("route"),
    "GRPC_STATUS": Reading("grpc_status", rank=1),
    "GRPC_STATUS_NUMBER": Reading("grpc_status", pattern=_COUNT),
    "DOWNSTREAM_REMOTE_ADDRESS": Reading("client_address", pattern=WORD),
    "DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT": Reading("client_address", pattern=WORD),
    "DOWNSTREAM_DIRECT_REMOTE_ADDRESS": Reading("client_address", pattern=WORD, rank=1),
    "DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT": Reading("client_address", pattern=WORD, rank=1),
    "DOWNSTREAM_REMOTE_PORT": not_kept(_COUNT),
    "DOWNSTREAM_LOCAL_ADDRESS": not_kept(WORD),
    "DOWNSTREAM_LOCAL_ADDRESS_WITHOUT_PORT": not_kept(WORD),
    "DOWNSTREAM_LOCAL_PORT": not_kept(_COUNT),
    "UPSTREAM_LOCAL_ADDRESS": not_kept(WORD),
    "UPSTREAM_LOCAL_ADDRESS_WITHOUT_PORT": not_kept(WORD),
    "REQUESTED_SERVER_NAME": Reading("server_name"),
    "HOSTNAME": Reading("instance"),
    "TRACE_ID": Reading("trace_id", pattern=WORD),
    "STREAM_ID": Reading("request_id", pattern=WORD, rank=1),
    "DOWNSTREAM_PEER_SUBJECT": Reading("consumer", rank=1),
    # Kuma's and Kong Mesh's own.
    "KUMA_MESH": attribute("kuma.mesh", WORD),
    "KUMA_SOURCE_SERVICE": attribute("kuma.source_service"),
    "KUMA_DESTINATION_SERVICE": Reading("upstream"),
    "KUMA_SOURCE_ADDRESS_WITHOUT_PORT": Reading("client_address", pattern=WORD),
}
# What Kuma says of TCP connections.
_KUMA_TCP = r"->[^ ]*\([^)]*\) took [0-9]+ms, sent [0-9]+ bytes, received: [0-9]+ bytes$"
_HEADERS = {"REQ": request_header, "RESP": response_header, "TRAILER": response_header}
# From the first byte of the request to the last of the response, as it is at the client and at the upstream.
_COMMON_DURATIONS = {("DS_RX_BEG", "DS_TX_END"): "duration", ("US_TX_BEG", "US_RX_END"): "upstream_duration"}
_UNITS = ("ms", "us", "ns")


def parse(text: str) -> Template:
    """The template of a text_format. Raises DefinitionFault."""
    # Envoy's own ends the line; what reads lines has taken that away.
    text = text.removesuffix("\n").removesuffix("\\n")
    faults: list[Fault] = []
    parts: list[Part] = []
    for found in scan(_COMMAND, text):
        if isinstance(found, Literal):
            parts.append(found)
        elif found["sign"]:
            parts.append(Literal("%", found.start()))
        elif found["name"] is None:
            faults.append(Fault(found.start(), "`%` must begin a command and end it, as in %DURATION% or %REQ(:PATH)%"))
        else:
            parts.append(Capture(_reading(found, faults), found.start()))
    line = template(parts, has_escapes=False, messages=_KUMA_TCP if "%KUMA_" in text else "")
    faults += adjacency_faults(line)
    if faults:
        raise DefinitionFault("envoy", text, faults)
    return line


def _reading(found: re.Match[str], faults: list[Fault]) -> Reading:
    name, argument = found["name"], found["argument"] or ""
    if name in _HEADERS:
        # The second header is taken where there is not the first.
        first, _, second = argument.partition("?")
        if not first:
            faults.append(Fault(found.start(), f"%{name}()% must name a header"))
        reading = _HEADERS[name](first)
        return _HEADERS[name](second) if second and reading.name else reading
    if name == "START_TIME":
        return _time(argument, found, faults)
    if name == "COMMON_DURATION":
        start, _, rest = argument.partition(":")
        stop, _, unit = rest.partition(":")
        field = _COMMON_DURATIONS.get((start, stop))
        if unit not in _UNITS:
            faults.append(
                Fault(found.start(), "COMMON_DURATION needs two points and a unit, as in (DS_RX_BEG:DS_TX_END:us)")
            )
        if field == "duration":
            return duration(unit or "ms")
        return Reading(field, unit, pattern=NUMBER) if field else attribute(_attribute(name, argument))
    return _COMMANDS.get(name) or attribute(_attribute(name, argument))


def _time(pattern: str, found: re.Match[str], faults: list[Fault]) -> Reading:
    seconds = {
        "%s": "unix",
        "%s.%3f": "unix",
        "%s.%6f": "unix",
        "%s.%9f": "unix",
        "%s%3f": "unix_ms",
        "%s%6f": "unix_us",
    }
    if not pattern:
        return Reading("time", ISO, pattern=ISO_TIME)
    if pattern in seconds:
        return Reading("time", seconds[pattern], pattern=r"[0-9.]+")
    faults += time_faults(pattern, found.start("argument"))
    return Reading("time", pattern, pattern=expression(pattern))


def _attribute(name: str, argument: str) -> str:
    suffix = argument.replace(":", ".")
    return f"envoy.{name.lower()}.{suffix}" if suffix else f"envoy.{name.lower()}"
