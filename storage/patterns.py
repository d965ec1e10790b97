"""Regular expressions that people give: in settings, definitions of formats, rules and questions.

They are RE2's, as ClickHouse's are, so that Python and SQL decide alike; and each takes time that grows with the text
and no faster. Python's `re` tries every way to match: `(a+)+$` on thirty letters keeps it busy for hours. So none of
them reaches it, and neither does a pattern that is put together from what people give.
https://github.com/google/re2/wiki/Syntax
"""

import re
from collections.abc import Iterable, Mapping, Sequence

import re2  # type: ignore[import-untyped]

# What RE2 says, and what to do about it; its own words name the faulty part behind a colon.
_CURES = (
    (re.compile(r"\(\?<?[=!]"), "look-around is not supported: match what stands there, or make it two conditions"),
    (
        re.compile(r"escape sequence: \\[1-9]|operator: \(\?P$"),
        "back-references are not supported: repeat what the group matches",
    ),
    (re.compile(r"escape sequence: \\Z"), r"write \z for the end of the text"),
    (re.compile(r"\(\?>|[*+?}]\+"), "possessive repetition is not supported, nor needed: leave the + or ?> out"),
    (
        re.compile(r"repetition size|too large"),
        "it may repeat a part 1000 times at most: use * or +, or make it shorter",
    ),
    (re.compile(r"perl operator"), "of flags there are i, m, s and U"),
    (re.compile(r"^missing"), r"close what is opened, or write \ before it"),
)
_OTHER_CURE = "write it in the syntax of RE2"

# `$` is the end of the text, and not also what stands before the end of a line.
_LINE_ENDS = (b"\r", b"\n")
# For the states of many patterns, which are made as texts come and forgotten beyond that.
_MEMORY_OF_MANY = 32 << 20


class PatternFault(ValueError):
    """What is no regular expression; the message says why, and what to do. `part` is the faulty part, where known."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"{reason} ({next((cure for sign, cure in _CURES if sign.search(reason)), _OTHER_CURE)})")
        self.part = reason.rpartition(": ")[2]


class Pattern:
    """One regular expression; raises PatternFault. Its dot also matches the end of a line, as in ClickHouse."""

    def __init__(self, text: str) -> None:
        try:
            self._compiled = re2.compile(text.encode(), _options())
        except re2.error as error:
            raise PatternFault(_reason(error)) from None
        except UnicodeEncodeError:
            raise PatternFault("half of a surrogate pair is no text") from None

    @property
    def group_count(self) -> int:
        """How many groups it has."""
        return int(self._compiled.groups)

    @property
    def group_numbers(self) -> Mapping[str, int]:
        """The numbers of its named groups, in their order."""
        return {name.decode(): number for name, number in self._compiled.groupindex.items()}

    def matches_all(self, text: str) -> bool:
        """Whether a whole text is like that."""
        return self._compiled.fullmatch(_bytes(text)) is not None

    def is_in(self, text: str) -> bool:
        """Whether some part of a text is like that."""
        return self._compiled.search(_bytes(text)) is not None

    def end_of_match(self, text: str) -> int | None:
        """Up to where the beginning of a text is like that; None where it is not."""
        content = _bytes(text)
        found = self._compiled.match(content)
        return None if found is None else len(content[: found.end()].decode())


class Patterns:
    """Several regular expressions of lines, all tried at once from the start of one; raises PatternFault."""

    def __init__(self, texts: Sequence[str]) -> None:
        for text in texts:
            Pattern(text)
        self._sets = list(_sets(list(texts), 0))

    def first(self, line: str) -> int | None:
        """The number of the first of them that matches the beginning of a line; None where none does."""
        content = _bytes(line).rstrip(b"\r\n")
        for start, of_several in self._sets:
            if numbers := of_several.Match(content):
                return start + int(min(numbers))
        return None

    def match(self, line: str) -> bool:
        """Whether one of them matches the beginning of a line."""
        return self.match_bytes(line.encode("utf-8", "replace"))

    def match_bytes(self, line: bytes) -> bool:
        """The same of a line in UTF-8; nothing but its own bytes matches what is not."""
        for _, of_several in self._sets:
            if of_several.Match(line):
                return True
        return line.endswith(_LINE_ENDS) and self.match_bytes(line.rstrip(b"\r\n"))


def _sets(texts: list[str], start: int) -> Iterable[tuple[int, re2.Set]]:
    """Sets of patterns with the number of their first: one, or more where all together take too much memory."""
    if not texts:
        return
    options = _options()
    # What goes on over further lines is no line.
    options.dot_nl = False
    options.never_capture = True
    options.max_mem = _MEMORY_OF_MANY
    of_several = re2.Set.MatchSet(options)
    try:
        for text in texts:
            of_several.Add(text.encode())
        of_several.Compile()
    except re2.error as error:
        if len(texts) == 1:
            raise PatternFault(_reason(error)) from None
        half = len(texts) // 2
        yield from _sets(texts[:half], start)
        yield from _sets(texts[half:], start + half)
    else:
        yield start, of_several


def _options() -> re2.Options:
    options = re2.Options()
    options.log_errors = False
    options.dot_nl = True
    return options


def _reason(error: Exception) -> str:
    reason = error.args[0] if error.args else "it is no regular expression"
    return reason.decode(errors="replace") if isinstance(reason, bytes) else str(reason)


def _bytes(text: str) -> bytes:
    # Half of a surrogate pair, as JSON may hold, stands for a letter that matches nothing but any.
    return text.encode("utf-8", "replace")
