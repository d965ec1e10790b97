"""The formats that Gatelens reads, and how the .sql files of each make one statement."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from collector.formats.config import TransformConfig
from collector.formats.envoy.types import ENVOY_ALS
from collector.formats.otlp.types import JSON_TYPES, OTLP_LOGS, OTLP_METRICS, OTLP_SCALAR_LOGS, OTLP_TRACES, unnamed
from collector.formats.prometheus.types import PROMETHEUS_WRITE, PROMETHEUS_WRITE_V2
from collector.formats.shapes import DEAD_LETTERS, LOGS, RECORDS, SAMPLES, SPANS, Shape

_FOLDER = Path(__file__).parent
_SQL = {path.stem: path for path in _FOLDER.rglob("*.sql")}
_PROTO = {path.stem: path for path in _FOLDER.rglob("*.proto")}


@dataclass(frozen=True)
class Format:
    """A format by name: `layers` are .sql files, outermost first, each reading `{{inner}}`, the next one.

    `json_of` is the column type of the Protobuf message that its text is the JSON of, `set_aside_because` the reason of
    dead letters that each of its payloads becomes as a whole. `shortcut` makes the same rows of the same payloads for
    less, or fails where they hold what it does not know.
    """

    name: str
    summary: str
    layers: tuple[str, ...]
    shape: Shape = RECORDS
    proto: str = "payload"
    body_type: str = "String"
    json_of: str = ""
    set_aside_because: str = ""
    shortcut: "Format | None" = None
    # A segment of it takes so little memory to store that it may be twice as large: half as many are to be planned.
    is_light: bool = False

    @property
    def is_text(self) -> bool:
        """Whether its payloads are lines of text."""
        return self.body_type == "String"

    @property
    def has_lines(self) -> bool:
        """Whether each line of its payloads is a record, whatever stands beside it."""
        return "lines" in self.layers

    @property
    def schema(self) -> Path:
        """The .proto file of its segments; ClickHouse reads it by its path."""
        return _PROTO[self.proto]


# Where payloads go that no transform can read.
UNDECODABLE = "undecodable"
# And those that Fluent Bit alone can read.
FLUENT_SIGNAL = "fluent_signal"
# What is said to be OTLP's JSON and is not.
NOT_OTLP = "not_otlp"
# What no client may name.
_SET_ASIDE = frozenset({UNDECODABLE, FLUENT_SIGNAL, NOT_OTLP})

# From the terms of access logs to columns, for every format that speaks them.
_ACCESS = ("access", "access_policy", "access_topology", "access_cleaned")
# The lines of files in which others stand beside those of an access log.
_ACCESS_LINES = ("other_lines", "lines", "payloads")

# From an export request of OTLP to its resources and their records.
_OTLP_RESOURCES = ("otlp_records", "otlp_resource", "otlp_attributes", "otlp_resources")
_OTLP_LOGS = ("otlp_logs", "otlp_body", "otlp_attributes", "otlp_log_records", *_OTLP_RESOURCES)
_OTLP_SCALAR_LOGS = ("otlp_logs", "otlp_scalar_body", "otlp_scalar_attributes", "otlp_log_records")
_OTLP_SCALAR_RESOURCES = ("otlp_records", "otlp_resource", "otlp_scalar_attributes", "otlp_resources")
_OTLP_METRICS = ("otlp_metrics", "otlp_attributes", "otlp_metric_points", *_OTLP_RESOURCES)
_OTLP_TRACES = ("otlp_traces", "otlp_attributes", "otlp_spans", *_OTLP_RESOURCES)

# From a log of Mule to its analytics events and everything else in it.
_MULE = ("mule_log", "mule_analytics", "mule_log_parts", "mule_log_records", "payloads")

# From lines of JSON to what agents and loggers agree on.
_JSON = ("json_named", "json_records", "lines", "payloads")

# From the samples of a text, and from series with their samples and histograms, to rows of metrics.
_PROMETHEUS_TEXT = ("prometheus_metrics", "prometheus_identity", "prometheus_samples")
_PROMETHEUS_SERIES = (
    "prometheus_metrics", "prometheus_buckets", "prometheus_native", "prometheus_points", "prometheus_identity"
)  # fmt: skip

FORMATS = (
    Format(
        "envoy_json", "Envoy's and Istio's JSON access log", (*_ACCESS, "envoy_json", *_ACCESS_LINES), is_light=True
    ),
    Format(
        "envoy_text",
        "Envoy's default text access log, and Istio's (1.9 and later, 1.8 and earlier)",
        (*_ACCESS, "envoy_text", *_ACCESS_LINES),
    ),
    Format(
        "combined",
        "nginx's and Apache's combined access log, and what is often added to it",
        (*_ACCESS, "combined", "combined_tail", "combined_quoted", *_ACCESS_LINES),
    ),
    Format(
        "common",
        "the common access log, without referer and user agent",
        (*_ACCESS, "combined", "combined_tail", "common_quoted", *_ACCESS_LINES),
    ),
    Format(
        "haproxy",
        "HAProxy's HTTP log (option httplog), with or without a prefix of syslog",
        ("haproxy_state", *_ACCESS, "haproxy", "lines", "payloads"),
    ),
    Format("mule_analytics", "Mule's API analytics events, alone or in a log of Mule", _MULE),
    Format(
        "mule_log", "Mule's runtime and application logs, as text or JSON, with the analytics events in them", _MULE
    ),
    Format(
        "otlp_logs",
        "OpenTelemetry logs (ExportLogsServiceRequest)",
        (*_ACCESS, *_OTLP_LOGS, "payloads"),
        proto="otlp_logs",
        body_type=OTLP_LOGS,
        shortcut=Format(
            "otlp_logs",
            "the same without lists and maps",
            (*_ACCESS, *_OTLP_SCALAR_LOGS, *_OTLP_SCALAR_RESOURCES, "payloads"),
            proto="otlp_scalar_logs",
            body_type=OTLP_SCALAR_LOGS,
        ),
        is_light=True,
    ),
    Format(
        "otlp_logs_json",
        "OpenTelemetry logs as OTLP's JSON",
        (*_ACCESS, *_OTLP_LOGS, "otlp_json", "payloads"),
        json_of=OTLP_LOGS,
    ),
    Format(
        "otlp_metrics",
        "OpenTelemetry metrics (ExportMetricsServiceRequest)",
        (*_OTLP_METRICS, "payloads"),
        shape=SAMPLES,
        proto="otlp_metrics",
        body_type=OTLP_METRICS,
    ),
    Format(
        "otlp_metrics_json",
        "OpenTelemetry metrics as OTLP's JSON",
        (*_OTLP_METRICS, "otlp_json", "payloads"),
        shape=SAMPLES,
        json_of=OTLP_METRICS,
    ),
    Format(
        "otlp_traces",
        "OpenTelemetry spans (ExportTraceServiceRequest)",
        (*_OTLP_TRACES, "payloads"),
        shape=SPANS,
        proto="otlp_traces",
        body_type=OTLP_TRACES,
    ),
    Format(
        "otlp_traces_json",
        "OpenTelemetry spans as OTLP's JSON",
        (*_OTLP_TRACES, "otlp_json", "payloads"),
        shape=SPANS,
        json_of=OTLP_TRACES,
    ),
    Format(
        "envoy_als",
        "Envoy's access log service (StreamAccessLogsMessage)",
        (*_ACCESS, "envoy_als", "payloads"),
        proto="envoy_als",
        body_type=ENVOY_ALS,
        is_light=True,
    ),
    Format(
        "flex",
        "Flex Gateway's records and lines: messages of the Message Logging policy, runtime logs",
        ("flex", "flex_judged", "flex_said", "flex_messages", "flex_lines", "flex_records", "lines", "payloads"),
    ),
    Format("json", "JSON records of anything", ("json", *_JSON), LOGS),
    Format("fluent_metrics", "What Fluent Bit measures", ("fluent_metrics", "fluent_numbers", *_JSON), SAMPLES),
    Format(
        "prometheus_text",
        "Prometheus' text format, scraped",
        (*_PROMETHEUS_TEXT, "prometheus_text", "prometheus_lines", "payloads"),
        shape=SAMPLES,
    ),
    Format(
        "openmetrics_text",
        "OpenMetrics, scraped",
        (*_PROMETHEUS_TEXT, "openmetrics_text", "prometheus_lines", "payloads"),
        shape=SAMPLES,
    ),
    Format(
        "prometheus_write",
        "Prometheus' remote write 1.0 (prometheus.WriteRequest)",
        (*_PROMETHEUS_SERIES, "prometheus_write", "payloads"),
        shape=SAMPLES,
        proto="prometheus_write",
        body_type=PROMETHEUS_WRITE,
    ),
    Format(
        "prometheus_write_v2",
        "Prometheus' remote write 2.0 (io.prometheus.write.v2.Request)",
        (*_PROMETHEUS_SERIES, "prometheus_write_v2", "payloads"),
        shape=SAMPLES,
        proto="prometheus_write_v2",
        body_type=PROMETHEUS_WRITE_V2,
    ),
    Format(
        UNDECODABLE,
        "Payloads set aside whole",
        ("dead_letters", "payloads"),
        DEAD_LETTERS,
        set_aside_because="the payload cannot be decoded, or takes too much memory",
    ),
    Format(
        FLUENT_SIGNAL,
        "Fluent Bit's metrics and traces over Forward",
        ("dead_letters", "payloads"),
        DEAD_LETTERS,
        set_aside_because="metrics or traces in an encoding of Fluent Bit alone; send them by its output "
        "opentelemetry or prometheus_remote_write",
    ),
    Format(
        NOT_OTLP,
        "What is no export request in OTLP's JSON",
        ("dead_letters", "payloads"),
        DEAD_LETTERS,
        set_aside_because="not an export request in OTLP's JSON: cut off, of no signal, or with a value that its field "
        "cannot hold",
    ),
)


@cache
def formats() -> dict[str, Format]:
    """The formats by name."""
    return {known.name: known for known in FORMATS}


@cache
def ingestible() -> dict[str, Format]:
    """The formats that a client may name."""
    return {name: known for name, known in formats().items() if name not in _SET_ASIDE}


@cache
def light() -> frozenset[str]:
    """The names of the formats whose segments may be twice as large."""
    return frozenset(known.name for known in FORMATS if known.is_light)


def statement(known: Format, segment_id: str, path: Path, config: TransformConfig) -> str:
    """The SELECT that turns a segment's file into rows of `known.shape`."""
    text = "{{inner}}"
    for layer in known.layers:
        text = text.replace("{{inner}}", _text(layer))
    values = {
        "path": _literal(str(path)),
        "body_type": known.body_type,
        "format": _literal(known.name),
        "segment_id": _literal(segment_id),
        "default_environment": _literal(config.environment),
        "retention_days": str(config.retention_days),
        "time_zone": _literal(config.time_zone),
        "set_aside_because": _literal(known.set_aside_because),
        **_otlp_values(known.json_of),
    }
    for name, value in values.items():
        text = text.replace(f"{{{{{name}}}}}", value)
    return f"SELECT {', '.join(known.shape.columns)} FROM (\n{text}\n)"


@cache
def _text(layer: str) -> str:
    return _SQL[layer].read_text(encoding="utf-8").rstrip()


def _otlp_values(json_of: str) -> dict[str, str]:
    values = {name: _text(name) for name in ("otlp_value", "otlp_scalar")}
    if not json_of:
        return {**values, "otlp_bytes": "base64Encode"}
    return {
        **values,
        # In JSON they come as base64.
        "otlp_bytes": "identity",
        "json_type": _literal(JSON_TYPES[json_of]),
        "unnamed_type": _literal(unnamed(JSON_TYPES[json_of])),
        "message_type": _literal(json_of),
    }


def _literal(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
