"""The thread that decides about routes goes on, whatever keeps it from one decision."""

import threading
from datetime import UTC, datetime
from typing import cast

import pytest

from processors.routes.decisions import RouteDecisions, RouteRun
from processors.routes.worker import RouteWorker
from processors.time.window import Window
from tests.patience import PATIENCE


class _Breaking:
    """Decisions of which the first breaks off."""

    def __init__(self) -> None:
        self.runs = 0
        self.went_on = threading.Event()

    def run(self, _window: Window) -> RouteRun:
        self.runs += 1
        if self.runs == 1:
            raise ValueError("a path that nobody thought of")
        self.went_on.set()
        return RouteRun(0, 0, (), ())


def test_it_goes_on_after_what_nobody_thought_of(caplog: pytest.LogCaptureFixture) -> None:
    decisions = _Breaking()
    worker = RouteWorker(cast(RouteDecisions, decisions), lambda: datetime.now(UTC), interval_seconds=0.01)
    worker.start()
    assert decisions.went_on.wait(PATIENCE)
    worker.stop()
    assert "Deciding about routes broke off" in caplog.text
    assert worker.status is not None
    assert worker.status.fault == ""
