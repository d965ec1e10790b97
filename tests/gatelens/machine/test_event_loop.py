"""What the threads around an event loop are called."""

import asyncio
import threading
from pathlib import Path

from gatelens.machine.event_loop import EventLoopThread


def _name_in_linux() -> str:
    return Path(f"/proc/self/task/{threading.get_native_id()}/comm").read_text(encoding="utf-8").strip()


def test_threads_for_blocking_work_are_named_for_their_loop() -> None:
    loop = EventLoopThread("intake")
    try:
        assert loop.run(asyncio.to_thread(_name_in_linux)) == "intake-blocking"
    finally:
        loop.close()
