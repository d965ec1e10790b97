"""Where to cut a block of a file, and what is in it: whole records, without those that are too long."""

import re
from dataclasses import dataclass
from functools import cache

from collector.formats.dead_letters.descriptor import UNDECODABLE
from collector.formats.registry import Formats
from collector.records.containers import open_part, unwrap
from collector.records.place import Part
from collector.records.unwrap import Unwrapping
from storage.patterns import PatternFault, Patterns

# Including what container runtimes put around lines.
_OBJECT_BEHIND_BLANK = re.compile(
    rb'(?:\{"log":"(?:\\r)?\\n"[^\n]*|\S+ std(?:out|err) F(?::\S*)? ?\r?|\r?)\n'
    rb'(?:\{"log":"|\S+ std(?:out|err) [PF](?::\S*)? )?\{'
)
_LONGEST_WRAPPER = 100

_WRAPPERS = {"docker": rb'\{"log":"', "cri": rb"\S+ (?:stdout|stderr) [PF](?::\S*)? "}


@dataclass(frozen=True)
class Reading:
    """How the bytes of a file are to be understood.

    `first_line` is how a record begins that may go on over further lines, as its format says, and `multiline` the same
    as a setting says; `untimed_line` is how a line begins to which the container runtime's time belongs.
    """

    format: str
    container: str
    first_line: str
    max_line_size: int
    untimed_line: str = ""
    # Those that lines behind a prefix may be in; none where there is no prefix.
    prefixed: Formats | None = None
    # The format of all of those, where it is not left to each.
    given_format: str = ""
    multiline: str = ""


@dataclass(frozen=True)
class Cut:
    """How much of a block may be handed over, and whether it ends within a line that is too long."""

    length: int
    mid_line: bool = False


def cut(block: bytes, reading: Reading, *, mid_line: bool, is_full: bool, settled: bool, final: bool) -> Cut:
    """Where a block ends that a file has so far, or that is as large as one may be (`is_full`).

    A line without its end waits, until the file is `final`; a record that may go on waits until the file is `settled`.
    """
    end = block.rfind(b"\n") + 1
    if end == 0:
        return _cut_without_newline(block, reading, mid_line, final)
    if final and not is_full:
        return Cut(len(block))
    if settled:
        return Cut(end)
    held = _open_record(block[:end], reading)
    return Cut(end if held == 0 and is_full else held)


def _cut_without_newline(block: bytes, reading: Reading, mid_line: bool, final: bool) -> Cut:
    if _is_hole(block):
        # A hole, as a writer leaves it that goes on at its old offset after a truncation.
        return Cut(len(block), mid_line)
    if mid_line or len(block) > reading.max_line_size:
        return Cut(len(block), mid_line=True)
    return Cut(len(block) if final else 0)


def content(block: bytes, reading: Reading, *, mid_line: bool) -> list[Part]:
    """What is in a block that was cut; the same for the same block at all times."""
    if _is_hole(block):
        return []
    if mid_line:
        _, _, block = block.partition(b"\n")
    if block[:1] == b"\0":
        block = block.lstrip(b"\0")
    block, beginnings = _without_long_lines(block, reading.max_line_size)
    aside = [Part(UNDECODABLE.name, beginning) for beginning in beginnings]
    if reading.prefixed is not None:
        return Unwrapping(reading.prefixed, reading.given_format).parts(block) + aside
    body = unwrap(block, reading.container, reading.untimed_line)
    return ([Part(reading.format, body)] if body and not body.isspace() else []) + aside


def _is_hole(block: bytes) -> bool:
    return block[:1] == b"\0" and block == bytes(len(block))


def _open_record(block: bytes, reading: Reading) -> int:
    """Where the last record starts, if it may go on; the length of the block otherwise."""
    end = open_part(block, reading.container)
    if not (reading.multiline or reading.first_line):
        return end
    while end > 0:
        start = block.rfind(b"\n", 0, end - 1) + 1
        if _begins_record(block, start, end, reading) and not _is_body(block, start):
            return start
        end = start
    return 0


def _begins_record(block: bytes, start: int, end: int, reading: Reading) -> bool:
    wrapper = _wrapper(reading.container).match(block, start)
    if wrapper is None:
        return False
    if not reading.multiline:
        return _first_line(reading.first_line).match(block, wrapper.end()) is not None
    return _multiline(reading.multiline).match(block[wrapper.end() : end].decode("utf-8", "replace"))


def _is_body(block: bytes, start: int) -> bool:
    """Whether a line may be the body of a message that is logged, which is an object behind a blank line."""
    before = block.rfind(b"\n", 0, max(start - 1, 0)) + 1
    return _OBJECT_BEHIND_BLANK.match(block, before, start + _LONGEST_WRAPPER) is not None


@cache
def _wrapper(container: str) -> re.Pattern[bytes]:
    return re.compile(_WRAPPERS.get(container, b""))


@cache
def _first_line(pattern: str) -> re.Pattern[bytes]:
    return re.compile(pattern.encode())


@cache
def _multiline(pattern: str) -> Patterns:
    try:
        return Patterns([pattern])
    except PatternFault:
        # Of a file whose setting is gone, as it was remembered when it could be Python's: each line is a record.
        return Patterns([""])


def _without_long_lines(block: bytes, limit: int) -> tuple[bytes, list[bytes]]:
    """The block without lines above the limit, and the beginnings of those.

    A line is that long only where a stretch of that length has no newline: so a block is searched in a few strides.
    """
    kept: list[bytes] = []
    beginnings: list[bytes] = []
    kept_from = start = 0
    while len(block) - start > limit:
        newline = block.rfind(b"\n", start, start + limit + 1)
        if newline >= 0:
            start = newline + 1
            continue
        kept.append(block[kept_from:start])
        beginnings.append(block[start : start + limit])
        start = kept_from = block.find(b"\n", start) + 1 or len(block)
    return (b"".join((*kept, block[kept_from:])), beginnings) if beginnings else (block, [])
