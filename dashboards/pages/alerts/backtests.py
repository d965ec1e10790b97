"""Backtests for the editor: run in the background, and kept for as long as somebody edits."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from processors.alerts.evaluation.backtest import Backtest, backtest
from processors.alerts.rules.rule import Rule
from processors.query.questions import Questions
from processors.time.window import MINUTE, Window, floor
from storage.errors import GatelensError

_KEPT_FOR = timedelta(minutes=10)
_MOST_KEPT = 16
# A page waits so long before it says how far it is.
_PATIENCE_SECONDS = 4.0
# What nobody has asked for again within this, which is more than a page's refresh, is given up.
_FORGOTTEN_SECONDS = 15.0


class _Abandoned(GatelensError):
    """Nobody waits for it any more."""


@dataclass
class _Course:
    """How far a backtest is, and when somebody asked for it last."""

    share: float = 0.0
    asked: float = field(default_factory=time.monotonic)

    def note(self, share: float) -> None:
        self.share = share
        if time.monotonic() - self.asked > _FORGOTTEN_SECONDS:
            raise _Abandoned(
                "This backtest was cancelled because its page was closed; change the rule, or reload the page."
            )


@dataclass(frozen=True)
class _Job:
    begun: datetime
    course: _Course
    future: "Future[Backtest]"

    def is_of_use(self, now: datetime) -> bool:
        failed = self.future.done() and self.future.exception() is not None
        return not failed and now - self.begun < _KEPT_FOR


class Backtests:
    """Backtests by rule and days."""

    def __init__(self, questions: Questions, clock: Callable[[], datetime]) -> None:
        self._questions = questions
        self._clock = clock
        self._threads = ThreadPoolExecutor(2, "backtest")
        self._lock = threading.Lock()
        self._jobs: OrderedDict[tuple[str, int], _Job] = OrderedDict()

    def of(self, rule: Rule, definition: str, days: int) -> Backtest | float:
        """A rule's backtest of the last days, or the share of it that is done. Raises what it fails with."""
        job = self._job(rule, definition, days)
        job.course.asked = time.monotonic()
        wait((job.future,), _PATIENCE_SECONDS)
        return job.future.result() if job.future.done() else job.course.share

    def _job(self, rule: Rule, definition: str, days: int) -> _Job:
        key, now = (definition, days), self._clock()
        with self._lock:
            job = self._jobs.get(key)
            if job is None or not job.is_of_use(now):
                course, end = _Course(), floor(now, MINUTE)
                window = Window(end - timedelta(days=days), end)
                future = self._threads.submit(backtest, [rule], self._questions, window, course.note)
                job = self._jobs[key] = _Job(now, course, future)
                while len(self._jobs) > _MOST_KEPT:
                    self._jobs.popitem(last=False)
            return job
