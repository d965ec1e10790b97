"""Handles: what has failed on one must not reach the next caller."""

import subprocess
import sys

# In a process of its own, for there is one engine in a process, and that of the tests holds their tables.
_ANSWERS_AFTER_A_FAILURE = """
from chdb.state.sqlitelike import connect
from storage.errors import QueryFailed
from storage.pool import Pool

engines = Pool(lambda: connect(":memory:"), 1, RuntimeError)
numbers = "SELECT number, throwIf(number = 200000) FROM numbers(300000) SETTINGS max_threads = 1"
try:
    engines.run(lambda engine: engine.query(numbers, "Native"))
except QueryFailed:
    answer = engines.run(lambda engine: bytes(engine.query("SELECT 1 AS one, 'x' AS text", "CSV").bytes()))
    print(answer.decode(), end="")
engines.close()
"""


class _Handle:
    def __init__(self) -> None:
        self.is_closed = False

    def close(self) -> None:
        self.is_closed = True


def test_what_an_engine_has_not_answered_is_not_in_the_next_answer() -> None:
    answered = subprocess.run(
        [sys.executable, "-c", _ANSWERS_AFTER_A_FAILURE], capture_output=True, text=True, timeout=60, check=True
    )
    assert answered.stdout == '1,"x"\n'
