"""What Fluent Bit measures, and what of it only Fluent Bit can read."""

from pathlib import Path

from collector.formats.dead_letters.descriptor import dead_letters
from collector.formats.descriptor import Format, JsonRecord
from collector.formats.fluent.inputs import (
    DISCRIMINATING_KEYS,
    RECEIVED_BYTES,
    is_measured,
    is_measured_of_interface,
)
from collector.formats.json.descriptor import NAMED_RECORDS
from collector.formats.shapes import SAMPLES
from collector.formats.shared.layers import sql

_FOLDER = Path(__file__).parent

FLUENT_METRICS = Format(
    "fluent_metrics",
    "What Fluent Bit measures",
    (*sql(_FOLDER, "fluent_metrics", "fluent_numbers"), *NAMED_RECORDS),
    becomes=("metrics",),
    shape=SAMPLES,
    record=JsonRecord(
        keys=DISCRIMINATING_KEYS,
        matches=is_measured,
        matches_without_keys=is_measured_of_interface,
        without_keys=RECEIVED_BYTES,
    ),
    is_whole_record=True,
)

FLUENT_SIGNAL = dead_letters(
    "fluent_signal",
    "Fluent Bit's metrics and traces over Forward",
    "metrics or traces in an encoding of Fluent Bit alone; send them by its output opentelemetry or "
    "prometheus_remote_write",
)
