"""People's queries: so many at a time, so many that wait, for so long."""

import asyncio
import threading
from collections.abc import Iterator

import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader

from dashboards.errors import QueryQueueFull
from dashboards.query_queue import QueryConfig, QueryMetrics, QueryQueue
from storage.errors import QueryFailed
from tests.patience import PATIENCE


class _Runner:
    """Runs a query until it is let go; counts those that run."""

    def __init__(self) -> None:
        self.let_go = threading.Event()
        self.running = 0
        self.most = 0
        self.stopped: list[str] = []
        self._change = threading.Lock()

    def run(self, sql: str, output_format: str, mark: str) -> bytes:
        if sql == "fails":
            raise QueryFailed("no")
        with self._change:
            self.running += 1
            self.most = max(self.most, self.running)
        self.let_go.wait(PATIENCE)
        with self._change:
            self.running -= 1
        return f"{sql} as {output_format}".encode()

    def first(self, sql: str, rows: int, mark: str) -> bytes:
        return self.run(sql, f"{rows} rows", mark)

    def stop(self, mark: str) -> None:
        self.stopped.append(mark)
        # The first try comes too early, as where the query has not begun yet.
        if len(self.stopped) > 1:
            self.let_go.set()


@pytest.fixture
def runner() -> Iterator[_Runner]:
    made = _Runner()
    yield made
    made.let_go.set()


@pytest.fixture
def exported() -> InMemoryMetricReader:
    return InMemoryMetricReader()


def _queue(runner: _Runner, exported: InMemoryMetricReader, **settings: float) -> QueryQueue:
    meter = MeterProvider(metric_readers=[exported]).get_meter("test")
    return QueryQueue(runner, QueryConfig.model_validate(settings), QueryMetrics(meter))


def _rejected(exported: InMemoryMetricReader) -> dict[object, object]:
    data = exported.get_metrics_data()
    if data is None:
        return {}
    points = data.resource_metrics[0].scope_metrics[0].metrics[0].data.data_points
    return {(point.attributes or {})["reason"]: getattr(point, "value", None) for point in points}


def test_so_many_run_and_the_others_wait(runner: _Runner, exported: InMemoryMetricReader) -> None:
    async def ask() -> list[bytes]:
        queue = _queue(runner, exported, max_concurrent=2, max_waiting=3, max_wait=60)
        asked = [asyncio.create_task(queue.run(f"q{number}", "csv")) for number in range(5)]
        while runner.running < 2:
            await asyncio.sleep(0.01)
        runner.let_go.set()
        answers = await asyncio.gather(*asked)
        queue.close()
        return answers

    assert asyncio.run(ask()) == [f"q{number} as csv".encode() for number in range(5)]
    assert runner.most == 2
    assert _rejected(exported) == {}


def test_one_too_many_is_turned_away_at_once(runner: _Runner, exported: InMemoryMetricReader) -> None:
    async def ask() -> None:
        queue = _queue(runner, exported, max_concurrent=1, max_waiting=1, max_wait=60)
        asked = [asyncio.create_task(queue.run("q", "csv")) for _ in range(2)]
        while runner.running < 1:
            await asyncio.sleep(0.01)
        with pytest.raises(QueryQueueFull, match=r"1 queries wait already; try again"):
            await queue.run("one more", "csv")
        runner.let_go.set()
        await asyncio.gather(*asked)
        queue.close()

    asyncio.run(ask())
    assert _rejected(exported) == {"queue_full": 1}


def test_one_that_has_waited_too_long_is_turned_away(runner: _Runner, exported: InMemoryMetricReader) -> None:
    async def ask() -> None:
        queue = _queue(runner, exported, max_concurrent=1, max_waiting=1, max_wait=0.05)
        first = asyncio.create_task(queue.run("q", "csv"))
        while runner.running < 1:
            await asyncio.sleep(0.01)
        with pytest.raises(QueryQueueFull, match="has waited"):
            await queue.run("one more", "csv")
        runner.let_go.set()
        await first
        # Its place among those that wait is free again.
        assert await queue.run("later", "csv") == b"later as csv"
        queue.close()

    asyncio.run(ask())
    assert _rejected(exported) == {"wait": 1}


def test_a_failure_frees_the_place(runner: _Runner, exported: InMemoryMetricReader) -> None:
    async def ask() -> None:
        queue = _queue(runner, exported, max_concurrent=1, max_waiting=0)
        for _ in range(3):
            with pytest.raises(QueryFailed):
                await queue.run("fails", "csv")
        runner.let_go.set()
        assert await queue.run("q", "csv") == b"q as csv"
        queue.close()

    asyncio.run(ask())


def test_who_gives_up_stops_the_query_and_frees_the_place(runner: _Runner, exported: InMemoryMetricReader) -> None:
    async def ask() -> None:
        queue = _queue(runner, exported, max_concurrent=1, max_waiting=1)
        asked = asyncio.create_task(queue.first("q", 10))
        while runner.running < 1:
            await asyncio.sleep(0.01)
        asked.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asked
        assert runner.running == 0, "the place is given back when the query has ended"
        assert await queue.first("next", 10) == b"next as 10 rows"
        queue.close()

    asyncio.run(ask())
    assert len(runner.stopped) == 2
    assert len(set(runner.stopped)) == 1


def test_who_gives_up_waiting_leaves_the_others(runner: _Runner, exported: InMemoryMetricReader) -> None:
    async def ask() -> bytes:
        queue = _queue(runner, exported, max_concurrent=1, max_waiting=1)
        running = asyncio.create_task(queue.run("q", "csv"))
        while runner.running < 1:
            await asyncio.sleep(0.01)
        waiting = asyncio.create_task(queue.run("w", "csv"))
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        runner.let_go.set()
        answer = await running
        queue.close()
        return answer

    assert asyncio.run(ask()) == b"q as csv"
    assert runner.stopped == []
