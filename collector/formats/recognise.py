"""Which format a text is in, from its first record; and which a line or a record."""

import json
import re
from collections.abc import KeysView, Sequence
from typing import Any

from collector.formats.descriptor import Format, JsonRecord, Record, TextLine
from collector.formats.shared.layers import ACCESS_LINES
from collector.formats.shared.message_keys import TEXT_KEYS
from storage.patterns import Patterns

# What begins with anything but a space.
_FIRST_LINE = re.compile(rb"\S[^\n]*")

# How an object begins that stands as a text in another.
_OBJECT_IN_TEXT = (b'"{\\"', b'"{ \\"', b'"{\\n')

# A longer line is recognised by its beginning.
LONGEST_LINE = 4 << 10


class Recogniser:
    """Asks formats whose a text is, in their order: each is narrower than what follows it."""

    def __init__(self, formats: Sequence[Format]) -> None:
        self._lines: list[tuple[str, TextLine]] = [(known.name, known.line) for known in formats if known.line]
        self._records: list[tuple[str, JsonRecord]] = [(known.name, known.record) for known in formats if known.record]
        # Those of users and presets come first, and are tried all at once.
        self._given = [(name, line) for name, line in self._lines if line.is_given]
        self._built_in = [(name, line) for name, line in self._lines if not line.is_given]
        self._patterns: dict[str, Patterns | re.Pattern[str]] = {
            **{name: Patterns([line.pattern]) for name, line in self._given},
            **{name: _ascii(line.pattern) for name, line in self._built_in},
        }
        contained = {line.contains: None for _, line in self._lines}
        # What has one of the others in it needs no look of its own.
        self._contained = tuple(
            text for text in contained if not any(part in text for part in contained if part != text)
        )
        markers = [marker for marker in {line.marker: None for _, line in self._lines} if marker]
        self._markers = [(1 << number, marker, _ascii(marker)) for number, marker in enumerate(markers)]
        # By the markers that a line has.
        self._any_of: dict[int, _AnyOf] = {}
        self._matches = [(name, record.matches) for name, record in self._records]
        self._matches_without_keys = [
            (name, record.matches_without_keys) for name, record in self._records if record.matches_without_keys
        ]
        # Most objects of applications have none of these.
        self._in_text = tuple({text: None for _, record in self._records for text in record.in_text})
        self._in_lines = frozenset(name for name, record in self._records if record.in_text)
        self.without_keys = (
            *(record.without_keys for _, record in self._records if record.without_keys),
            *_OBJECT_IN_TEXT,
        )
        # Those whose layers look for a line that stands in another as a text.
        self._of_access = frozenset(known.name for known in formats if ACCESS_LINES[0] in known.layers)
        self._messages = [(known.name, _ascii(known.message)) for known in formats if known.message]
        # One of these is in every record of a format that is known, but for those recognised without.
        self.keys = frozenset(key for _, record in self._records for key in record.keys)

    def detect(self, head: bytes) -> str | None:
        """The name of the format, or None where it is not one that we know; JSON of anything is None too."""
        line = _first_line(head)
        if line.startswith(b"{"):
            return self._object_format(line, head) or None
        return self.line_format(line.decode("utf-8", "replace")) or None

    def message_format(self, line: str) -> str:
        """The format of the program that says so of itself; '' where it may be of any program."""
        return next((name for name, message in self._messages if message.match(line)), "")

    def line_format(self, line: str, likely: str = "") -> str:
        """The format of a line of text that is no JSON; '' for none. That of its neighbour is `likely`, tried first."""
        start = line if len(line) <= LONGEST_LINE else line[:LONGEST_LINE]
        pattern = self._patterns.get(likely)
        if pattern is not None and pattern.match(start):
            return likely
        # Most lines of applications have nothing that is looked for, and are dismissed by that alone.
        for text in self._contained:
            if text in start:
                break
        else:
            return ""
        found_markers = 0
        for bit, _, marker in self._markers:
            if marker.search(start):
                found_markers |= bit
        any_of = self._any_of.get(found_markers)
        if any_of is None:
            any_of = self._any_of[found_markers] = self._having(found_markers)
        return any_of.format_of(start)

    def are_lines_of(self, name: str, lines: Sequence[Any]) -> bool:
        """Whether all are lines of a format of text; False too where that takes a closer look."""
        pattern = self._patterns.get(name)
        if pattern is None:
            return False
        try:
            return max(map(len, lines)) <= LONGEST_LINE and all(map(pattern.match, lines))
        except TypeError:
            return False

    def record_format(self, record: Record) -> str:
        """The format of a record by its keys, or of the object that stands in it as a text; '' for that of anything."""
        return self._format_by_keys(record) or self._format_of_text_in(record)

    def may_be_record(self, text: str, likely: str = "") -> bool:
        """Whether an object among lines of text may be of a format; that of its neighbour is `likely`."""
        return likely in self._in_lines or any(part in text for part in self._in_text)

    def format_of_keys(self, keys: KeysView[str]) -> str:
        """The format of all records that have these keys; '' where more of a record is to be looked at."""
        for name, of in self._records:
            matches = of.matches_keys(keys) if of.matches_keys else (None if not of.keys.isdisjoint(keys) else False)
            if matches is None:
                return ""
            if matches:
                return name
        return ""

    def _format_by_keys(self, record: Record) -> str:
        for name, matches in self._matches_without_keys if self.keys.isdisjoint(record) else self._matches:
            if matches(record):
                return name
        return ""

    def _format_of_text_in(self, record: Record) -> str:
        """The format of a record that is only a shell for a line of JSON, which stands in it as a text."""
        texts = [text for text in record.values() if isinstance(text, str) and text.startswith("{")]
        if not texts or any(isinstance(text := record.get(key), str) and text not in texts for key in TEXT_KEYS):
            return ""
        # One over many lines is no line.
        texts = [text for text in texts if "\n" not in text[:-1]]
        for text in texts:
            try:
                inner = json.loads(text)
            except (ValueError, RecursionError):
                continue
            if isinstance(inner, dict) and (name := self._format_by_keys(inner)) in self._of_access:
                return name
        return ""

    def _object_format(self, line: bytes, head: bytes) -> str:
        try:
            record = json.loads(line)
        except (ValueError, RecursionError):
            return next(
                (name for name, of in self._records if of.matches_beginning and of.matches_beginning(line, head)), ""
            )
        return self.record_format(record) if isinstance(record, dict) else ""

    def _having(self, found_markers: int) -> "_AnyOf":
        """Those of the formats that may have a line with these markers."""
        markers = [marker for bit, marker, _ in self._markers if bit & found_markers]
        given, built_in = (
            [(name, line.pattern) for name, line in lines if not line.marker or line.marker in markers]
            for lines in (self._given, self._built_in)
        )
        return _AnyOf(given, built_in)


class _AnyOf:
    """Patterns by the names of their formats: the first that matches counts, given ones before built-in ones."""

    def __init__(self, given: Sequence[tuple[str, str]], built_in: Sequence[tuple[str, str]]) -> None:
        self._names = [name for name, _ in given]
        self._given = Patterns([pattern for _, pattern in given])
        self._built_in = _ascii("|".join(f"(?P<{name}>{pattern})" for name, pattern in built_in) or r"(?!)")

    def format_of(self, line: str) -> str:
        """The name of the format of a line; '' for none."""
        number = self._given.first(line)
        if number is not None:
            return self._names[number]
        found = self._built_in.match(line)
        return found.lastgroup or "" if found else ""


def _ascii(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.ASCII)


def _first_line(head: bytes) -> bytes:
    # Not by splitting: what is recognised may be a body of many megabytes.
    found = _FIRST_LINE.search(head)
    return found[0].rstrip() if found else b""
