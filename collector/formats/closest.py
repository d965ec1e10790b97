"""Which formats come closest to a text that is in none: how far each gets in its lines."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache

from collector.formats.descriptor import Format
from collector.formats.recognise import LONGEST_LINE
from collector.formats.registry import Formats
from storage.patterns import Pattern, PatternFault

_LINES = 5
# The share of a format that must fit to be mentioned: the beginning of most fits anything.
_LEAST = 0.3

# A character or class, escaped or not, and how often it may come.
_ATOM = re.compile(r"(?:\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|[^()\\\[])(?:[*+?]|\{[\d,]+\})?\??")
_QUANTIFIER = re.compile(r"(?:[*+?]|\{[\d,]+\})?\??")


@dataclass(frozen=True)
class Near:
    """A format that fits a line up to a column, where the `rest` begins."""

    format: str
    line: int
    column: int
    rest: str


def closest(head: bytes, formats: Formats, most: int) -> list[Near]:
    """The text formats that best fit one of the first lines, the best first; empty if none fits at all."""
    lines = [line[:LONGEST_LINE].decode("utf-8", "replace").rstrip("\r") for line in head.split(b"\n", _LINES)[:_LINES]]
    found = []
    for known in formats:
        if known.line is not None:
            fits = [(*_fit(known.line.pattern, line), -number) for number, line in enumerate(lines)]
            share, column, number = max(fits)
            found.append((share, Near(known.name, 1 - number, column, lines[-number][column:])))
    found.sort(key=lambda one: (-one[0], -one[1].column))
    return [near for share, near in found if share >= _LEAST][:most]


def reach(known: Format, line: str) -> Near | None:
    """Up to where a line fits a format; None where its beginning does not, or where all of what recognises it does."""
    if known.line is None:
        return None
    start = line[:LONGEST_LINE]
    share, column = _fit(known.line.pattern, start)
    return Near(known.name, 1, column, start[column:]) if column and share < 1 else None


def _fit(pattern: str, line: str) -> tuple[float, int]:
    """How much of a pattern fits a line from its start, and up to which column."""
    beginnings = _beginnings(pattern)
    column = 0
    for number, beginning in enumerate(beginnings):
        if (end := beginning.end_of_match(line)) is None:
            return number / len(beginnings), column
        column = end
    return 1.0, column


@cache
def _beginnings(pattern: str) -> tuple[Pattern, ...]:
    """The pattern up to each of its parts, in order; all of it at once where it is a choice."""
    parts = list(_parts(pattern))
    texts = [pattern] if "|" in parts else ["".join(parts[: number + 1]) for number in range(len(parts))]
    return tuple(_compiled(texts))


def _compiled(texts: Iterable[str]) -> Iterator[Pattern]:
    for text in texts:
        try:
            yield Pattern(text)
        except PatternFault:
            # What is cut within a part of a kind that `_ATOM` does not know.
            continue


def _parts(pattern: str) -> Iterator[str]:
    """The atoms and groups of a pattern, each with how often it may come."""
    position = 0
    while position < len(pattern):
        end = _end_of_group(pattern, position) if pattern[position] == "(" else position
        found = (_QUANTIFIER if end > position else _ATOM).match(pattern, end)
        end = found.end() if found else end + 1
        yield pattern[position:end]
        position = end


def _end_of_group(pattern: str, position: int) -> int:
    depth = 0
    while position < len(pattern):
        if pattern[position] == "(":
            depth, position = depth + 1, position + 1
        elif pattern[position] == ")":
            depth, position = depth - 1, position + 1
            if depth == 0:
                break
        else:
            found = _ATOM.match(pattern, position)
            position = found.end() if found else position + 1
    return position
