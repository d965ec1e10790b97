"""From a format and a segment's file to the statement that stores it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType

from collector.formats.config import TransformConfig
from collector.formats.descriptor import Format
from collector.formats.naming.kept import kept_fragments
from collector.formats.naming.layer import explained, named
from collector.formats.shared.clock import KEPT_DAYS, KEPT_TIME
from collector.formats.shared.literal import literal
from collector.formats.shared.other_lines import OTHER_LINE
from collector.formats.shared.rules import with_rules

# What stands in braces in shared layers, for formats that have no fragment of that name.
_DEFAULTS = {
    # Whether an object among the lines of an access log is of it.
    "is_access_object": "position(line, '\"response_code\"') > 0 OR position(line, '\"start_time\"') > 0",
    # How a line begins that a proxy writes of itself.
    "is_other_line": f"match(line, {literal(OTHER_LINE)})",
    # Joins the attributes made of columns with a format's own.
    "before_attributes": "",
    "after_attributes": "",
    # The line as its gateway wrote it, and the join of its attributes with an agent's extra fields.
    "line_alone": "line",
    "record_alone": "record",
    "before_extra": "",
    "after_extra": "",
    # A format's own doubts about a request, as a column of its layers; it becomes `gatelens.doubt`.
    "doubt": "''",
}


@dataclass(frozen=True)
class Transform:
    """A SELECT that turns a segment's file into rows, the table that takes them, and the schema that it is read by."""

    statement: str
    table: str
    columns: Sequence[str]
    schema: Path


_NOTHING: Mapping[str, str] = MappingProxyType({})


def transform(
    known: Format, segment_id: str, path: Path, config: TransformConfig, learned: Mapping[str, str] = _NOTHING
) -> Transform:
    """What stores a segment's file, under the names of the configured rules.

    `learned` are fragments that replace the format's: what senders described in other requests.
    """
    statement = _statement(known, segment_id, path, config, learned)
    return Transform(named(statement, known.shape, config.names), known.shape.into, known.shape.columns, known.schema)


def explanation(known: Format, segment_id: str, path: Path, config: TransformConfig) -> Transform:
    """The same with a column `named_by`: by what is named, the number of the rule that did, from 1."""
    statement = explained(_statement(known, segment_id, path, config), known.shape, config.names)
    return Transform(statement, known.shape.into, (*known.shape.columns, "named_by"), known.schema)


def _statement(
    known: Format, segment_id: str, path: Path, config: TransformConfig, learned: Mapping[str, str] = _NOTHING
) -> str:
    values = {
        **_DEFAULTS,
        **known.fragments,
        **learned,
        **kept_fragments(known, config.names),
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
    return text


@cache
def template(known: Format) -> str:
    """The layers of a format, one in the other, with everything else still in braces."""
    text = "{{inner}}"
    for layer in known.layers:
        text = text.replace("{{inner}}", with_rules(layer.read_text(encoding="utf-8").rstrip()))
    return text
