"""How the spool's thread notifies a coroutine that its payload is durable, or why it is not."""

import asyncio
from collections.abc import Callable

# Called in the spool's thread: with None when a payload is durable, or else with why it is not.
Answer = Callable[[Exception | None], None]


class LoopAnswer:
    """Made by a coroutine and called once, by any thread; `future` is done then.

    A concurrent.futures.Future that asyncio wraps does the same for 30 µs more: of a small payload that is a fifth of
    what it costs to receive.
    """

    __slots__ = ("_loop", "future")

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self.future: asyncio.Future[None] = self._loop.create_future()

    def __call__(self, error: Exception | None) -> None:
        try:
            self._loop.call_soon_threadsafe(self._resolve, error)
        except RuntimeError:
            # The loop is closed: nobody waits any more.
            return

    def _resolve(self, error: Exception | None) -> None:
        # The waiter may have gone.
        if self.future.done():
            return
        if error is None:
            self.future.set_result(None)
        else:
            self.future.set_exception(error)
