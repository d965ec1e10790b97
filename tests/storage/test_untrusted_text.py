"""What clients have sent, as terminals and spreadsheets may be shown it."""

import csv
import io
import json

import pyarrow.parquet as pq
import pytest

from storage.reader import OUTPUT_FORMATS, reader
from storage.store import Store
from storage.untrusted_text import bytes_for_terminal, csv_for_spreadsheet, for_spreadsheet, for_terminal

_TITLE = "\x1b]0;owned\x07"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a line\n\tand another – ünïcode ┌─┐ 漢字", "a line\n\tand another – ünïcode ┌─┐ 漢字"),
        (_TITLE, r"\x1b]0;owned\x07"),
        ("\x1b[2Jgone\r", r"\x1b[2Jgone\x0d"),
        ("\x00\x08\x7f\x9b31m", r"\x00\x08\x7f\x9b31m"),
        ("invoice\u202excod.exe", r"invoice\u202excod.exe"),
        ("\u2066a\u2069\u200f", r"\u2066a\u2069\u200f"),
        ("\ud800", r"\ud800"),
    ],
)
def test_a_terminal_obeys_nothing(text: str, shown: str) -> None:
    assert for_terminal(text) == shown


def test_bytes_that_are_no_text_are_written_out() -> None:
    assert bytes_for_terminal(b"caf\xe9 \x9b31m \xc2\x9b31m") == rb"caf\xe9 \x9b31m \x9b31m"


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n"])
def test_a_spreadsheet_calculates_nothing(start: str) -> None:
    assert for_spreadsheet(f"{start}1+1") == f"'{start}1+1"
    assert for_spreadsheet(f"1{start}1") == f"1{start}1"


def test_csv_is_changed_in_texts_alone() -> None:
    content = b'"=name","n"\n"=1+1",-5\n"a ""=b"",""-c",-0.5\n"","\n"\n"""=d",\\N\n'
    expected = b'"\'=name","n"\n"\'=1+1",-5\n"a ""=b"",""-c",-0.5\n"","\'\n"\n"""=d",\\N\n'
    assert csv_for_spreadsheet(content) == expected


_SQL = (
    "SELECT 'a\x1b]0;owned\\x07' AS `title`, '=HYPERLINK(\"http://x\",\"y\")' AS formula, '-5' AS text, -5 AS number,"
    " toDecimal32(-1.5, 1) AS decimal, ['=a', '-b'] AS list, ('=t', -1) AS pair, "
    " CAST(NULL AS Nullable(String)) AS nothing, '@\"q\",' AS quoted,"
    " toDate('1970-01-01') AS day"
)


def test_answers_for_people_hold_no_commands(store: Store) -> None:
    run = reader(store).run
    table = run(_SQL, "table").decode()
    assert "\x1b" not in table
    assert "\x07" not in table
    assert r"a\x1b]0;owned\x07" in table
    [header, row] = csv.reader(io.StringIO(run(_SQL, "csv").decode()))
    cells = dict(zip(header, row, strict=False))
    assert cells["formula"].startswith("'=HYPERLINK")
    assert (cells["text"], cells["number"], cells["decimal"]) == ("'-5", "-5", "-1.5")
    assert not [cell for cell in row if cell.startswith(("=", "+", "@"))]
    assert '\'@"q",' in row


def test_answers_for_programs_are_unchanged(store: Store) -> None:
    run = reader(store).run
    for name in ("csv_raw", "jsonl"):
        assert run(_SQL, name) == store.raw(_SQL, OUTPUT_FORMATS[name])
    [row] = json.loads(run(_SQL, "json"))["data"]
    [same] = pq.read_table(io.BytesIO(run(_SQL, "parquet"))).select(["title", "formula"]).to_pylist()
    expected = {"title": "a\x1b]0;owned\x07", "formula": '=HYPERLINK("http://x","y")'}
    assert {name: row[name] for name in expected} == same == expected


def test_what_is_no_utf_8_is_replaced_where_only_text_may_be(store: Store) -> None:
    run, sql = reader(store).run, "SELECT unhex('61FF62') AS a"
    assert run(sql, "jsonl") == '{"a":"a\ufffdb"}\n'.encode()
    assert run(sql, "csv") == '"a"\n"a\ufffdb"\n'.encode()
    assert json.loads(run(sql, "json"))["data"] == [{"a": "a\ufffdb"}]
    assert run(sql, "csv_raw") == b'"a"\n"a\xffb"\n'
