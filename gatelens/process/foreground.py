"""Gatelens in the foreground, until it is asked to stop."""

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gatelens.configuration.config import Config
from gatelens.data_directory.directory import Addresses
from gatelens.data_directory.private_directory import private_files
from gatelens.machine.descriptors import raise_descriptor_limit
from gatelens.machine.start_collection import start_uncollected
from gatelens.process.supervisor import Gatelens
from gatelens.process.telemetry import log_to_stderr

_SECONDS_FOR_THREADS = 10.0


@contextmanager
def running(
    config: Config, data: Path, config_file: Path | None = None
) -> Iterator[tuple[Gatelens, Addresses, threading.Event]]:
    """A started Gatelens, its addresses, and an event that is set when the user asks it to stop."""
    log_to_stderr()
    raise_descriptor_limit()
    gatelens = Gatelens(config, data, config_file)
    with private_files(), _stop_requests() as stop:
        with start_uncollected():
            addresses = gatelens.start()
        try:
            yield gatelens, addresses, stop
        finally:
            gatelens.stop()
            _end_without_threads(1 if sys.exc_info()[0] else 0)


def _end_without_threads(code: int) -> None:
    """All is stored and closed. Python would wait for what a thread still computes, for somebody who has left."""

    def end() -> None:
        sys.stdout.flush()
        os._exit(code)

    waiting = threading.Timer(_SECONDS_FOR_THREADS, end)
    waiting.daemon = True
    waiting.start()


@contextmanager
def _stop_requests() -> Iterator[threading.Event]:
    """SIGTERM and Ctrl+C ask for an orderly stop instead of ending the process."""
    stop = threading.Event()
    numbers = (signal.SIGTERM, signal.SIGINT)
    before = {number: signal.signal(number, lambda *_: stop.set()) for number in numbers}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
