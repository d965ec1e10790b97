"""The past of the demo: pieces that are sent the way of an import, each stored once."""

import re
import time
from collections.abc import Callable, Container, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from collector.formats.envoy.descriptor import ENVOY_JSON
from collector.formats.flex.descriptor import FLEX
from collector.formats.mule.descriptor import MULE_LOG
from collector.formats.otlp.descriptor import OTLP_TRACES_JSON
from collector.formats.prometheus.descriptor import PROMETHEUS_TEXT
from collector.importer.block import Block, BlockSink
from collector.writer.segment_ledger import Segments
from gatelens.demo.model import MULE
from gatelens.demo.past.log_lines import flex_lines, lines, mule_lines
from gatelens.demo.past.past import STRETCH, draw
from gatelens.demo.past.past_telemetry import Machines, flex_logs, mule_logs, spans
from processors.time.window import floor
from storage.errors import ConfigError

ENVIRONMENT = "demo-history"

_LENGTH = re.compile(r"^(?P<count>[1-9][0-9]{0,5})(?P<unit>[mhd])$")
_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}
_LONGEST = timedelta(days=30)

# A minute's work of two cores. A past of more requests is one of fewer a second.
_MOST_REQUESTS = 800_000

_BLOCK_BYTES = 24 << 20
_POLL_SECONDS = 0.1

# Each block costs the store half a second or so, however small it is. So a long past is of a few large pieces, which
# are held in memory while they are drawn.
_LENGTHS = (timedelta(days=1), timedelta(hours=6), timedelta(hours=1), STRETCH)
_MOST_IN_PIECE = 150_000
_LONG = timedelta(days=1)
_BEGINNINGS = timedelta(hours=6)

Lines = dict[str, list[str]]


@dataclass
class Filled:
    """What became of a past."""

    lines: int = 0
    stretches: int = 0
    stretches_known: int = 0


@dataclass(frozen=True)
class _Piece:
    """The unit that is stored as a whole or not at all: this length, from a multiple of it on."""

    start: datetime
    length: timedelta

    @property
    def name(self) -> str:
        return f"{ENVIRONMENT}-{self.start:%Y%m%dT%H%M}Z-{self.length // timedelta(minutes=1)}m"

    @property
    def starts(self) -> list[datetime]:
        return [self.start + number * STRETCH for number in range(self.length // STRETCH)]

    def parts(self) -> "Iterator[_Piece]":
        """The pieces of the next smaller length in it; none in the smallest."""
        smaller = next((length for length in _LENGTHS if length < self.length), None)
        if smaller is not None:
            yield from (_Piece(self.start + number * smaller, smaller) for number in range(self.length // smaller))

    def is_begun(self, stored: Container[str]) -> bool:
        """Whether a block of it is stored: its first, as they go in order."""
        return f"{self.name}-1" in stored or _last(self.name) in stored

    def is_begun_in_parts(self, stored: Container[str]) -> bool:
        return any(part.is_begun(stored) or part.is_begun_in_parts(stored) for part in self.parts())


def parse_length(text: str) -> timedelta:
    """'90m', '24h' or '7d'; raises ConfigError."""
    match = _LENGTH.match(text)
    if match is None:
        raise ConfigError(
            f"--history {text!r} is no length of time; give minutes, hours or days, such as 90m, 24h or 7d."
        )
    length = int(match["count"]) * _UNITS[match["unit"]]
    if not STRETCH <= length <= _LONGEST:
        raise ConfigError(f"--history {text} is out of range; give from 10m to {_LONGEST.days}d.")
    return length


def stretches(length: timedelta, now: datetime) -> list[datetime]:
    """The starts of the whole stretches of so long a past, in order of time; of days, from a quarter of a day on."""
    end = floor(now, STRETCH)
    start = floor(now - length, _BEGINNINGS if length >= _LONG else STRETCH)
    return [start + number * STRETCH for number in range((end - start) // STRETCH)]


def thinned(rate: float, length: timedelta) -> float:
    """The rate of so long a past: that of the demo, or what a minute is enough for."""
    return min(rate, _MOST_REQUESTS / length.total_seconds())


class PastSink(BlockSink, Protocol):
    """Takes blocks, and reports what became of them."""

    def find(self, prefix: str) -> Segments:
        """Where the segments are whose ids begin so."""


class History:
    """Fills in stretches through a sink.

    The blocks of a piece are named by its time and sent in order, so it is complete when its last one is
    stored; what is complete stays as it is, at whatever rate it was drawn.
    """

    def __init__(self, sink: PastSink, rate: float, stopping: Callable[[], bool]) -> None:
        self._sink = sink
        self._rate = rate
        self._stopping = stopping
        self._machines = Machines()
        self._sent = ""

    def fill(self, starts: Sequence[datetime], progress: Callable[[int, int], None]) -> Filled:
        """Send what is missing and wait until it is stored; `progress` gets the stretches and lines of each block."""
        stored = self._stored(starts)
        filled = Filled()
        for piece in _pieces(starts, stored, self._longest):
            if self._stopping():
                break
            if _last(piece.name) in stored:
                filled.stretches_known += len(piece.starts)
                progress(len(piece.starts), 0)
            else:
                filled.lines += self._send(piece, stored, progress)
            filled.stretches += len(piece.starts)
        self._wait_until_stored()
        return filled

    @property
    def _longest(self) -> timedelta:
        """Of the pieces' lengths, the largest that is not too much at this rate."""
        fitting = (each for each in _LENGTHS if self._rate * each.total_seconds() <= _MOST_IN_PIECE)
        return next(fitting, _LENGTHS[-1])

    def _stored(self, starts: Sequence[datetime]) -> set[str]:
        stored: set[str] = set()
        for day in {f"{ENVIRONMENT}-{start:%Y%m%d}T" for start in starts}:
            stored |= self._names(day)
        return stored

    def _names(self, prefix: str) -> set[str]:
        """The blocks that are stored; behind a block's name a receiver puts the digest of its body."""
        return {segment.partition("+")[0] for segment in self._sink.stored(prefix)}

    def _send(self, piece: _Piece, stored: set[str], progress: Callable[[int, int], None]) -> int:
        drawn = self._draw(piece)
        blocks = [(name, body) for name, of_format in drawn.items() for body in _blocks(of_format)]
        stretches = len(piece.starts)
        # One piece ahead of the store at most: what live gateways send must not queue behind the past.
        self._wait_until_stored()
        for number, (format_name, body) in enumerate(blocks, start=1):
            is_last = number == len(blocks)
            name = _last(piece.name) if is_last else f"{piece.name}-{number}"
            if name not in stored:
                gateway = MULE.cluster if format_name == MULE_LOG.name else ""
                self._sink.send(Block(name, format_name, body, ENVIRONMENT, gateway, MULE.id if gateway else "demo"))
            self._sent = name
            done = stretches * number // len(blocks) - stretches * (number - 1) // len(blocks)
            progress(done, body.count(b"\n") + 1)
        return sum(len(of_format) for of_format in drawn.values())

    def _draw(self, piece: _Piece) -> Lines:
        drawn: Lines = {}
        for start in piece.starts:
            requests = draw(start, self._rate)
            for format_name, made in (
                (PROMETHEUS_TEXT.name, self._machines.metrics(start, requests)),
                (OTLP_TRACES_JSON.name, spans(requests, ENVIRONMENT)),
                (FLEX.name, [*flex_lines(requests), *flex_logs(requests)]),
                (MULE_LOG.name, [*mule_lines(requests), *mule_logs(requests)]),
                (ENVOY_JSON.name, lines(requests)),
            ):
                drawn.setdefault(format_name, []).extend(made)
        return drawn

    def _wait_until_stored(self) -> None:
        while self._sent and not self._stopping() and self._sink.find(self._sent).waiting:
            time.sleep(_POLL_SECONDS)


def _pieces(starts: Sequence[datetime], stored: Container[str], longest: timedelta) -> Iterator[_Piece]:
    """The largest pieces that are wanted as a whole; what is stored in another way stays so."""
    wanted = set(starts)
    for start in sorted({floor(each, _LENGTHS[0]) for each in starts}):
        yield from _of(_Piece(start, _LENGTHS[0]), wanted, stored, longest)


def _of(piece: _Piece, wanted: set[datetime], stored: Container[str], longest: timedelta) -> Iterator[_Piece]:
    chosen = wanted.intersection(piece.starts)
    is_whole = len(chosen) == piece.length // STRETCH and not piece.is_begun_in_parts(stored)
    if (is_whole and piece.length <= longest) or (chosen and piece.is_begun(stored)):
        yield piece
    elif chosen:
        for part in piece.parts():
            yield from _of(part, wanted, stored, longest)


def _blocks(drawn: Sequence[str]) -> Iterator[bytes]:
    """The lines in parts of at most so many bytes."""
    if not drawn:
        return
    text = "\n".join(drawn).encode()
    start = 0
    while len(text) - start > _BLOCK_BYTES:
        end = text.rindex(b"\n", start, start + _BLOCK_BYTES)
        yield text[start:end]
        start = end + 1
    yield text[start:]


def _last(name: str) -> str:
    return f"{name}-last"
