"""Handles of ClickHouse that serve one call at a time, for callers in many threads."""

import queue
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Generic, Protocol, TypeVar

from storage.faults import query_error


class Closable(Protocol):
    """Whatever has to be closed."""

    def close(self) -> None: ...


Handle = TypeVar("Handle", bound=Closable)


class Pool(Generic[Handle]):
    """Handles, each lent to one caller at a time: a free one, a new one, or the next that comes back."""

    def __init__(self, open_handle: Callable[[], Handle], size: int, fault: type[Exception]) -> None:
        """`fault` is what a handle raises where ClickHouse refuses a call."""
        self._open = open_handle
        self._fault = fault
        self._free: queue.LifoQueue[Handle | None] = queue.LifoQueue()
        for _ in range(size):
            self._free.put(None)

    @contextmanager
    def borrow(self, prepare: Callable[[Handle], None] | None = None) -> Iterator[Handle]:
        """Lend a handle; `prepare` is called once with each new one. Raises StoreError where a call fails."""
        handle = self._free.get()
        try:
            if handle is None:
                handle = self._open()
                if prepare is not None:
                    prepare(handle)
            yield handle
        except self._fault as error:
            # Measured in chDB 26.9: after a query that failed while it was answering, the same handle gives
            # the rest of that answer to the next query.
            if handle is not None:
                handle.close()
                handle = None
            raise query_error(getattr(error, "code", None), str(error)) from error
        finally:
            self._free.put(handle)

    def close(self) -> None:
        while not self._free.empty():
            handle = self._free.get_nowait()
            if handle is not None:
                handle.close()
