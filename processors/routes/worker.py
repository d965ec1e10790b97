"""Decides about routes again and again, in a thread of its own."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from processors.periodic_thread import PeriodicThread
from processors.routes.decisions import RouteDecisions, RouteRun
from processors.time.window import MINUTE, Window, ceil
from storage.errors import StoreError

_log = logging.getLogger(__name__)

# How much of the past routes come from: growing places show over time, not in a minute.
_LOOKED_AT = timedelta(hours=6)
_INTERVAL_SECONDS = 300.0


@dataclass(frozen=True)
class RouteStatus:
    """How the last run went; `fault` says why it failed, '' where it did not."""

    at: datetime
    seconds: float
    run: RouteRun | None
    fault: str = ""


class RouteWorker:
    """`start` begins with a run at once; `stop` ends it."""

    def __init__(
        self,
        decisions: RouteDecisions,
        clock: Callable[[], datetime],
        leads: Callable[[], bool] = lambda: True,
        interval_seconds: float = _INTERVAL_SECONDS,
    ) -> None:
        """Of the processes on one database only the one that `leads` decides: two could name a route differently."""
        self._decisions = decisions
        self._clock = clock
        self._leads = leads
        self._warned: tuple[str, ...] = ()
        # None before the first run, and in a process that has not led yet.
        self.status: RouteStatus | None = None
        broke_off = "Deciding about routes broke off; it is tried again."
        self._thread = PeriodicThread("routes", interval_seconds, self._run_and_warn, broke_off)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End, after the run that is under way."""
        self._thread.stop()

    def run_once(self) -> RouteStatus:
        """Decide about the last hours now."""
        now = self._clock()
        begun = time.monotonic()
        end = ceil(now, MINUTE)
        try:
            run = self._decisions.run(Window(end - _LOOKED_AT, end))
            status = RouteStatus(now, time.monotonic() - begun, run)
        except StoreError as error:
            status = RouteStatus(now, time.monotonic() - begun, None, str(error))
        except Exception as error:
            self.status = RouteStatus(now, time.monotonic() - begun, None, f"It broke off: {type(error).__name__}.")
            raise
        self.status = status
        return status

    def _run_and_warn(self) -> None:
        if not self._leads():
            self._warned = ()
            return
        status = self.run_once()
        warnings = status.run.warnings if status.run else (status.fault,)
        for warning in warnings:
            if warning not in self._warned:
                _log.warning("%s", warning)
        self._warned = warnings
