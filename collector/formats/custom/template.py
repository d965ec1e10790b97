"""A line as a sequence of fixed texts and captured values, and the regular expressions that read it.

Regular expressions are those of RE2, which ClickHouse uses: it takes time in proportion to the line, whatever the line.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from collector.formats.custom.faults import Fault
from collector.formats.custom.reading import Reading


@dataclass(frozen=True)
class Literal:
    """Text that stands in each line."""

    text: str
    position: int


@dataclass(frozen=True)
class Capture:
    """A value; `is_quoted` where it fills what stands between two quotes."""

    reading: Reading
    position: int
    is_quoted: bool = False


Part = Literal | Capture


@dataclass(frozen=True)
class Template:
    """The parts of a line, no two literals in a row."""

    parts: tuple[Part, ...]
    # Whether quotes and backslashes in values are escaped by a backslash.
    has_escapes: bool = True
    # A regular expression of what else the program writes into the log.
    messages: str = ""

    @property
    def readings(self) -> list[Reading]:
        """Those of the values that are kept."""
        return [part.reading for part in self.parts if isinstance(part, Capture) and part.reading.is_kept]


# What syslog puts before a line, RFC 3164 or 5424.
SYSLOG_PREFIX = (
    r"(?:<[0-9]+>)?(?:[A-Z][a-z]{2} [ 0-9][0-9] [0-9:]{8}|[0-9]{4}-[0-9]{2}-[0-9]{2}T[-+0-9:.Z]+) (?:[^ ]+ )?"
    r"[^ :\[]+(?:\[[0-9]+\])?: |<[0-9]+>1 [^ ]+ [^ ]+ [^ ]+ [^ ]+ [^ ]+ (?:-|\[[^\]]*\]) "
)


def scan(pattern: re.Pattern[str], text: str) -> Iterator[Literal | re.Match[str]]:
    """What a pattern finds in a text, and the texts between."""
    end = 0
    for found in pattern.finditer(text):
        if found.start() > end:
            yield Literal(text[end : found.start()], end)
        yield found
        end = found.end()
    if end < len(text):
        yield Literal(text[end:], end)


def template(parts: Sequence[Part], *, has_escapes: bool, messages: str = "") -> Template:
    return Template(tuple(_with_quotes(_merged(parts))), has_escapes, messages)


def begins_with_brace(line: Template) -> bool:
    """Whether its lines look like JSON."""
    first = line.parts[0]
    return isinstance(first, Literal) and first.text.startswith("{")


def adjacency_faults(line: Template) -> list[Fault]:
    """Adjacent values with nothing between them, so that the end of the first is ambiguous."""
    return [
        Fault(second.position, "nothing stands before this value to tell where the one before it ends; put a separator")
        for first, second in pairwise(line.parts)
        if isinstance(first, Capture) and isinstance(second, Capture) and not first.reading.pattern
    ]


def expression(line: Template) -> str:
    """The regular expression of a whole line, a group for each value that is kept."""
    return f"(?s)^(?:{SYSLOG_PREFIX})?{_expression(line.parts, is_strict=False)}$"


def piece_expression(piece: Sequence[Part]) -> str:
    """The regular expression of what stands between two quotes, or outside of them.

    It takes no value for one with spaces that stands without quotes: so it is quick, and `expression` reads the rest.
    """
    return f"(?s)^{_expression(piece, is_strict=True)}$"


def line_pattern(line: Template) -> str:
    r"""A pattern of RE2 for lines that are certainly of the format.

    A quote in quotes, or a value with spaces where none stands as a rule, is not looked for.
    """
    quoted = r'[^"\\]*(?:\\.[^"\\]*)*' if line.has_escapes else '[^"]*'
    return rf"^(?:{SYSLOG_PREFIX})?{_expression(line.parts, is_strict=True, has_groups=False, quoted=quoted)}\s*$"


def pieces(line: Template) -> list[list[Part]]:
    """The parts between the quotes of a line: one more than there are quotes."""
    found: list[list[Part]] = [[]]
    for part in line.parts:
        if isinstance(part, Capture):
            found[-1].append(part)
            continue
        first, *others = part.text.split('"')
        if first:
            found[-1].append(Literal(first, part.position))
        for text in others:
            found.append([Literal(text, part.position)] if text else [])
    return found


def escaped(text: str) -> str:
    """A regular expression of a text."""
    return re.escape(text).replace("\\ ", " ")


def _expression(parts: Sequence[Part], *, is_strict: bool, has_groups: bool = True, quoted: str = ".*?") -> str:
    text = ""
    skipped = ""
    for number, part in enumerate(parts):
        following = parts[number + 1] if number + 1 < len(parts) else None
        after = following.text if isinstance(following, Literal) else ""
        if isinstance(part, Literal):
            text += escaped(part.text.removeprefix(skipped))
            skipped = ""
            continue
        pattern = quoted if part.is_quoted else _pattern(part, after, is_strict=is_strict)
        # Each group costs, so that what is not kept has none.
        group = f"({pattern})" if has_groups and part.reading.is_kept else f"(?:{pattern})"
        if part.reading.is_optional and after:
            # A program that merges spaces writes none behind an empty value.
            text += f"(?:{group}{escaped(after[0])})?"
            skipped = after[0]
        else:
            text += group
    return text


def _pattern(part: Capture, after: str, *, is_strict: bool) -> str:
    """What matches a value without quotes: what may stand before the text that follows."""
    if part.reading.pattern:
        return part.reading.pattern
    if not after:
        return ".*"
    if is_strict or after[0] in "\t]})|,;":
        return f"[^{escaped(after[0])}]*"
    return ".*?"


def _merged(parts: Sequence[Part]) -> Iterator[Part]:
    text, position = "", 0
    for part in parts:
        if isinstance(part, Literal):
            position = position if text else part.position
            text += part.text
            continue
        if text:
            yield Literal(text, position)
            text = ""
        yield part
    if text:
        yield Literal(text, position)


def _with_quotes(parts: Iterator[Part]) -> Iterator[Part]:
    listed = list(parts)
    for number, part in enumerate(listed):
        before = listed[number - 1] if number else None
        after = listed[number + 1] if number + 1 < len(listed) else None
        is_quoted = (
            isinstance(before, Literal)
            and isinstance(after, Literal)
            and before.text.endswith('"')
            and after.text.startswith('"')
        )
        yield Capture(part.reading, part.position, is_quoted) if isinstance(part, Capture) else part
