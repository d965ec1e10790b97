"""The column types of OTLP's export requests; names and nesting are those of the .proto files.

OTLP's JSON has the same messages under names in lowerCamelCase; it is read into such a type and cast, by position, to
the type of the Protobuf message.
"""

import re

_SCALARS = (
    "string_value String, bool_value Nullable(Bool), int_value Nullable(Int64), double_value Nullable(Float64), "
    "bytes_value String"
)

# On the wire, Protobuf's map is the list of its members; in JSON the list stays one.
_MAP = "Map(String, {})"
_LIST_OF_MEMBERS = "Array(Tuple(key String, value {}))"

_BUCKETS = "Tuple(offset Int32, bucket_counts Array(UInt64))"


def _any_value(depth: int, map_of: str) -> str:
    """A value whose lists and maps go so many levels deep; what lies deeper is kept as its bytes."""
    if depth == 0:
        return f"Tuple({_SCALARS}, array_value String, kvlist_value String)"
    inner = _any_value(depth - 1, map_of)
    return (
        f"Tuple({_SCALARS}, array_value Tuple(values Array({inner})), "
        f"kvlist_value Tuple(values {map_of.format(inner)}))"
    )


def _attributes(map_of: str, depth: int = 1) -> str:
    return f"attributes Array(Tuple(key LowCardinality(String), value {_any_value(depth, map_of)}))"


def _request(signal: str, records: str, map_of: str) -> str:
    """An Export…ServiceRequest; `records` is the field of a scope that holds them."""
    return (
        f"Tuple(resource_{signal} Array(Tuple(resource Tuple({_attributes(map_of)}), scope_{signal} "
        f"Array(Tuple(scope Tuple(name LowCardinality(String), version LowCardinality(String)), {records})))))"
    )


def _logs(map_of: str) -> str:
    # As deep as Kubernetes' metadata in a record of Fluent Bit's, and as a logger's JSON that has been made attributes.
    return _request(
        "logs",
        "log_records Array(Tuple(time_unix_nano UInt64, severity_number UInt32, severity_text LowCardinality(String), "
        f"body {_any_value(3, map_of)}, {_attributes(map_of, 3)}, trace_id String, span_id String, "
        "observed_time_unix_nano UInt64, event_name LowCardinality(String)))",
        map_of,
    )


def _metrics(map_of: str) -> str:
    head = f"{_attributes(map_of)}, time_unix_nano UInt64, flags UInt32"
    numbers = f"data_points Array(Tuple({head}, as_double Nullable(Float64), as_int Nullable(Int64)))"
    sums = f"{head}, count UInt64, sum Nullable(Float64)"
    return _request(
        "metrics",
        "metrics Array(Tuple(name LowCardinality(String), unit LowCardinality(String), "
        f"gauge Tuple({numbers}), sum Tuple({numbers}, aggregation_temporality UInt32, is_monotonic Bool), "
        f"histogram Tuple(data_points Array(Tuple({sums}, bucket_counts Array(UInt64), "
        "explicit_bounds Array(Float64))), aggregation_temporality UInt32), "
        f"exponential_histogram Tuple(data_points Array(Tuple({sums}, scale Int32, zero_count UInt64, "
        f"positive {_BUCKETS}, negative {_BUCKETS})), aggregation_temporality UInt32), "
        f"summary Tuple(data_points Array(Tuple({sums}, quantile_values "
        "Array(Tuple(quantile Float64, value Float64)))))))",
        map_of,
    )


def _traces(map_of: str) -> str:
    return _request(
        "spans",
        "spans Array(Tuple(trace_id String, span_id String, trace_state String, parent_span_id String, "
        "name LowCardinality(String), kind UInt32, start_time_unix_nano UInt64, end_time_unix_nano UInt64, "
        f"{_attributes(map_of)}, events Array(Tuple(time_unix_nano UInt64, name String, {_attributes(map_of)})), "
        f"links Array(Tuple(trace_id String, span_id String, {_attributes(map_of)})), "
        "status Tuple(message String, code UInt32)))",
        map_of,
    )


def _scalar_logs() -> str:
    """OTLP_LOGS with values as they are on the wire."""
    return _logs(_MAP).replace(_any_value(3, _MAP), "String").replace(_any_value(1, _MAP), "String")


def _camel_case(message: str) -> str:
    return re.sub(r"_([a-z])", lambda match: match[1].upper(), message)


def unnamed(message: str) -> str:
    """The type without its names: between tuples of other names, ClickHouse casts by position where one has none."""
    return re.sub(r"\b[a-z][A-Za-z0-9_]* (?=[A-Z])", "", message)


OTLP_LOGS, OTLP_METRICS, OTLP_TRACES = _logs(_MAP), _metrics(_MAP), _traces(_MAP)

# Log records with values as they are on the wire.
OTLP_SCALAR_LOGS = _scalar_logs()

# By the type of the message, the type of its JSON.
JSON_TYPES = {
    OTLP_LOGS: _camel_case(_logs(_LIST_OF_MEMBERS)),
    OTLP_METRICS: _camel_case(_metrics(_LIST_OF_MEMBERS)),
    OTLP_TRACES: _camel_case(_traces(_LIST_OF_MEMBERS)),
}
