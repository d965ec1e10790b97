"""JSON records of anything."""

from pathlib import Path

from collector.formats.descriptor import Format
from collector.formats.shapes import LOGS
from collector.formats.shared.layers import PAYLOAD_LINES, sql

_FOLDER = Path(__file__).parent

# From lines of JSON to what agents and loggers agree on.
NAMED_RECORDS = (*sql(_FOLDER, "json_named", "json_records"), *PAYLOAD_LINES)

JSON = Format(
    "json",
    "JSON records of anything",
    (*sql(_FOLDER, "json"), *NAMED_RECORDS),
    becomes=("logs",),
    shape=LOGS,
    takes_anything=True,
    is_whole_record=True,
)
