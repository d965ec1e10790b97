"""What several panels of one refresh are drawn from, worked out once."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Generic, TypeVar

from dashboards.state.context import PageContext

Found = TypeVar("Found")
_Key = tuple[object, ...]

# For readers who refresh at the same time; beyond them, answers are computed again.
_MOST_KEPT = 8


class Once(Generic[Found]):
    """Works something out for a context, once however many panels ask; nobody may change what it returns."""

    def __init__(self, work_out: Callable[[PageContext], Found]) -> None:
        self._work_out = work_out
        self._change = threading.Lock()
        self._kept: dict[_Key, Future[Found]] = {}

    def __call__(self, context: PageContext) -> Found:
        """Raises what working it out raises, to everybody who asks."""
        key = (context.view, context.view.tzinfo, context.now, context.implied)
        with self._change:
            future = self._kept.get(key)
            is_new = future is None
            if future is None:
                future = self._kept[key] = Future()
                while len(self._kept) > _MOST_KEPT:
                    self._kept.pop(next(iter(self._kept)))
        if is_new:
            try:
                future.set_result(self._work_out(context))
            except BaseException as error:
                future.set_exception(error)
        return future.result()
