"""What works again and again in a thread."""

import threading

import pytest

from processors.periodic_thread import PeriodicThread
from tests.patience import PATIENCE


def test_it_goes_on_after_a_call_that_failed(caplog: pytest.LogCaptureFixture) -> None:
    calls = 0
    third = threading.Event()

    def work() -> None:
        nonlocal calls
        calls += 1
        if calls == 1:
            raise ValueError("once")
        if calls == 3:
            third.set()

    thread = PeriodicThread("periodic", 0.001, work, "It broke off; the next one is made.")
    thread.start()
    assert third.wait(PATIENCE)
    thread.stop()
    assert [record.getMessage() for record in caplog.records] == ["It broke off; the next one is made."]
    assert "periodic" not in {other.name for other in threading.enumerate()}


def test_it_is_stopped_while_it_waits_and_before_it_has_begun() -> None:
    called = threading.Event()
    waiting = PeriodicThread("periodic", 3600, called.set, "", first_after_seconds=3600)
    waiting.start()
    waiting.stop()
    assert not called.is_set()
    PeriodicThread("periodic", 3600, called.set, "").stop()
    assert not called.is_set()
