"""Patterns of strftime as those of ClickHouse's parseDateTime64."""

import re

from collector.formats.custom.faults import Fault

# https://man7.org/linux/man-pages/man3/strftime.3.html to
# https://clickhouse.com/docs/sql-reference/functions/type-conversion-functions#parsedatetime
_DIRECTIVES = {
    "Y": "%Y", "m": "%m", "d": "%d", "e": "%e", "b": "%b", "h": "%b", "B": "%M", "a": "%a", "y": "%y", "j": "%j",
    "H": "%H", "I": "%I", "M": "%i", "S": "%s", "p": "%p", "z": "%z", "T": "%H:%i:%s", "R": "%H:%i", "F": "%Y-%m-%d",
    "D": "%m/%d/%y", "f": "%f", "3f": "%f", "6f": "%f", "%": "%%",
}  # fmt: skip
_DIRECTIVE = re.compile(r"%([1-9]?[A-Za-z%]?)")
_WORDS = frozenset("bhBap")

# https://docs.oracle.com/javase/8/docs/api/java/text/SimpleDateFormat.html
_JAVA = {
    "yyyy": "%Y", "MM": "%m", "MMM": "%b", "dd": "%d", "HH": "%H", "mm": "%M", "ss": "%S", "SSS": "%f", "Z": "%z",
    "X": "%z", "XX": "%z", "XXX": "%z",
}  # fmt: skip
_JAVA_LETTERS = re.compile(r"'([^']*)'|(([A-Za-z])\3*)")


def faults(pattern: str, position: int) -> list[Fault]:
    """The parts of a pattern that cannot be parsed."""
    return [
        Fault(position + found.start(), f"{found[0]} of a time cannot be read back; use %Y %m %d %H %M %S %z and such")
        for found in _DIRECTIVE.finditer(pattern)
        if found[1] not in _DIRECTIVES
    ]


def parse_pattern(pattern: str) -> str:
    """The pattern for parseDateTime64."""
    return _DIRECTIVE.sub(lambda found: _DIRECTIVES[found[1]], pattern)


def expression(pattern: str) -> str:
    """A regular expression of the times that a pattern makes."""
    text, end = "", 0
    for found in _DIRECTIVE.finditer(pattern):
        text += re.escape(pattern[end : found.start()]) + _expression(found[1])
        end = found.end()
    return text + re.escape(pattern[end:])


def _expression(directive: str) -> str:
    if directive in _WORDS:
        return "[A-Za-z]+"
    if directive == "z":
        return "(?:[-+][0-9:]{4,6}|Z)"
    return {"T": "[0-9:]{8}", "R": "[0-9:]{5}", "F": "[-0-9]{10}", "D": "[/0-9]{8}", "e": "[ 0-9]{2}", "%": "%"}.get(
        directive, "[0-9]+"
    )


def of_java(pattern: str) -> str:
    """A pattern of Java's SimpleDateFormat as one of strftime; letters that are not known stay, as a fault."""
    return _JAVA_LETTERS.sub(
        lambda found: found[1] if found[2] is None else _JAVA.get(found[2], f"%{found[3]}"), pattern
    )
