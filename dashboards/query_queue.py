"""People's queries in a queue of their own: bounded in number and in time, so that nothing else ever waits for them."""

import asyncio
import logging
import uuid
from collections.abc import AsyncIterator, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Protocol

from opentelemetry.metrics import CallbackOptions, Meter, Observation
from pydantic import BaseModel, ConfigDict, Field

from dashboards.errors import QueryQueueFull
from storage.errors import GatelensError

_log = logging.getLogger(__name__)

_SECONDS_TO_STOP_AGAIN = 0.5
# A query that passes its limit is given some time to notice.
_SECONDS_TO_END = 20.0


class QueryConfig(BaseModel):
    """Queries of people and programs."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    max_seconds: int = Field(default=30, ge=1, le=3600, description="A query that takes longer is stopped.")
    max_concurrent: int = Field(
        default=2, ge=1, le=64, description="So many run at a time, each within the memory budget of a query."
    )
    max_waiting: int = Field(default=16, ge=0, le=10_000, description="So many wait; a further one is answered 503.")
    max_wait: float = Field(default=10.0, gt=0, le=3600, description="Seconds that one waits; then it is answered 503.")


class QueryRunner(Protocol):
    """Runs a person's statement: storage.reader.Reader."""

    def run(self, sql: str, output_format: str, mark: str) -> bytes:
        """The result in a format; raises StoreError."""

    def first(self, sql: str, rows: int, mark: str) -> bytes:
        """The first rows as ClickHouse's JSONCompact; raises StoreError."""

    def stop(self, mark: str) -> None:
        """End the call with this mark, if it runs."""


class QueryMetrics:
    """The instruments of queries, made once for a meter."""

    def __init__(self, meter: Meter) -> None:
        self._meter = meter
        self._rejected = meter.create_counter(
            "gatelens.query.rejected", unit="{query}", description="Queries that found no place to run, by reason."
        )

    def rejected(self, reason: str) -> None:
        """`reason` is 'queue_full' or 'wait'."""
        self._rejected.add(1, {"reason": reason})

    def observe_abandoned(self, abandoned: Callable[[], int]) -> None:
        """Watch how many calls to ClickHouse did not end in time."""

        def observe(_: CallbackOptions) -> Iterable[Observation]:
            yield Observation(abandoned())

        self._meter.create_observable_counter(
            "gatelens.query.abandoned",
            [observe],
            unit="{query}",
            description="Queries that ClickHouse did not stop at their limit, left behind with their thread.",
        )


class QueryQueue:
    """Runs statements in threads of its own; used by one event loop."""

    def __init__(self, runner: QueryRunner, config: QueryConfig, metrics: QueryMetrics) -> None:
        self._runner = runner
        self._config = config
        self._metrics = metrics
        self._free = asyncio.Semaphore(config.max_concurrent)
        self._waiting = 0
        self._threads = ThreadPoolExecutor(config.max_concurrent, thread_name_prefix="query")

    @property
    def longest_seconds(self) -> float:
        """Until an answer has come, whatever happens to the query."""
        return self._config.max_wait + self._config.max_seconds + _SECONDS_TO_END

    async def run(self, sql: str, output_format: str) -> bytes:
        """The result in a format; raises StoreError, QueryQueueFull where it cannot be run in time.

        A call that is cancelled stops its query, and gives its place back once that has ended.
        """
        return await self._call(lambda mark: self._runner.run(sql, output_format, mark))

    async def first(self, sql: str, rows: int) -> bytes:
        """The first rows as ClickHouse's JSONCompact; otherwise as `run`."""
        return await self._call(lambda mark: self._runner.first(sql, rows, mark))

    async def _call(self, call: Callable[[str], bytes]) -> bytes:
        mark = uuid.uuid4().hex
        async with self._place():
            running = asyncio.get_running_loop().run_in_executor(self._threads, call, mark)
            try:
                return await asyncio.shield(running)
            except asyncio.CancelledError:
                await self._stop(mark, running)
                raise

    async def _stop(self, mark: str, running: "asyncio.Future[bytes]") -> None:
        """Returns when it has ended, which may be before it could be stopped."""
        while not running.done():
            try:
                await asyncio.to_thread(self._runner.stop, mark)
            except GatelensError:
                _log.warning("A query that nobody waits for cannot be stopped; it ends at its limit.", exc_info=True)
            # What is stopped before it has come to ClickHouse begins all the same.
            await asyncio.wait([running], timeout=_SECONDS_TO_STOP_AGAIN)
        running.exception()

    @asynccontextmanager
    async def _place(self) -> AsyncIterator[None]:
        if self._free.locked() and self._waiting >= self._config.max_waiting:
            self._metrics.rejected("queue_full")
            raise QueryQueueFull(f"{self._waiting} queries wait already; try again in a moment.")
        self._waiting += 1
        try:
            async with asyncio.timeout(self._config.max_wait):
                await self._free.acquire()
        except TimeoutError:
            self._metrics.rejected("wait")
            raise QueryQueueFull(
                f"The query has waited {self._config.max_wait:.0f} seconds for others; try again in a moment."
            ) from None
        finally:
            self._waiting -= 1
        try:
            yield
        finally:
            self._free.release()

    def close(self) -> None:
        """Begin nothing more; what runs is not waited for."""
        self._threads.shutdown(wait=False, cancel_futures=True)
