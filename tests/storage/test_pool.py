"""Handles: what has failed on one must not reach the next caller."""

import subprocess
import sys

import pytest

from storage.errors import QueryFailed, StoreUnavailable
from storage.pool import Pool

# In a process of its own, for there is one engine in a process, and that of the tests holds their tables.
_ANSWERS_AFTER_A_FAILURE = """
from chdb.state.sqlitelike import connect
from storage.errors import QueryFailed
from storage.pool import Pool

engines = Pool(lambda: connect(":memory:"), 1, RuntimeError)
numbers = "SELECT number, throwIf(number = 200000) FROM numbers(300000) SETTINGS max_threads = 1"
try:
    with engines.borrow() as engine:
        engine.query(numbers, "Native")
except QueryFailed:
    with engines.borrow() as engine:
        print(bytes(engine.query("SELECT 1 AS one, 'x' AS text", "CSV").bytes()).decode(), end="")
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


def test_a_handle_that_has_failed_is_closed_and_replaced() -> None:
    opened: list[_Handle] = []

    def open_handle() -> _Handle:
        opened.append(_Handle())
        return opened[-1]

    pool = Pool(open_handle, 1, RuntimeError)
    with pool.borrow():
        pass
    with pytest.raises(QueryFailed, match="of no use"), pool.borrow():
        raise RuntimeError("Code: 62. DB::Exception: of no use")
    with pool.borrow() as handle:
        assert handle is opened[1]
    pool.close()
    assert [handle.is_closed for handle in opened] == [True, True]


def test_what_is_no_fault_of_the_handle_leaves_it_open() -> None:
    pool = Pool(_Handle, 1, RuntimeError)
    with pool.borrow() as first:
        pass
    with pytest.raises(StoreUnavailable), pool.borrow():
        raise StoreUnavailable("ClickHouse does not answer.")
    with pool.borrow() as second:
        assert second is first
    pool.close()
