"""The column types of remote write's requests; names and nesting are those of the .proto files."""

_SAMPLES = "samples Array(Tuple(value Float64, timestamp Int64))"

_SPANS = "Array(Tuple(offset Int32, length UInt32))"
_HISTOGRAMS = (
    "histograms Array(Tuple(count_int UInt64, count_float Nullable(Float64), sum Float64, schema Int32, "
    "zero_threshold Float64, zero_count_int UInt64, zero_count_float Float64, "
    f"negative_spans {_SPANS}, negative_deltas Array(Int64), negative_counts Array(Float64), "
    f"positive_spans {_SPANS}, positive_deltas Array(Int64), positive_counts Array(Float64), "
    "timestamp Int64, custom_values Array(Float64)))"
)

PROMETHEUS_WRITE = (
    f"Tuple(timeseries Array(Tuple(labels Array(Tuple(name LowCardinality(String), value String)), {_SAMPLES}, "
    f"{_HISTOGRAMS})), metadata Array(Tuple(type UInt32, metric_family_name String, unit String)))"
)
PROMETHEUS_WRITE_V2 = (
    f"Tuple(symbols Array(String), timeseries Array(Tuple(labels_refs Array(UInt32), {_SAMPLES}, {_HISTOGRAMS}, "
    "metadata Tuple(type UInt32, unit_ref UInt32))))"
)
