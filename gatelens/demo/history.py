"""The past of the demo: stretches of ten minutes that are sent the way of an import, each stored once."""

import re
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from collector.formats.envoy.descriptor import ENVOY_JSON
from collector.importer.block import Block, BlockSink
from gatelens.demo.log_lines import lines
from gatelens.demo.past import STRETCH, draw
from processors.window import floor
from storage.errors import ConfigError

ENVIRONMENT = "demo-history"

_LENGTH = re.compile(r"^(?P<count>[1-9][0-9]{0,5})(?P<unit>[mhd])$")
_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}
_LONGEST = timedelta(days=30)

_BLOCK_BYTES = 12 << 20
_POLL_SECONDS = 0.15


@dataclass
class Filled:
    """What became of a past."""

    lines: int = 0
    stretches: int = 0
    stretches_known: int = 0


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
    """The starts of the whole stretches of so long a past, in order of time."""
    end = floor(now, STRETCH)
    start = floor(now - length, STRETCH)
    return [start + number * STRETCH for number in range((end - start) // STRETCH)]


class History:
    """Fills in stretches through a sink.

    The blocks of a stretch are named by its time and sent in order, so it is complete when its last one is
    stored; what is complete stays as it is, at whatever rate it was drawn.
    """

    def __init__(self, sink: BlockSink, rate: float, stopping: Callable[[], bool]) -> None:
        self._sink = sink
        self._rate = rate
        self._stopping = stopping
        self._sent = ""

    def fill(self, starts: Sequence[datetime], progress: Callable[[], None]) -> Filled:
        """Send what is missing and wait until it is stored; `progress` is called after each stretch."""
        known = self._known(starts)
        filled = Filled()
        for start in starts:
            if self._stopping():
                break
            if start in known:
                filled.stretches_known += 1
            else:
                filled.lines += self._send(start)
            filled.stretches += 1
            progress()
        self._wait_until_stored()
        return filled

    def _known(self, starts: Sequence[datetime]) -> set[datetime]:
        stored: set[str] = set()
        for hour in {f"{ENVIRONMENT}-{start:%Y%m%dT%H}" for start in starts}:
            stored |= self._sink.stored(hour)
        return {start for start in starts if _last(start) in stored}

    def _send(self, start: datetime) -> int:
        drawn = lines(draw(start, self._rate))
        blocks = list(_blocks(drawn)) if drawn else []
        for number, body in enumerate(blocks, start=1):
            # One block ahead of the store at most: what live gateways send must not queue behind the past.
            self._wait_until_stored()
            name = _last(start) if number == len(blocks) else f"{_name(start)}-{number}"
            self._sink.send(Block(name, ENVOY_JSON.name, body, ENVIRONMENT, "", "demo"))
            self._sent = name
        return len(drawn)

    def _wait_until_stored(self) -> None:
        while self._sent and not self._stopping() and self._sent not in self._sink.stored(self._sent):
            time.sleep(_POLL_SECONDS)


def _blocks(drawn: Sequence[str]) -> Iterator[bytes]:
    """The lines in parts of at most so many bytes."""
    text = "\n".join(drawn).encode()
    start = 0
    while len(text) - start > _BLOCK_BYTES:
        end = text.rindex(b"\n", start, start + _BLOCK_BYTES)
        yield text[start:end]
        start = end + 1
    yield text[start:]


def _name(start: datetime) -> str:
    return f"{ENVIRONMENT}-{start:%Y%m%dT%H%MZ}"


def _last(start: datetime) -> str:
    return f"{_name(start)}-last"
