"""A thread that does the same again and again until it is stopped."""

import logging
import threading
import time
from collections.abc import Callable

_log = logging.getLogger(__name__)


class PeriodicThread:
    """Calls `work` each `interval_seconds`, counted from the start of one call to that of the next.

    A call that fails is logged as `broke_off`, which says what comes of it, and the next one is made: a thread that
    has silently ended would do nothing any more.
    """

    def __init__(
        self,
        name: str,
        interval_seconds: float,
        work: Callable[[], None],
        broke_off: str,
        *,
        first_after_seconds: float = 0.0,
    ) -> None:
        self.stopping = threading.Event()
        self._interval_seconds = interval_seconds
        self._work = work
        self._broke_off = broke_off
        self._first_after_seconds = first_after_seconds
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """End, after the call that is under way."""
        self.stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        pause = self._first_after_seconds
        while not self.stopping.wait(pause):
            started = time.monotonic()
            try:
                self._work()
            except Exception:
                _log.exception("%s", self._broke_off)
            pause = max(0.0, self._interval_seconds - (time.monotonic() - started))
