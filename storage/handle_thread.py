"""A handle of ClickHouse and the one thread that uses it."""

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Generic, Protocol, TypeVar


class Closable(Protocol):
    """Whatever has to be closed."""

    def close(self) -> None: ...


Handle = TypeVar("Handle", bound=Closable)
Result = TypeVar("Result")


class HandleThread(Generic[Handle]):
    """Runs calls on a handle, one after another, in a thread that may be confined and may be left behind."""

    def __init__(self, open_handle: Callable[[], Handle], fault: type[Exception], enter: Callable[[], None]) -> None:
        """`enter` is called once in the thread, before anything else is."""
        self._open = open_handle
        self._fault = fault
        self._enter = enter
        self._has_entered = False
        self._handle: Handle | None = None
        self._calls: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        # A call that never ends must not keep the process from ending.
        self._thread = threading.Thread(target=self._serve, name="engine", daemon=True)
        self._thread.start()

    def submit(self, call: Callable[[Handle], Result], prepare: Callable[[Handle], None] | None) -> "Future[Result]":
        """Run a call; `prepare` is called first where the handle is new."""
        future: Future[Result] = Future()

        def serve() -> None:
            try:
                future.set_result(call(self._opened(prepare)))
            except BaseException as error:
                # Measured in chDB 26.9: after a query that failed while it was answering, the same handle gives the
                # rest of that answer to the next query.
                if isinstance(error, self._fault):
                    self._close()
                future.set_exception(error)

        self._calls.put(serve)
        return future

    def end(self) -> None:
        """Close the handle and end the thread, once the calls before have ended."""
        self._calls.put(None)

    def join(self, seconds: float) -> None:
        """Wait until the thread has ended, but no longer."""
        self._thread.join(seconds)

    def _opened(self, prepare: Callable[[Handle], None] | None) -> Handle:
        if not self._has_entered:
            self._enter()
            self._has_entered = True
        if self._handle is None:
            self._handle = self._open()
            if prepare is not None:
                prepare(self._handle)
        return self._handle

    def _serve(self) -> None:
        while (serve := self._calls.get()) is not None:
            serve()
            # With it goes the answer, which may be large.
            del serve
        self._close()

    def _close(self) -> None:
        handle, self._handle = self._handle, None
        if handle is not None:
            handle.close()
