"""Trying again, by a clock and pauses of the test's own."""

import asyncio
import threading

import pytest

from storage.retry import Backoff, Stopped, retry, retry_async


class _Clock:
    """Stands still but for the pauses that are waited for."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class _Stop(threading.Event):
    """Moves a clock on instead of waiting, and is set at a time."""

    def __init__(self, clock: _Clock, at: float = float("inf")) -> None:
        super().__init__()
        self._clock = clock
        self._at = at
        self.waited: list[float] = []

    def wait(self, timeout: float | None = None) -> bool:
        assert timeout is not None
        self.waited.append(timeout)
        self._clock.now += timeout
        return self._clock.now >= self._at


class _Work:
    """Fails so often, then succeeds."""

    def __init__(self, failures: int, error: Exception | None = None) -> None:
        self.calls = 0
        self._failures = failures
        self._error = error or OSError("no room")

    def __call__(self) -> int:
        self.calls += 1
        if self.calls <= self._failures:
            raise self._error
        return self.calls


_EXACT = Backoff(first=1, longest=5, jitter=0)


def _is_os_error(error: Exception) -> bool:
    return isinstance(error, OSError)


def test_pauses_double_up_to_the_longest() -> None:
    stop = _Stop(_Clock())
    heard: list[tuple[str, float]] = []
    assert retry(_Work(5), _EXACT, _is_os_error, stop, lambda error, pause: heard.append((str(error), pause))) == 6
    assert stop.waited == [1, 2, 4, 5, 5]
    assert heard == [("no room", pause) for pause in stop.waited]


def test_of_each_pause_a_random_part_is_left_out() -> None:
    backoff = Backoff(first=1, longest=4, tries=4, jitter=0.5)
    assert list(backoff.pauses(draw=lambda: 1.0)) == [0.5, 1, 2]
    assert list(backoff.pauses(draw=lambda: 0.0)) == [1, 2, 4]
    assert all(0.5 <= next(backoff.pauses()) <= 1 for _ in range(1000))
    assert len({next(backoff.pauses()) for _ in range(10)}) > 1


def test_the_last_failure_is_raised_after_so_many_tries() -> None:
    work = _Work(10)
    with pytest.raises(OSError, match="no room"):
        retry(work, Backoff(first=1, longest=1, tries=3), _is_os_error, _Stop(_Clock()))
    assert work.calls == 3


@pytest.mark.parametrize(("deadline", "calls"), [(0.5, 1), (1, 2), (2.9, 2), (3, 3), (100, 22)])
def test_nothing_is_tried_behind_the_deadline(deadline: float, calls: int) -> None:
    clock, work = _Clock(), _Work(100)
    with pytest.raises(OSError, match="no room"):
        retry(work, Backoff(1, 5, deadline=deadline, jitter=0), _is_os_error, _Stop(clock), clock=clock)
    assert work.calls == calls
    assert clock.now <= deadline


def test_other_failures_are_raised_at_once() -> None:
    work = _Work(1, ValueError("never"))
    with pytest.raises(ValueError, match="never"):
        retry(work, _EXACT, _is_os_error, _Stop(_Clock()))
    assert work.calls == 1


def test_a_stop_ends_it_and_tells_the_last_failure() -> None:
    clock, work = _Clock(), _Work(100)
    with pytest.raises(Stopped) as stopped:
        retry(work, _EXACT, _is_os_error, _Stop(clock, at=3))
    assert work.calls == 2
    assert str(stopped.value.__cause__) == "no room"


def test_a_coroutine_is_tried_the_same_way() -> None:
    work, heard = _Work(3), list[float]()

    async def coroutine() -> int:
        return work()

    async def run() -> int:
        backoff = Backoff(first=0.001, longest=0.002, jitter=0)
        return await retry_async(coroutine, backoff, _is_os_error, lambda error, pause: heard.append(pause))

    assert asyncio.run(run()) == 4
    assert heard == [0.001, 0.002, 0.002]


def test_a_coroutine_that_is_cancelled_is_not_tried_again() -> None:
    work = _Work(100)

    async def coroutine() -> int:
        return work()

    async def run() -> None:
        trying = asyncio.ensure_future(retry_async(coroutine, Backoff(60, 60), _is_os_error))
        while not work.calls:
            await asyncio.sleep(0)
        trying.cancel()
        with pytest.raises(asyncio.CancelledError):
            await trying

    asyncio.run(run())
    assert work.calls == 1
