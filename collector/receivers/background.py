"""A receiver that listens nowhere: it fetches or reads until it is stopped."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any


class BackgroundReceiver:
    """Runs a coroutine that ends only by being cancelled."""

    address = ""

    def __init__(self, run: Callable[[], Coroutine[Any, Any, None]]) -> None:
        self._run = run
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
