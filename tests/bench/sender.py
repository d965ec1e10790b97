"""What a benchmark sends with, and how it knows that everything has been stored."""

import itertools
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

from tests.bench.timed_message import TimedMessage

# Rows that can be queried and are rolled up.
REQUESTS = "SELECT sum(requests) AS stored FROM api_1m"
SAMPLES = "SELECT countIf(startsWith(name, 'bench_')) AS stored FROM metrics"

# Made once and sent over and over: making them costs more than anything that is to be measured.
_DISTINCT_MESSAGES = 200


class Sender(Protocol):
    """A client of a running Gatelens."""

    events_in_a_message: int
    # Repeated events would make the size on disk look better than it is.
    events_are_distinct: bool
    # A SELECT of how many events are stored.
    stored: str

    def prepare(self, events: int) -> None: ...

    def send_all(self) -> None:
        """Send as fast as Gatelens takes it; all is acknowledged, or known to be under way, on return."""

    def messages(self) -> Iterator[bytes]:
        """Messages that are ready, made as they are asked for: they are to be sent at once."""

    def send(self, message: bytes) -> None:
        """Send one of the messages and wait for its answer, where there is one."""

    def close(self) -> None: ...


class Repeated:
    """A few messages, sent over and over, each with what happened since the one before."""

    events_are_distinct = False
    stored = REQUESTS

    def __init__(self, make: Callable[[int], Iterator[TimedMessage]], events_in_a_message: int) -> None:
        self._make = make
        self.events_in_a_message = events_in_a_message
        self._distinct: Sequence[TimedMessage] = ()
        self._count = 0

    def prepare(self, events: int) -> None:
        self._distinct = list(self._make(_DISTINCT_MESSAGES))
        self._count = events // self.events_in_a_message

    def messages(self) -> Iterator[bytes]:
        since = time.time_ns()
        for message in itertools.islice(itertools.cycle(self._distinct), self._count):
            now = time.time_ns()
            yield message.sent(since, now)
            since = now
