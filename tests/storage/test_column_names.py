"""Answers without rows have their columns, which are asked for once."""

from storage.column_names import _MOST_KEPT, ColumnNames
from storage.store import Store


def test_an_answer_without_rows_has_its_columns(store: Store) -> None:
    sql = "SELECT number AS n, 'a' AS text FROM numbers(5) WHERE n > {above:UInt8}"
    for _ in range(2):
        assert list(store.frame(sql, {"above": 9})) == ["n", "text"]
    assert store.frame(sql, {"above": 3})["n"].tolist() == [4]


def test_what_is_known_is_not_asked_again() -> None:
    asked: list[str] = []
    names = ColumnNames()

    def of(sql: str) -> list[str]:
        def ask() -> list[str]:
            asked.append(sql)
            return [f"column of {sql}"]

        return names.of(sql, ask)

    assert of("a") == of("a") == ["column of a"]
    assert asked == ["a"]
    of("a").append("added by who got it")
    assert of("a") == ["column of a"]
    for number in range(_MOST_KEPT):
        of(str(number))
    of("a")
    assert asked.count("a") == 2
