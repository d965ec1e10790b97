"""What a variable of a log says: which field of a request, and how its text is read."""

from dataclasses import dataclass, replace

from collector.formats.shared.clock import CLF_TIME

# The fields of a request that a definition may give, under the names that users write in `json:` and `regex:`.
FIELDS = frozenset({
    "time", "status", "method", "url", "request", "protocol", "authority", "duration", "upstream_duration",
    "request_bytes", "response_bytes", "client_address", "forwarded_for", "user_agent", "request_id", "trace_id",
    "span_id", "traceparent", "consumer", "upstream", "upstream_address", "upstream_status", "api", "api_version",
    "route", "route_name", "gateway", "gateway_kind", "instance", "environment", "response_flags",
    "response_code_details", "failure_reason", "grpc_status", "server_name",
})  # fmt: skip
ATTRIBUTE = "attribute"
# What is read, so that what follows it is found, and not kept: it says nothing, or is a secret.
NOT_KEPT = ""
# HAProxy's session state at disconnection.
TERMINATION_STATE = "termination_state"
# HAProxy's connecting to a server and its answering, and what takes a duration together elsewhere.
UPSTREAM_PART = "upstream_part"
DURATION_PART = "duration_part"
# A duration whose unit is unknown unless it follows the number.
DOUBTFUL_DURATION = "doubtful_duration"
DOUBTFUL_UPSTREAM_DURATION = "doubtful_upstream_duration"
DOUBTFUL = {"duration": DOUBTFUL_DURATION, "upstream_duration": DOUBTFUL_UPSTREAM_DURATION}
# HAProxy's frontend, by which its log is known.
FRONTEND = "frontend"
# Without one of these a line says nothing about a request.
ESSENTIAL = frozenset({"status", "url", "request", "method", "grpc_status"})

# Of names that may be an address, or have a port behind them.
HOST = "host"
UNITS = ("s", "ms", "us", "ns")
UNKNOWN_UNIT = "unknown"
# Of times; anything else is a pattern of strftime.
CLF = "clf"
CLF_LOCAL = "clf_local"
ISO = "iso"
# A time without a zone is in UTC, whatever the settings say.
ISO_UTC = "iso_utc"
UNIX = {"unix": "s", "unix_ms": "ms", "unix_us": "us", "unix_ns": "ns"}

# Patterns of what stands in a line without quotes.
NUMBER = r"[-+0-9.]+"
WORD = r"\S+"
ISO_TIME = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[-+0-9:.]+Z?"
CLF_WITH_ZONE = CLF_TIME + r" [-+]\d{4}"


@dataclass(frozen=True)
class Reading:
    """The field that a variable gives, and how; `unit` is that of a duration or the notation of a time.

    `name` is that of an attribute. `pattern` matches the value where it stands without quotes; where it is empty, the
    value ends at the text that follows it. Of several readings of one field, the lowest `rank` wins. A value with
    `is_list` is of all upstreams that were tried. One with `is_end` is a time at which the request had ended.
    """

    field: str
    unit: str = ""
    name: str = ""
    pattern: str = ""
    rank: int = 0
    is_list: bool = False
    is_end: bool = False
    is_optional: bool = False
    # The field with the day of a time that has none.
    date: str = ""
    # The unit is known only of a number with a fraction: one without may be in any other.
    needs_fraction: bool = False

    @property
    def is_kept(self) -> bool:
        return self.field != NOT_KEPT


def attribute(name: str, pattern: str = "") -> Reading:
    return Reading(ATTRIBUTE, name=name, pattern=pattern)


def not_kept(pattern: str = "") -> Reading:
    return Reading(NOT_KEPT, pattern=pattern)


def duration(unit: str) -> Reading:
    """The finest unit wins where a log has the duration twice."""
    return Reading("duration", unit, pattern=NUMBER, rank=-UNITS.index(unit))


# Headers that say something of a request, whichever program logs them.
_REQUEST_HEADERS = {
    "host": Reading("authority", rank=1),
    ":authority": Reading("authority"),
    ":method": Reading("method"),
    ":path": Reading("url"),
    "x-envoy-original-path": Reading("url"),
    "user-agent": Reading("user_agent"),
    "x-forwarded-for": Reading("forwarded_for"),
    "x-request-id": Reading("request_id"),
    "x-correlation-id": Reading("request_id", rank=1),
    "traceparent": Reading("traceparent"),
    "x-b3-traceid": Reading("trace_id"),
    "x-b3-spanid": Reading("span_id"),
    "x-consumer-username": Reading("consumer"),
    "x-consumer": Reading("consumer"),
    "x-consumer-id": Reading("consumer", rank=1),
    "x-client-id": Reading("consumer", rank=1),
    # Kept by no built-in format either.
    "referer": not_kept(),
    "authorization": not_kept(),
    "proxy-authorization": not_kept(),
    "cookie": not_kept(),
    "x-api-key": not_kept(),
    "apikey": not_kept(),
}
_RESPONSE_HEADERS = {
    "x-request-id": Reading("request_id", rank=1),
    "x-envoy-upstream-service-time": Reading("upstream_duration", "ms", pattern=NUMBER),
    "grpc-status": Reading("grpc_status"),
    "set-cookie": not_kept(),
}


def request_header(name: str) -> Reading:
    """OpenTelemetry's name is that of a header which is no field of a request."""
    known = _REQUEST_HEADERS.get(name.lower())
    return known or attribute(f"http.request.header.{name.lower()}")


def response_header(name: str) -> Reading:
    known = _RESPONSE_HEADERS.get(name.lower())
    return known or attribute(f"http.response.header.{name.lower()}")


def ranked(reading: Reading, rank: int) -> Reading:
    return replace(reading, rank=rank)
