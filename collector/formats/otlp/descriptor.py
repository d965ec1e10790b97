"""OpenTelemetry's logs, metrics and spans."""

import re
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from types import MappingProxyType

from collector.formats.dead_letters.descriptor import dead_letters
from collector.formats.descriptor import Format, JsonRecord
from collector.formats.otlp.requests import JSON_NAMES, NOT_OTLP_NAME, requests
from collector.formats.otlp.types import JSON_TYPES, OTLP_SCALAR_LOGS, unnamed
from collector.formats.otlp.types import OTLP_LOGS as LOGS_TYPE
from collector.formats.otlp.types import OTLP_METRICS as METRICS_TYPE
from collector.formats.otlp.types import OTLP_TRACES as TRACES_TYPE
from collector.formats.shapes import SAMPLES, SPANS
from collector.formats.shared.layers import ACCESS, PAYLOADS, sql
from collector.formats.shared.literal import literal

_FOLDER = Path(__file__).parent
_sql = partial(sql, _FOLDER)

# From an export request to its resources and their records.
_RESOURCES = _sql("otlp_records", "otlp_resource", "otlp_attributes", "otlp_resources")
_LOGS = (*ACCESS, *_sql("otlp_logs", "otlp_body", "otlp_attributes", "otlp_log_records"), *_RESOURCES)
_SCALAR_LOGS = (
    *ACCESS,
    *_sql("otlp_logs", "otlp_scalar_body", "otlp_scalar_attributes", "otlp_log_records"),
    *_sql("otlp_records", "otlp_resource", "otlp_scalar_attributes", "otlp_resources"),
)
_METRICS = (*_sql("otlp_metrics", "otlp_attributes", "otlp_metric_points"), *_RESOURCES)
_TRACES = (*_sql("otlp_traces", "otlp_attributes", "otlp_spans"), *_RESOURCES)
_KEY_SQL = "if(attributes[{key}] != '', attributes[{key}], resource[{key}])"
_FROM_JSON = (*_sql("otlp_json"), PAYLOADS)

_VALUES = {layer.stem: layer.read_text(encoding="utf-8").rstrip() for layer in _sql("otlp_value", "otlp_scalar")}
_PROTOBUF_FRAGMENTS = {**_VALUES, "otlp_bytes": "base64Encode"}


def _json_fragments(message_type: str) -> dict[str, str]:
    return {
        **_VALUES,
        # In JSON they come as base64.
        "otlp_bytes": "identity",
        "json_type": literal(JSON_TYPES[message_type]),
        "unnamed_type": literal(unnamed(JSON_TYPES[message_type])),
        "message_type": literal(message_type),
    }


def _json_record(key: str) -> JsonRecord:
    return JsonRecord(
        keys=frozenset({key}),
        matches=lambda record: key in record,
        in_text=(f'"{key}"',),
        matches_beginning=_begins_with(key),
    )


def _begins_with(key: str) -> Callable[[bytes, bytes], bool]:
    # An OpenTelemetry Collector writes thousands of records to a line: more of it than is looked at.
    beginning = re.compile(rb'\{\s*"' + key.encode() + rb'"\s*:')
    return lambda line, head: beginning.match(line) is not None


OTLP_LOGS = Format(
    "otlp_logs",
    "OpenTelemetry logs (ExportLogsServiceRequest)",
    (*_LOGS, PAYLOADS),
    becomes=("requests", "logs"),
    schema=_FOLDER / "otlp_logs.proto",
    body_type=LOGS_TYPE,
    key_sql=_KEY_SQL,
    fragments=_PROTOBUF_FRAGMENTS,
    fast_path=Format(
        "otlp_logs",
        "the same without lists and maps",
        (*_SCALAR_LOGS, PAYLOADS),
        becomes=("requests", "logs"),
        schema=_FOLDER / "otlp_scalar_logs.proto",
        body_type=OTLP_SCALAR_LOGS,
        key_sql=_KEY_SQL,
        fragments=_PROTOBUF_FRAGMENTS,
    ),
    is_light=True,
)

OTLP_LOGS_JSON = Format(
    JSON_NAMES["resourceLogs"],
    "OpenTelemetry logs as OTLP's JSON",
    (*_LOGS, *_FROM_JSON),
    becomes=("requests", "logs"),
    fragments=_json_fragments(LOGS_TYPE),
    key_sql=_KEY_SQL,
    record=_json_record("resourceLogs"),
    sift=partial(requests, JSON_NAMES["resourceLogs"]),
)

OTLP_METRICS = Format(
    "otlp_metrics",
    "OpenTelemetry metrics (ExportMetricsServiceRequest)",
    (*_METRICS, PAYLOADS),
    becomes=("metrics",),
    shape=SAMPLES,
    schema=_FOLDER / "otlp_metrics.proto",
    body_type=METRICS_TYPE,
    fragments=_PROTOBUF_FRAGMENTS,
)

OTLP_METRICS_JSON = Format(
    JSON_NAMES["resourceMetrics"],
    "OpenTelemetry metrics as OTLP's JSON",
    (*_METRICS, *_FROM_JSON),
    becomes=("metrics",),
    shape=SAMPLES,
    fragments=_json_fragments(METRICS_TYPE),
    record=_json_record("resourceMetrics"),
    sift=partial(requests, JSON_NAMES["resourceMetrics"]),
)

OTLP_TRACES = Format(
    "otlp_traces",
    "OpenTelemetry spans (ExportTraceServiceRequest)",
    (*_TRACES, PAYLOADS),
    becomes=("spans",),
    shape=SPANS,
    schema=_FOLDER / "otlp_traces.proto",
    body_type=TRACES_TYPE,
    fragments=_PROTOBUF_FRAGMENTS,
)

OTLP_TRACES_JSON = Format(
    JSON_NAMES["resourceSpans"],
    "OpenTelemetry spans as OTLP's JSON",
    (*_TRACES, *_FROM_JSON),
    becomes=("spans",),
    shape=SPANS,
    fragments=_json_fragments(TRACES_TYPE),
    record=_json_record("resourceSpans"),
    sift=partial(requests, JSON_NAMES["resourceSpans"]),
)

NOT_OTLP = dead_letters(
    NOT_OTLP_NAME,
    "What is no export request in OTLP's JSON",
    "not an export request in OTLP's JSON: cut off, of no signal, or with a value that its field cannot hold",
)

# By the signal, as in the path of a request: as Protobuf, and as JSON.
SIGNALS: Mapping[str, Format] = MappingProxyType({"logs": OTLP_LOGS, "metrics": OTLP_METRICS, "traces": OTLP_TRACES})
JSON_SIGNALS: Mapping[str, Format] = MappingProxyType(
    {"logs": OTLP_LOGS_JSON, "metrics": OTLP_METRICS_JSON, "traces": OTLP_TRACES_JSON}
)
