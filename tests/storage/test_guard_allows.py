"""What the guard must let through: the questions that people have of their gateways."""

import json
from pathlib import Path

import pytest

from storage.reader import OUTPUT_FORMATS, Reader, reader
from storage.sql import statements
from storage.store import Store

_USEFUL = statements(Path(__file__).with_name("useful_queries.sql").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def people(store: Store) -> Reader:
    return reader(store)


@pytest.mark.parametrize(
    "sql",
    [
        *_USEFUL,
        "show tables;",
        "SELECT 1 ;\n",
        "SELECT 'a\u2028b', 'c\x85d'",
        "SELECT 1 AS `x (alias y)\n Function file`",
    ],
)
def test_useful_queries_run(people: Reader, sql: str) -> None:
    assert json.loads(people.run(sql, "json"))["meta"]


@pytest.mark.parametrize("output_format", OUTPUT_FORMATS)
def test_every_output_format_works(people: Reader, output_format: str) -> None:
    assert people.run("SELECT 'x' AS name, 7 AS value", output_format)


def test_text_comes_back_as_it_was_written(people: Reader) -> None:
    written = "a; b -- c /* d */ \\ 'e' \n ü🚀 \u2028"
    escaped = written.replace("\\", "\\\\").replace("'", "\\'")
    assert json.loads(people.run(f"SELECT '{escaped}' AS text", "jsonl")) == {"text": written}
