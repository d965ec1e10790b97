"""The first rows of a result that is too large to be returned whole, and queries that somebody stops."""

import json
import threading
from typing import Any

import pytest

from storage.errors import QueryLimitExceeded, QueryStopped
from storage.reader import Reader, reader
from storage.store import Store

_ENDLESS = "SELECT count() FROM numbers(1900000000) WHERE cityHash64(toString(number), number) % 7 = 3"


@pytest.fixture(scope="module")
def people(store: Store) -> Reader:
    return reader(store)


def _rows(people: Reader, sql: str, most: int = 10) -> list[list[Any]]:
    found: list[list[Any]] = json.loads(people.first(sql, most))["data"]
    return found


def test_the_first_rows_of_what_is_too_large(people: Reader) -> None:
    endless = "SELECT number FROM numbers(1000000)"
    with pytest.raises(QueryLimitExceeded):
        people.run(endless, "json")
    assert _rows(people, endless) == [[number] for number in range(10)]
    assert _rows(people, f"{endless} ORDER BY number DESC", 2) == [[999999], [999998]]


@pytest.mark.parametrize(
    ("sql", "rows"),
    [
        ("SELECT number FROM numbers(5)", 5),
        ("SELECT number FROM numbers(500) LIMIT 3", 3),
        ("SELECT number FROM numbers(500) LIMIT 490, 20", 10),
        ("SELECT number FROM numbers(9) UNION ALL SELECT number FROM numbers(9)", 10),
        ("SELECT count() FROM (SELECT number FROM numbers(500))", 1),
        ("SELECT 1 WHERE 0", 0),
        ("DESCRIBE books", 10),
    ],
)
def test_what_is_inside_of_a_statement_is_not_cut(people: Reader, sql: str, rows: int) -> None:
    assert len(_rows(people, sql)) == rows
    if sql.startswith("SELECT count"):
        assert _rows(people, sql) == [[500]]


def test_a_plan_is_that_of_the_statement_itself(people: Reader) -> None:
    plan = "EXPLAIN SELECT number FROM numbers(500)"
    assert _rows(people, plan) == [list(row.values()) for row in json.loads(people.run(plan, "json"))["data"]]


def test_no_value_becomes_null(people: Reader) -> None:
    assert _rows(people, "SELECT 1/0, nan, NULL, 18446744073709551615") == [["inf", "nan", None, 18446744073709551615]]


def test_a_query_is_stopped_by_its_mark_and_by_no_other(people: Reader) -> None:
    raised: list[BaseException] = []

    def ask() -> None:
        try:
            people.first(_ENDLESS, 10, "mine")
        except QueryStopped as error:
            raised.append(error)

    thread = threading.Thread(target=ask)
    thread.start()
    people.stop("other")
    while thread.is_alive():
        people.stop("mine")
        thread.join(0.2)
    assert [str(error) for error in raised] == ["The query was stopped; run it again if you need its result."]
    assert _rows(people, "SELECT 1") == [[1]]
