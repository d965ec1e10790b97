"""The fields that an agent adds to a line of text: they follow the line as JSON and become attributes of its record.

Such lines are a format of their own in the spool, so that no other line is searched for it.
"""

from dataclasses import replace

from collector.formats.descriptor import Format

# No log line contains it: loggers escape control characters.
MARK = "\x1e"
_ENDING = "_with_fields"

_AT = "position({line}, '\\x1E{{')"
_ALONE = f"if({_AT} = 0, {{line}}, substring({{line}}, 1, {_AT} - 1))"
_FIELDS = f"JSONExtract({_AT} = 0 ? '' : substring({{line}}, {_AT} + 1), 'Map(String, String)')"
_FRAGMENTS = {
    "line_alone": _ALONE.format(line="line"),
    "record_alone": _ALONE.format(line="record"),
    "before_extra": f"mapUpdate({_FIELDS.format(line='record')}, ",
    "after_extra": ")",
}


def name_with_fields(name: str) -> str:
    """The name of a format's variant whose lines have extra fields."""
    return name + _ENDING


def name_alone(name: str) -> str:
    """The name of the format without that suffix."""
    return name.removesuffix(_ENDING)


def with_fields(known: Format) -> Format:
    """The variant of a format whose lines have extra fields; it gives the same rows."""
    return replace(known, fragments={**known.fragments, **_FRAGMENTS}, fast_path=None)
