"""Metrics as Splunk's HTTP Event Collector takes them: events whose fields are measures and dimensions.

https://docs.splunk.com/Documentation/Splunk/latest/Metrics/GetMetricsInOther
"""

from pathlib import Path

from collector.formats.descriptor import Format, JsonRecord, Record
from collector.formats.prometheus.descriptor import ROWS_OF_SERIES
from collector.formats.shapes import SAMPLES
from collector.formats.shared.layers import PAYLOAD_LINES, sql

_FOLDER = Path(__file__).parent

_NAME = "metric_name"
_MEASURE = f"{_NAME}:"


def _are_measures(fields: Record) -> bool:
    """Whether the fields of an event hold a measure, in either of Splunk's shapes."""
    return _NAME in fields or any(name.startswith(_MEASURE) for name in fields)


def _is_metric(record: Record) -> bool:
    fields = record.get("fields")
    return record.get("event") == "metric" and isinstance(fields, dict) and _are_measures(fields)


HEC_METRICS = Format(
    "hec_metrics",
    "Metrics as Splunk's HTTP Event Collector takes them",
    (*ROWS_OF_SERIES, *sql(_FOLDER, "hec_metrics", "hec_measures"), *PAYLOAD_LINES),
    becomes=("metrics",),
    shape=SAMPLES,
    record=JsonRecord(keys=frozenset({"event"}), matches=_is_metric),
    is_whole_record=True,
    matches_fields=_are_measures,
)
