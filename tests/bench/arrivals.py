"""Requests that go on arriving while something else is measured."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from gatelens.data_directory.directory import Addresses
from tests.bench.http_senders import LinesSender

_LINES = 1000


@dataclass
class Arrivals:
    """How many events have been sent."""

    sent: int = 0


@contextmanager
def arriving(addresses: Addresses, directory: Path, events_per_second: int, seconds: float) -> Iterator[Arrivals]:
    """Post lines of Envoy's JSON log at that rate, for so long at most.

    The first are sent before it is entered. Raises what a post raised, at the end.
    """
    sender = LinesSender(addresses, directory, "envoy_json", _LINES)
    sender.prepare(int(events_per_second * seconds))
    arrivals, faults = Arrivals(), list[Exception]()
    begun, stopping = threading.Event(), threading.Event()

    def send() -> None:
        started = time.monotonic()
        try:
            for number, message in enumerate(sender.messages()):
                if stopping.wait(max(0.0, started + number * _LINES / events_per_second - time.monotonic())):
                    return
                sender.send(message)
                arrivals.sent += _LINES
                begun.set()
        except Exception as error:
            faults.append(error)
        finally:
            begun.set()

    thread = threading.Thread(target=send, name="arrivals")
    thread.start()
    begun.wait()
    try:
        yield arrivals
    finally:
        stopping.set()
        thread.join()
        sender.close()
    if faults:
        raise faults[0]
