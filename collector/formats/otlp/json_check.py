"""OTLP's JSON, checked while its client still waits: names, types and numbers, not what they mean.

https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding
"""

import re
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

import msgspec
from msgspec import Meta, Struct

from collector.encoding.limits import check_objects
from collector.errors import PayloadError

# Ids are hexadecimal, and null means not set.
_Real = (
    float | Annotated[str, Meta(pattern=r"^(-?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]+)?|NaN|-?Infinity)$")] | None
)
_Id = Annotated[str, Meta(pattern="^([0-9a-fA-F]{16}|[0-9a-fA-F]{32})?$")] | None
_Text = str | None
_Enum = Annotated[int, Meta(ge=0, le=2**31 - 1)] | None

_INTEGER = re.compile(r"-?[0-9]{1,20}")


class _Integer:
    """An integer that may come as text. It is not kept: what the field cannot hold would be stored as another."""

    least: ClassVar[int]
    most: ClassVar[int]


class _Signed32(_Integer):
    least, most = -(2**31), 2**31 - 1


class _Unsigned32(_Integer):
    least, most = 0, 2**32 - 1


class _Signed64(_Integer):
    least, most = -(2**63), 2**63 - 1


class _Unsigned64(_Integer):
    least, most = 0, 2**64 - 1


_KINDS: tuple[type[_Integer], ...] = (_Signed32, _Unsigned32, _Signed64, _Unsigned64)
_CHECKED = {kind: kind() for kind in _KINDS}


def _checked(kind: type[_Integer], value: object) -> _Integer:
    number = value
    if isinstance(value, str) and _INTEGER.fullmatch(value):
        number = int(value)
    elif isinstance(value, float) and value.is_integer():
        # As JavaScript has what is larger than 2^53.
        number = int(value)
    if type(number) is int and kind.least <= number <= kind.most:
        return _CHECKED[kind]
    raise ValueError(f"Expected an integer from {kind.least} to {kind.most}")


class _Message(Struct, rename="camel", gc=False):
    """Fields that are not named are not looked at, but must be JSON."""


class _Value(_Message):
    string_value: _Text = None
    bool_value: bool | None = None
    int_value: _Signed64 | None = None
    double_value: _Real = None
    bytes_value: _Text = None
    array_value: "_List | None" = None
    kvlist_value: "_Attributes | None" = None


class _Attribute(_Message):
    key: _Text = None
    value: _Value | None = None


class _List(_Message):
    values: list[_Value] | None = None


class _Attributes(_Message):
    values: list[_Attribute] | None = None


class _Record(_Message):
    """What log records, data points and spans have in common."""

    attributes: list[_Attribute] | None = None
    time_unix_nano: _Unsigned64 | None = None
    flags: _Unsigned32 | None = None


class _Resource(_Message):
    attributes: list[_Attribute] | None = None


class _Scope(_Message):
    name: _Text = None
    version: _Text = None


class _LogRecord(_Record):
    observed_time_unix_nano: _Unsigned64 | None = None
    severity_number: _Enum = None
    severity_text: _Text = None
    body: _Value | None = None
    trace_id: _Id = None
    span_id: _Id = None
    event_name: _Text = None


class _ScopeLogs(_Message):
    scope: _Scope | None = None
    log_records: list[_LogRecord] | None = None


class _ResourceLogs(_Message):
    resource: _Resource | None = None
    scope_logs: list[_ScopeLogs] | None = None


class _Logs(_Message):
    resource_logs: list[_ResourceLogs] | None = None


class _Buckets(_Message):
    offset: _Signed32 | None = None
    bucket_counts: list[_Unsigned64 | None] | None = None


class _Quantile(_Message):
    quantile: _Real = None
    value: _Real = None


class _Point(_Record):
    """A data point of any kind."""

    as_double: _Real = None
    as_int: _Signed64 | None = None
    count: _Unsigned64 | None = None
    sum: _Real = None
    bucket_counts: list[_Unsigned64 | None] | None = None
    explicit_bounds: list[_Real] | None = None
    scale: _Signed32 | None = None
    zero_count: _Unsigned64 | None = None
    positive: _Buckets | None = None
    negative: _Buckets | None = None
    quantile_values: list[_Quantile] | None = None


class _Points(_Message):
    data_points: list[_Point] | None = None
    aggregation_temporality: _Enum = None
    is_monotonic: bool | None = None


class _Metric(_Message):
    name: _Text = None
    unit: _Text = None
    gauge: _Points | None = None
    sum: _Points | None = None
    histogram: _Points | None = None
    exponential_histogram: _Points | None = None
    summary: _Points | None = None


class _ScopeMetrics(_Message):
    scope: _Scope | None = None
    metrics: list[_Metric] | None = None


class _ResourceMetrics(_Message):
    resource: _Resource | None = None
    scope_metrics: list[_ScopeMetrics] | None = None


class _Metrics(_Message):
    resource_metrics: list[_ResourceMetrics] | None = None


class _Event(_Record):
    name: _Text = None


class _Link(_Record):
    trace_id: _Id = None
    span_id: _Id = None


class _Status(_Message):
    message: _Text = None
    code: _Enum = None


class _Span(_Record):
    trace_id: _Id = None
    span_id: _Id = None
    parent_span_id: _Id = None
    trace_state: _Text = None
    name: _Text = None
    kind: _Enum = None
    start_time_unix_nano: _Unsigned64 | None = None
    end_time_unix_nano: _Unsigned64 | None = None
    events: list[_Event] | None = None
    links: list[_Link] | None = None
    status: _Status | None = None


class _ScopeSpans(_Message):
    scope: _Scope | None = None
    spans: list[_Span] | None = None


class _ResourceSpans(_Message):
    resource: _Resource | None = None
    scope_spans: list[_ScopeSpans] | None = None


class _Traces(_Message):
    resource_spans: list[_ResourceSpans] | None = None


_DECODERS: Mapping[str, msgspec.json.Decoder[Any]] = {
    "logs": msgspec.json.Decoder(_Logs, dec_hook=_checked),
    "metrics": msgspec.json.Decoder(_Metrics, dec_hook=_checked),
    "traces": msgspec.json.Decoder(_Traces, dec_hook=_checked),
}


def check_json(signal: str, body: bytes) -> None:
    """Raise PayloadError where a body is not the JSON of an export request of 'logs', 'metrics' or 'traces'."""
    check_objects(body)
    try:
        _DECODERS[signal].decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise PayloadError(
            f"The body is not OTLP's JSON: {error}. Send what the OTLP specification describes."
        ) from error
    except RecursionError as error:
        raise PayloadError("The body is nested too deep; send it with fewer levels.") from error
