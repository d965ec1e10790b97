"""A declared format as what every other is: layers, and what its lines and records are recognised by."""

from collections.abc import Sequence
from pathlib import Path

from collector.formats.custom.definition import FormatDefinition
from collector.formats.custom.json_fields import JsonFields
from collector.formats.custom.layer import expression_select, json_select, template_select
from collector.formats.custom.logfmt import logfmt_object, logfmt_pattern
from collector.formats.custom.matching import record_by
from collector.formats.custom.reading import ATTRIBUTE, CLF, TERMINATION_STATE
from collector.formats.custom.regex import Expression
from collector.formats.custom.template import Literal, Template, begins_with_brace, line_pattern
from collector.formats.descriptor import Format, JsonRecord, MixedBody, TextLine
from collector.formats.haproxy.descriptor import STATE
from collector.formats.shared.clock import CLF_TIME_MARKER
from collector.formats.shared.layers import ACCESS, ACCESS_LINES, sql
from collector.formats.shared.literal import literal
from collector.formats.shared.other_lines import OTHER_LINE

_LAYER = sql(Path(__file__).parent, "custom")
# In this order: what applications write has brackets less often than quotes.
_MARKS = ("[", '"')

# Characters between the values of a line.
_ENOUGH_TEXT = 8
_WITH_ATTRIBUTES = {"before_attributes": "mapConcat(log_attributes, ", "after_attributes": ")"}


def declared(definition: FormatDefinition) -> Format:
    """The format that a definition describes."""
    parsed, name, labels = definition.parsed, definition.name, definition.labels
    if isinstance(parsed, JsonFields) and definition.notation == "logfmt":
        select = json_select(name, parsed.type_text, parsed.values, labels, logfmt_object())
        is_access_object = "0"
    elif isinstance(parsed, JsonFields):
        select = json_select(name, parsed.type_text, parsed.values, labels)
        is_access_object = " OR ".join(f"position(line, {literal(_end_of_key(key))}) > 0" for key in parsed.keys)
    elif isinstance(parsed, Expression):
        select = expression_select(name, parsed.text, parsed.values, labels)
        is_access_object = f"match(line, {literal(parsed.text)})"
    else:
        select = template_select(name, parsed, labels)
        is_access_object = "1" if begins_with_brace(parsed) else "0"
    columns, _, end = select.partition("{{inner}}")
    fields = {reading.field for reading in parsed.readings}
    line = _line(definition)
    return Format(
        name,
        definition.summary or f"declared as {definition.notation}",
        (*(STATE if TERMINATION_STATE in fields else ()), *ACCESS, *_LAYER, *ACCESS_LINES),
        becomes=("requests", "logs"),
        fragments={
            "declared_columns": columns,
            "declared_end": end,
            "is_access_object": is_access_object,
            "doubt": "duration_doubt",
            **(_WITH_ATTRIBUTES if ATTRIBUTE in fields else {}),
            **(_of_pairs(definition) if definition.notation == "logfmt" else {}),
        },
        key_sql="JSONExtract(record, {key}, 'String')" if _is_json(definition) else "",
        line=line,
        mixed_body=MixedBody(marker=line.marker.encode()) if line else MixedBody(),
        record=_record(definition),
    )


def _of_pairs(definition: FormatDefinition) -> dict[str, str]:
    """Requests in the words of a logger of Go are not what a program says of itself."""
    wanted = definition.match.has or [definition.parsed.keys] if isinstance(definition.parsed, JsonFields) else ()
    is_request = f"match(line, {literal(logfmt_pattern(wanted))})"
    return {"is_other_line": f"match(line, {literal(OTHER_LINE)}) AND NOT {is_request}"}


def _is_json(definition: FormatDefinition) -> bool:
    """Whether its lines are objects, as nginx' log_format can write them too."""
    return isinstance(definition.parsed, JsonFields) and definition.notation != "logfmt"


def _record(definition: FormatDefinition) -> JsonRecord | None:
    if not _is_json(definition):
        return None
    return record_by(definition.match.has or _known_paths(definition), definition.match.lacks)


def _line(definition: FormatDefinition) -> TextLine | None:
    parsed, is_wanted = definition.parsed, definition.match.lines
    if isinstance(parsed, Template) and (_is_distinctive(parsed) if is_wanted is None else is_wanted):
        literals = [part.text for part in parsed.parts if isinstance(part, Literal)]
        has_clock = any(reading.unit == CLF for reading in parsed.readings) and any("[" in text for text in literals)
        contains = definition.match.contains or _common_mark(literals)
        return TextLine(line_pattern(parsed), contains, CLF_TIME_MARKER if has_clock else "", is_given=True)
    if definition.notation == "logfmt" and definition.match.has and is_wanted is not False:
        return TextLine(logfmt_pattern(definition.match.has), definition.match.contains or "=", is_given=True)
    if isinstance(parsed, Expression) and is_wanted:
        return TextLine(parsed.text, definition.match.contains, is_given=True)
    return None


def _is_distinctive(line: Template) -> bool:
    """Whether lines of others hardly look like that: there is a time in it, or enough text of its own."""
    literals = "".join(part.text for part in line.parts if isinstance(part, Literal))
    return any(reading.field == "time" for reading in line.readings) or len(literals.strip(' -"[]')) >= _ENOUGH_TEXT


def _common_mark(literals: Sequence[str]) -> str:
    """A text in each line by which most lines of others can be passed over; '' where there is none."""
    return next((mark for mark in _MARKS if any(mark in text for text in literals)), "")


def _known_paths(definition: FormatDefinition) -> tuple[str, ...]:
    is_wanted = isinstance(definition.parsed, JsonFields) and definition.match.lines is not False
    return definition.parsed.has if is_wanted and isinstance(definition.parsed, JsonFields) else ()


def _end_of_key(key: str) -> str:
    return f'{key}"'
