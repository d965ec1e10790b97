"""Names of threads for the operating system, so that `top -H` and the benchmark can distinguish them.

Python gives them itself from 3.14.
"""

import contextlib
import threading
from pathlib import Path

_LONGEST_NAME = 15


def name_threads() -> None:
    """Give running threads their Python names in Linux.

    The first thread keeps its name, which is that of the process.
    """
    for thread in threading.enumerate():
        if thread is not threading.main_thread():
            _name(thread)


def name_this_thread() -> None:
    """The same for a thread that starts later; without it, it has the name of the one that started it."""
    _name(threading.current_thread())


def _name(thread: threading.Thread) -> None:
    # A thread may end meanwhile, and there are systems without /proc, or that let nobody write there.
    with contextlib.suppress(OSError):
        Path(f"/proc/self/task/{thread.native_id}/comm").write_text(thread.name[:_LONGEST_NAME], encoding="utf-8")
