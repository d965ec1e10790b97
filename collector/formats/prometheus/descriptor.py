"""Prometheus' text formats and remote write."""

from pathlib import Path

from collector.formats.descriptor import Format, TextLine
from collector.formats.prometheus.types import PROMETHEUS_WRITE as WRITE_TYPE
from collector.formats.prometheus.types import PROMETHEUS_WRITE_V2 as WRITE_V2_TYPE
from collector.formats.shapes import SAMPLES
from collector.formats.shared.layers import PAYLOADS, sql

_FOLDER = Path(__file__).parent

# From samples with their names and labels, from those of a text, and from series with their samples and histograms, to
# rows of metrics.
ROWS_OF_SERIES = sql(_FOLDER, "prometheus_metrics", "prometheus_identity")
_TEXT = (*ROWS_OF_SERIES, *sql(_FOLDER, "prometheus_samples"))
_SERIES = sql(
    _FOLDER,
    "prometheus_metrics",
    "prometheus_buckets",
    "prometheus_native",
    "prometheus_points",
    "prometheus_identity",
)

PROMETHEUS_TEXT = Format(
    "prometheus_text",
    "Prometheus' text format, scraped",
    (*_TEXT, *sql(_FOLDER, "prometheus_text", "prometheus_lines"), PAYLOADS),
    becomes=("metrics",),
    shape=SAMPLES,
    line=TextLine(r"^# (?:HELP|TYPE) [a-zA-Z_:]", contains="# "),
)

OPENMETRICS_TEXT = Format(
    "openmetrics_text",
    "OpenMetrics, scraped",
    (*_TEXT, *sql(_FOLDER, "openmetrics_text", "prometheus_lines"), PAYLOADS),
    becomes=("metrics",),
    shape=SAMPLES,
)

PROMETHEUS_WRITE = Format(
    "prometheus_write",
    "Prometheus' remote write 1.0 (prometheus.WriteRequest)",
    (*_SERIES, *sql(_FOLDER, "prometheus_write"), PAYLOADS),
    becomes=("metrics",),
    shape=SAMPLES,
    schema=_FOLDER / "prometheus_write.proto",
    body_type=WRITE_TYPE,
    fragments={"known_kind": "''"},
)

PROMETHEUS_WRITE_V2 = Format(
    "prometheus_write_v2",
    "Prometheus' remote write 2.0 (io.prometheus.write.v2.Request)",
    (*_SERIES, *sql(_FOLDER, "prometheus_write_v2"), PAYLOADS),
    becomes=("metrics",),
    shape=SAMPLES,
    schema=_FOLDER / "prometheus_write_v2.proto",
    body_type=WRITE_V2_TYPE,
)
