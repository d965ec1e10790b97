"""The rows that transforms yield."""

from dataclasses import dataclass


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
    "destination reason raw peer time environment gateway_kind gateway instance host name kind unit labels value "
    "count bounds bucket_counts format segment_id ingested_at",
)
SPANS = _shape(
    "intake_spans",
    "destination reason raw peer time environment gateway_kind gateway instance trace_id span_id parent_span_id "
    "service name kind status duration_us attributes format segment_id ingested_at",
)
LOGS = _shape(
    "intake",
    "destination reason raw peer severity body time environment gateway_kind gateway instance trace_id span_id "
    "attributes format segment_id ingested_at",
)
DEAD_LETTERS = _shape("intake", "destination reason raw peer environment gateway format segment_id ingested_at")
