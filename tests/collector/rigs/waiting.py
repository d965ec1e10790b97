"""Waiting for what must become true."""

import time
from collections.abc import Callable

from tests.patience import PATIENCE


def wait_until(is_so: Callable[[], object], seconds: float = PATIENCE) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, "It did not come in time."
        time.sleep(0.02)
