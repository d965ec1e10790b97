"""The formats that Gatelens reads, and how the .sql files of each make one statement."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from storage.sql import load

_PACKAGE = "collector.transforms"


@dataclass(frozen=True)
class Shape:
    """The rows that a transform yields: the table for them, and the columns in the transform's order."""

    into: str
    columns: tuple[str, ...]


def _shape(into: str, columns: str) -> Shape:
    return Shape(into, tuple(columns.split()))


RECORDS = _shape(
    "intake",
    "destination reason raw peer severity body time environment gateway_kind gateway instance reporter api "
    "api_version api_id route method path status grpc_status response_flags fault policy policy_outcome "
    "consumer client_address user_agent upstream upstream_address duration_us upstream_us request_bytes "
    "response_bytes protocol request_id trace_id span_id attributes format segment_id ingested_at",
)
SAMPLES = _shape(
    "intake_metrics",
    "destination reason raw peer time environment gateway_kind gateway instance name kind unit labels value "
    "count bounds bucket_counts format segment_id ingested_at",
)
DEAD_LETTERS = _shape("intake", "destination reason raw peer environment format segment_id ingested_at")


class TransformConfig(BaseModel):
    """What a transform assumes where the telemetry does not say."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    environment: str = Field(
        default="default",
        min_length=1,
        description="deployment.environment.name of telemetry that names none.",
    )
    retention_days: int = Field(
        default=90, ge=1, le=3650, description="An event that claims to be older is filed under its arrival."
    )


@dataclass(frozen=True)
class Format:
    """A format by name: `layers` are .sql files, outermost first, each reading `{{inner}}`, the next one."""

    name: str
    summary: str
    layers: tuple[str, ...]
    shape: Shape = RECORDS
    proto: str = "payload"
    body_type: str = "String"

    @property
    def is_text(self) -> bool:
        """Whether its payloads are lines of text."""
        return self.body_type == "String"

    @property
    def schema(self) -> Path:
        """The .proto file of its segments; ClickHouse reads it by its path."""
        return Path(__file__).with_name(f"{self.proto}.proto")


# The column types of message bodies; names and nesting are those of the .proto files.
_ANY_VALUE = "Tuple(string_value String, bool_value Bool, int_value Int64, double_value Float64)"
_ATTRIBUTES = f"Array(Tuple(key LowCardinality(String), value {_ANY_VALUE}))"
_OTLP_LOGS = (
    f"Tuple(resource_logs Array(Tuple(resource Tuple(attributes {_ATTRIBUTES}), scope_logs "
    f"Array(Tuple(log_records Array(Tuple(time_unix_nano UInt64, severity_number UInt32, "
    f"severity_text LowCardinality(String), "
    f"body {_ANY_VALUE}, attributes {_ATTRIBUTES}, trace_id String, span_id String, "
    f"observed_time_unix_nano UInt64)))))))"
)
_TIME = "Tuple(seconds Int64, nanos Int32)"
_ADDRESS = "Tuple(socket_address Tuple(address String, port_value UInt32))"
_ALS_ENTRIES = (
    f"Tuple(log_entry Array(Tuple(common_properties Tuple("
    f"downstream_remote_address {_ADDRESS}, start_time {_TIME}, "
    f"time_to_first_upstream_tx_byte {_TIME}, time_to_last_upstream_rx_byte {_TIME}, "
    f"time_to_last_downstream_tx_byte {_TIME}, upstream_remote_address {_ADDRESS}, upstream_cluster String, "
    f"response_flags String, upstream_transport_failure_reason String, route_name String, "
    f"custom_tags Map(String, String), duration {_TIME}, connection_termination_details String, "
    f"intermediate_log_entry Bool), protocol_version UInt32, request Tuple("
    f"request_method UInt32, authority String, "
    f"path String, user_agent String, forwarded_for String, request_id String, original_path String, "
    f"request_body_bytes UInt64), response Tuple("
    f"response_code Tuple(value UInt32), response_body_bytes UInt64, "
    f"response_code_details String))))"
)
_ENVOY_ALS = (
    f"Tuple(identifier Tuple(node Tuple(id String, cluster String, "
    f"metadata Tuple(fields Map(String, Tuple(string_value String)))), log_name String), "
    f"http_logs {_ALS_ENTRIES}, tcp_logs {_ALS_ENTRIES})"
)

# Where payloads go that no transform can read; not for receivers.
UNDECODABLE = "undecodable"

# From the terms of access logs to columns, for every format that speaks them.
_ACCESS = ("access", "access_policy", "access_topology", "access_cleaned")

FORMATS = (
    Format("envoy_json", "Envoy's and Istio's JSON access log", (*_ACCESS, "envoy_json", "lines", "payloads")),
    Format(
        "envoy_text",
        "Envoy's default text access log, and Istio's (1.9 and later, 1.8 and earlier)",
        (*_ACCESS, "envoy_text", "lines", "payloads"),
    ),
    Format(
        "otlp_logs",
        "OpenTelemetry logs (ExportLogsServiceRequest)",
        (*_ACCESS, "otlp_logs", "payloads"),
        proto="otlp_logs",
        body_type=_OTLP_LOGS,
    ),
    Format(
        "envoy_als",
        "Envoy's access log service (StreamAccessLogsMessage)",
        (*_ACCESS, "envoy_als", "payloads"),
        proto="envoy_als",
        body_type=_ENVOY_ALS,
    ),
    Format("prometheus_text", "Prometheus' text format, scraped", ("prometheus_text", "payloads"), shape=SAMPLES),
    Format(UNDECODABLE, "Payloads set aside whole", ("undecodable", "payloads"), DEAD_LETTERS),
)


@cache
def formats() -> dict[str, Format]:
    """The formats by name."""
    return {known.name: known for known in FORMATS}


@cache
def ingestible() -> dict[str, Format]:
    """The formats that a client may name."""
    return {name: known for name, known in formats().items() if name != UNDECODABLE}


def statement(known: Format, segment_id: str, path: Path, config: TransformConfig) -> str:
    """The SELECT that turns a segment's file into rows of `known.shape`."""
    text = "{{inner}}"
    for layer in known.layers:
        text = text.replace("{{inner}}", load(_PACKAGE, layer).rstrip())
    values = {
        "path": _literal(str(path)),
        "body_type": known.body_type,
        "format": _literal(known.name),
        "segment_id": _literal(segment_id),
        "default_environment": _literal(config.environment),
        "retention_days": str(config.retention_days),
    }
    for name, value in values.items():
        text = text.replace(f"{{{{{name}}}}}", value)
    return f"SELECT {', '.join(known.shape.columns)} FROM (\n{text}\n)"


def _literal(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
