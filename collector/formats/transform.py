"""From a format and a segment's file to the statement that stores it."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from collector.formats.config import TransformConfig
from collector.formats.descriptor import Format
from collector.formats.shared.clock import KEPT_DAYS, KEPT_TIME
from collector.formats.shared.literal import literal
from collector.formats.shared.other_lines import OTHER_LINE
from collector.formats.shared.rules import with_rules

# What stands in braces in shared layers, for formats that have no fragment of that name.
_DEFAULTS = {
    # Whether an object among the lines of an access log is of it.
    "is_access_object": "position(line, '\"response_code\"') > 0 OR position(line, '\"start_time\"') > 0",
    # How a line begins that a proxy writes of itself.
    "other_line": literal(OTHER_LINE),
    # What joins the attributes that are made of columns with those that a format has beside them.
    "before_attributes": "",
    "after_attributes": "",
    # What of a request is doubtful by the format itself, as a column of its layers; it becomes `gatelens.doubt`.
    "doubt": "''",
}


@dataclass(frozen=True)
class Transform:
    """A SELECT that turns a segment's file into rows, the table that takes them, and the schema that it is read by."""

    statement: str
    table: str
    columns: Sequence[str]
    schema: Path


def transform(known: Format, segment_id: str, path: Path, config: TransformConfig) -> Transform:
    """What stores the file of a segment."""
    values = {
        **_DEFAULTS,
        **known.fragments,
        "path": literal(str(path)),
        "body_type": known.body_type,
        "format": literal(known.name),
        "segment_id": literal(segment_id),
        "default_environment": literal(config.environment),
        "retention_days": str(KEPT_DAYS if segment_id.startswith(KEPT_TIME) else config.retention_days),
        "time_zone": literal(config.time_zone),
        "reason": literal(known.reason),
    }
    text = template(known)
    for name, value in values.items():
        text = text.replace(f"{{{{{name}}}}}", value)
    return Transform(text, known.shape.into, known.shape.columns, known.schema)


@cache
def template(known: Format) -> str:
    """The layers of a format, one in the other, with everything else still in braces."""
    text = "{{inner}}"
    for layer in known.layers:
        text = text.replace("{{inner}}", with_rules(layer.read_text(encoding="utf-8").rstrip()))
    return text
