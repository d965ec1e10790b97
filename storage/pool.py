"""Handles of ClickHouse that serve one call at a time, for callers in many threads."""

import logging
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Generic

from storage.errors import QueryLimitExceeded, StoreUnavailable
from storage.faults import query_error
from storage.handle_thread import Handle, HandleThread, Result

_log = logging.getLogger(__name__)

_SECONDS_TO_END = 10.0


class Pool(Generic[Handle]):
    """Handles, each lent to one caller at a time: a free one, a new one, or the next that comes back.

    Each has a thread of its own, in which its calls run. A call that does not end in time is abandoned: its thread goes
    on with it, and another takes its place, until as many are abandoned as there are handles.
    """

    def __init__(
        self,
        open_handle: Callable[[], Handle],
        size: int,
        fault: type[Exception],
        enter: Callable[[], None] = lambda: None,
    ) -> None:
        """`fault` is what a handle raises where ClickHouse refuses a call; `enter` begins each thread."""
        self._open = open_handle
        self._enter = enter
        self._size = size
        self._fault = fault
        self._free: queue.LifoQueue[HandleThread[Handle] | None] = queue.LifoQueue()
        for _ in range(size):
            self._free.put(None)
        self._change = threading.Lock()
        self._stuck = 0
        self.abandoned = 0

    def run(
        self,
        call: Callable[[Handle], Result],
        *,
        prepare: Callable[[Handle], None] | None = None,
        seconds: float | None = None,
    ) -> Result:
        """What a call returns; `prepare` is called once with each new handle.

        Raises StoreError where the call fails, QueryLimitExceeded where it has not ended after so many seconds, and
        StoreUnavailable where no handle became free in as many.
        """
        try:
            thread = self._free.get(timeout=seconds)
        except queue.Empty:
            raise StoreUnavailable("ClickHouse is busy with calls that do not end; try again in a moment.") from None
        try:
            thread = thread or HandleThread(self._open, self._fault, self._enter)
            future = thread.submit(call, prepare)
        except BaseException:
            self._free.put(thread)
            raise
        try:
            return future.result(seconds)
        except self._fault as error:
            raise query_error(getattr(error, "code", None), str(error)) from error
        except TimeoutError:
            if future.done():
                raise
            raise QueryLimitExceeded(f"The query has not ended after {seconds:.0f} seconds.") from None
        finally:
            self._give_back(thread, future)

    def close(self) -> None:
        """Close every handle that is free; one that is stuck closes when its call ends."""
        ending = []
        while not self._free.empty():
            thread = self._free.get_nowait()
            if thread is not None:
                thread.end()
                ending.append(thread)
        for thread in ending:
            thread.join(_SECONDS_TO_END)

    def _give_back(self, thread: HandleThread[Handle], future: "Future[Result]") -> None:
        if future.done():
            self._free.put(thread)
            return
        thread.end()
        with self._change:
            self.abandoned += 1
            self._stuck += 1
            is_replaced = self._stuck <= self._size
        _log.warning("A call to ClickHouse does not end and is abandoned.", extra={"stuck": self._stuck})
        if is_replaced:
            self._free.put(None)
        future.add_done_callback(lambda _: self._has_ended(is_replaced))

    def _has_ended(self, is_replaced: bool) -> None:
        with self._change:
            self._stuck -= 1
        if not is_replaced:
            self._free.put(None)
