"""An event loop in a thread of its own."""

import asyncio
import threading
from collections.abc import Coroutine
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

import uvloop

from gatelens.machine.thread_names import name_this_thread

Result = TypeVar("Result")


class EventLoopThread:
    """Runs coroutines for callers in other threads, from construction until `close`."""

    def __init__(self, name: str) -> None:
        self._loop = uvloop.new_event_loop()
        # What would block the loop, such as writing large bodies, is seen apart from it.
        self._loop.set_default_executor(
            ThreadPoolExecutor(thread_name_prefix=f"{name}-blocking", initializer=name_this_thread)
        )
        self._thread = threading.Thread(target=self._loop.run_forever, name=name, daemon=True)
        self._thread.start()

    def run(self, coroutine: Coroutine[Any, Any, Result]) -> Result:
        """Run to the end and return the result, or raise what it raises."""
        return self.spawn(coroutine).result()

    def spawn(self, coroutine: Coroutine[Any, Any, Result]) -> "Future[Result]":
        """Start without waiting."""
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop)

    def close(self) -> None:
        """Cancel what still runs and end the thread."""
        self.run(self._cancel_all())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    @staticmethod
    async def _cancel_all() -> None:
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
