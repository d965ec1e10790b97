"""A query of a person's may take so much and no more, and the message says what to do."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from storage.errors import QueryFailed, QueryLimitExceeded
from storage.guard import QueryLimits
from storage.reader import Reader, reader
from storage.store import Store

_ENDLESS = "SELECT sum(sipHash64(a.number, b.number)) FROM numbers(1000000) AS a CROSS JOIN numbers(1000000) AS b"


@pytest.fixture(scope="module")
def limited(store: Store) -> Reader:
    limits = QueryLimits(
        max_seconds=1,
        max_memory_bytes=100 << 20,
        max_rows_to_read=2_000_000,
        max_result_rows=1000,
        max_result_bytes=1 << 20,
    )
    return Reader(store, reader(store).guard, limits)


@pytest.mark.parametrize(
    "sql",
    [
        pytest.param("SELECT number FROM numbers(1001)", id="rows returned"),
        pytest.param("SELECT range(number) FROM numbers(999)", id="bytes returned"),
        pytest.param("SELECT count() FROM numbers(3000000)", id="rows read"),
        pytest.param("SELECT count() FROM system.numbers", id="endless source"),
        pytest.param("SELECT length(groupArray(repeat('x', 10000))) FROM numbers(500000)", id="memory"),
        pytest.param("SELECT length(repeat(repeat('x', 100000), 10000))", id="memory of one value"),
        pytest.param(_ENDLESS, id="time"),
    ],
)
def test_a_limit_names_the_cure(limited: Reader, sql: str) -> None:
    with pytest.raises(QueryLimitExceeded, match=r"Narrow the time range, or aggregate more\.$") as raised:
        limited.run(sql, "csv")
    assert "version" not in str(raised.value)
    assert "Stack trace" not in str(raised.value)


def test_up_to_the_limit_is_allowed(limited: Reader) -> None:
    assert len(limited.run("SELECT number FROM numbers(1000)", "jsonl").splitlines()) == 1000


def test_answers_stay_apart_after_a_failure(limited: Reader) -> None:
    def ask(number: int) -> object:
        if number % 3 == 0:
            with pytest.raises(QueryFailed):
                limited.run("SELECT throwing FROM requests", "jsonl")
            return number
        return json.loads(limited.run(f"SELECT {number} AS n, sum(number) FROM numbers(900000)", "jsonl"))["n"]

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(ask, range(48))) == list(range(48))


def test_readers_with_other_limits_do_not_share_them(store: Store, limited: Reader) -> None:
    limited.run("SELECT 1", "csv")
    wider = Reader(store, limited.guard, QueryLimits())
    assert len(wider.run("SELECT number FROM numbers(5000)", "jsonl").splitlines()) == 5000
    with pytest.raises(QueryLimitExceeded):
        limited.run("SELECT number FROM numbers(5000)", "jsonl")


def test_an_endless_depth_fails(limited: Reader) -> None:
    for sql in (f"SELECT {'(' * 2000}1{')' * 2000}", f"SELECT {'1+' * 30_000}1"):
        with pytest.raises(QueryFailed):
            limited.run(sql, "csv")
    # Whichever limit it comes to first: that of depth, or of time.
    with pytest.raises((QueryFailed, QueryLimitExceeded)):
        limited.run("WITH RECURSIVE t AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM t) SELECT max(n) FROM t", "csv")


def test_limits_of_handles_apart_hold_for_these_alone(store: Store) -> None:
    apart = store.apart(1, limits={"max_execution_time": 1, "max_memory_usage": 100 << 20})
    with pytest.raises(QueryLimitExceeded):
        apart.rows(_ENDLESS)
    with pytest.raises(QueryLimitExceeded):
        apart.frame("SELECT length(groupArray(repeat('x', 10000))) FROM numbers(500000)")
    assert store.rows("SELECT length(groupArray(repeat('x', 10000))) FROM numbers(20000)") == [(20_000,)]
