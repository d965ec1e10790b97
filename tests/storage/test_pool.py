"""Handles: what has failed on one, or does not end, must not reach the next caller."""

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator

import pytest

from storage.errors import QueryFailed, QueryLimitExceeded, StoreUnavailable
from storage.pool import Pool
from tests.patience import PATIENCE

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
        self.closed = threading.Event()

    def close(self) -> None:
        self.closed.set()


class _Opened(list[_Handle]):
    """Every handle that was opened, in order."""

    def open(self) -> _Handle:
        self.append(_Handle())
        return self[-1]


@pytest.fixture
def let_go() -> Iterator[threading.Event]:
    event = threading.Event()
    yield event
    event.set()


def _fail(_: _Handle) -> None:
    raise RuntimeError("Code: 62. DB::Exception: of no use")


def _itself(handle: _Handle) -> _Handle:
    return handle


def _waiting_for(event: threading.Event) -> Callable[[_Handle], None]:
    def wait(_: _Handle) -> None:
        event.wait(PATIENCE)

    return wait


def test_what_an_engine_has_not_answered_is_not_in_the_next_answer() -> None:
    answered = subprocess.run(
        [sys.executable, "-c", _ANSWERS_AFTER_A_FAILURE], capture_output=True, text=True, timeout=PATIENCE, check=True
    )
    assert answered.stdout == '1,"x"\n'


def test_a_handle_that_has_failed_is_closed_and_replaced() -> None:
    opened = _Opened()
    pool = Pool(opened.open, 1, RuntimeError)
    first = pool.run(_itself)
    with pytest.raises(QueryFailed, match="of no use"):
        pool.run(_fail)
    assert first.closed.is_set()
    assert pool.run(_itself) is opened[1]
    pool.close()
    assert all(handle.closed.is_set() for handle in opened)


def test_what_is_no_fault_of_the_handle_leaves_it_open() -> None:
    pool = Pool(_Handle, 1, RuntimeError)
    first = pool.run(_itself)

    def fail(_: _Handle) -> None:
        raise StoreUnavailable("ClickHouse does not answer.")

    with pytest.raises(StoreUnavailable):
        pool.run(fail)
    assert pool.run(_itself) is first
    pool.close()


def test_each_handle_is_prepared_once() -> None:
    pool = Pool(_Handle, 1, RuntimeError)
    prepared: list[_Handle] = []
    for _ in range(3):
        pool.run(_itself, prepare=prepared.append)
    with pytest.raises(QueryFailed):
        pool.run(_fail, prepare=prepared.append)
    pool.run(_itself, prepare=prepared.append)
    assert len(prepared) == len(set(map(id, prepared))) == 2
    pool.close()


def test_each_thread_is_entered_once_before_anything_is_opened() -> None:
    happened: list[str] = []

    def open_handle() -> _Handle:
        happened.append("opened")
        return _Handle()

    pool = Pool(open_handle, 1, RuntimeError, enter=lambda: happened.append("entered"))
    with pytest.raises(QueryFailed):
        pool.run(_fail)
    pool.run(_itself)
    assert happened == ["entered", "opened", "opened"]
    pool.close()


def test_a_thread_that_cannot_be_entered_opens_nothing() -> None:
    opened = _Opened()

    def enter() -> None:
        raise PermissionError("Landlock is refused")

    pool = Pool(opened.open, 1, RuntimeError, enter)
    for _ in range(2):
        with pytest.raises(PermissionError):
            pool.run(_itself)
    assert opened == []


def test_a_call_that_does_not_end_is_abandoned_and_replaced(let_go: threading.Event) -> None:
    opened = _Opened()
    pool = Pool(opened.open, 1, RuntimeError)
    with pytest.raises(QueryLimitExceeded, match="has not ended"):
        pool.run(_waiting_for(let_go), seconds=0.05)
    assert pool.abandoned == 1
    assert pool.run(_itself) is opened[1]
    assert not opened[0].closed.is_set()
    let_go.set()
    assert opened[0].closed.wait(PATIENCE)
    pool.close()


def test_no_more_are_replaced_than_there_are_handles(let_go: threading.Event) -> None:
    opened = _Opened()
    pool = Pool(opened.open, 1, RuntimeError)
    for _ in range(2):
        with pytest.raises(QueryLimitExceeded):
            pool.run(_waiting_for(let_go), seconds=0.05)
    with pytest.raises(StoreUnavailable, match="do not end"):
        pool.run(_itself, seconds=0.05)
    assert len(opened) == 2
    let_go.set()
    # A place comes free as soon as one of them ends.
    assert pool.run(_itself, seconds=60) is opened[2]
    pool.close()
