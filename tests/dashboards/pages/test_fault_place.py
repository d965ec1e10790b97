"""Where the editor marks a fault, by what ClickHouse and the guard really say."""

import pytest

from dashboards.pages.sql.fault_place import fault_place, shortened
from storage.errors import GatelensError
from storage.reader import Reader, reader
from storage.store import Store


@pytest.fixture(scope="module")
def people(store: Store) -> Reader:
    return reader(store)


def _message(people: Reader, sql: str) -> str:
    with pytest.raises(GatelensError) as raised:
        people.first(sql, 10)
    return str(raised.value)


@pytest.mark.parametrize(
    ("sql", "marked"),
    [
        ("SELECT a,\n  b,, c FROM numbers(3)", "c"),
        ("SELECT 'ä€😀', 1 FORM numbers(3) x y", "numbers"),
        ("SELECT sum(number FROM numbers(3)", "FROM"),
        ("SELECT 1 FROM", "M"),
        ("SELECT '😀', nothing FROM books", "nothing"),
        ("SELECT 'nope' -- nope\nFROM nope", "nope"),
        ("SELECT path(1), file('a')", "file"),
        ("SELECT * FROM url('http://x')", "url"),
        ("SELECT number FROM system.clusters", "system.clusters"),
    ],
)
def test_the_place_of_a_fault(people: Reader, sql: str, marked: str) -> None:
    found = fault_place(sql, _message(people, sql))
    assert found is not None
    units = sql.encode("utf-16-le")
    assert units[2 * found[0] : 2 * found[1]].decode("utf-16-le") == marked
    if marked == "nope":
        assert found[0] == sql.rindex("nope"), "neither in a text nor in a comment"


def test_a_fault_of_the_whole_has_no_place(people: Reader) -> None:
    sql = "DROP TABLE books"
    assert fault_place(sql, _message(people, sql)) is None


def test_the_message_is_short(people: Reader) -> None:
    assert shortened(_message(people, "SELECT nothing FROM books")) == "Unknown expression identifier `nothing`."
    assert shortened(_message(people, "SELECT 1 FORM x")) == "Syntax error: failed at position 15 (x): x."
