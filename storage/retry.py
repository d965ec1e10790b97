"""Trying again: one loop for threads and one for coroutines, with growing pauses."""

import asyncio
import random
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

Result = TypeVar("Result")
# Hears of a failure after which it is tried again, and in how many seconds.
Failed = Callable[[Exception, float], None]


class Stopped(Exception):
    """What was tried has not succeeded before it was stopped; its cause is the last failure."""


@dataclass(frozen=True)
class Backoff:
    """How long to wait between tries: `first` seconds, and each time twice as long, up to `longest`.

    Each pause is shortened at random by up to `jitter`, so that those who failed together do not come back
    together.
    """

    first: float
    longest: float
    # In all, and seconds from the first to the beginning of the last; None: as long as it takes.
    tries: int | None = None
    deadline: float | None = None
    jitter: float = 0.25

    def pauses(
        self, clock: Callable[[], float] = time.monotonic, draw: Callable[[], float] = random.random
    ) -> Iterator[float]:
        """The pause after each failure; it ends where no more may be tried."""
        end = None if self.deadline is None else clock() + self.deadline
        pause, tried = self.first, 1
        while self.tries is None or tried < self.tries:
            seconds = pause * (1 - self.jitter * draw())
            if end is not None and clock() + seconds > end:
                return
            yield seconds
            tried += 1
            pause = min(pause * 2, self.longest)


def retry(
    work: Callable[[], Result],
    backoff: Backoff,
    again: Callable[[Exception], bool],
    stopping: threading.Event,
    failed: Failed = lambda error, pause: None,
    clock: Callable[[], float] = time.monotonic,
) -> Result:
    """What `work` returns, tried again after what `again` says may pass.

    Raises what it raises otherwise or at last, and Stopped where `stopping` is set before.
    """
    pauses = backoff.pauses(clock)
    while True:
        try:
            return work()
        except Exception as error:
            if not again(error) or (pause := next(pauses, None)) is None:
                raise
            failed(error, pause)
            if stopping.wait(pause):
                raise Stopped from error


async def retry_async(
    work: Callable[[], Awaitable[Result]],
    backoff: Backoff,
    again: Callable[[Exception], bool],
    failed: Failed = lambda error, pause: None,
    clock: Callable[[], float] = time.monotonic,
) -> Result:
    """The same in a coroutine, which is stopped by being cancelled."""
    pauses = backoff.pauses(clock)
    while True:
        try:
            return await work()
        except Exception as error:
            if not again(error) or (pause := next(pauses, None)) is None:
                raise
            failed(error, pause)
        await asyncio.sleep(pause)
