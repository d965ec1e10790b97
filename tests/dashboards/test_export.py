"""The file behind a panel: what clients have sent stays text in a spreadsheet."""

import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from zipfile import ZipFile

import pytest
from pydantic import ValidationError

from dashboards.site import export
from dashboards.site.export import panel_file, workbook
from dashboards.site.routes import ShownRows
from dashboards.state.view import parse_view
from processors.query.answer import Answer
from processors.query.filters import parse_filter
from processors.query.question import Question
from processors.query.questions import Questions
from processors.time.window import Window
from storage.store import Store

_NOON = datetime(2026, 4, 9, 12, tzinfo=UTC)
_FORMULA = '=HYPERLINK("http://evil.example","x")'


@pytest.fixture(scope="module")
def answer(store: Store) -> Iterator[Answer]:
    rows = [(_NOON, "export", "gateway", api) for api in (_FORMULA, "\n=1+1", "https://evil.example", "-1")]
    store.insert("requests", ("time", "environment", "reporter", "api"), rows)
    questions = Questions(store, lambda: _NOON + timedelta(hours=1))
    window = Window(_NOON, _NOON + timedelta(hours=1))
    yield questions.ask(Question(("requests",), window, ("api",), (parse_filter("environment=export"),)))
    questions.close()


def _file(answer: Answer, kind: str) -> bytes:
    panel = SimpleNamespace(id="apis")
    site: Any = SimpleNamespace(
        page_at=lambda path: SimpleNamespace(panels=lambda view: [panel]),
        context=lambda view: None,
        panel_answers=lambda: SimpleNamespace(ask=lambda panels, context: {"apis": [answer]}),
    )
    return bytes(panel_file(site, parse_view("/apis", ""), "apis", kind).body)


def test_a_workbook_has_no_formulas_and_links(answer: Answer) -> None:
    with ZipFile(io.BytesIO(_file(answer, "xlsx"))) as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml")
        assert b"<f>" not in sheet
        assert b"hyperlink" not in sheet
        assert b"=HYPERLINK" in archive.read("xl/sharedStrings.xml")


def test_what_a_browser_shows_becomes_a_sheet() -> None:
    shown = ShownRows.model_validate({"rows": [["Gateway", "Rate"], [_FORMULA, 1.5], ["envoy", None]]})
    with ZipFile(io.BytesIO(bytes(workbook(shown.rows).body))) as archive:
        sheet, texts = archive.read("xl/worksheets/sheet1.xml"), archive.read("xl/sharedStrings.xml")
    assert b"<f>" not in sheet
    assert b"<v>1.5</v>" in sheet
    assert all(text in texts for text in (b"Gateway", b"Rate", b"=HYPERLINK", b"envoy"))


@pytest.mark.parametrize("letter", ["a", "é", "😀"])
def test_a_cell_that_excel_cannot_hold_says_that_it_is_cut(letter: str) -> None:
    size = 32_767 // (len(letter.encode("utf-16-le")) // 2)
    for text, is_cut in ((letter * size, False), (letter * (size + 1), True)):
        with ZipFile(io.BytesIO(bytes(workbook([["Path"], [text]]).body))) as archive:
            texts = archive.read("xl/sharedStrings.xml").decode()
        assert ("export CSV for all of them" in texts) is is_cut
        assert (text in texts) is not is_cut


@pytest.mark.parametrize("rows", [[], [["a", "b"], ["c"]], [["a"] * 501], [["a"], [{}]]])
def test_what_is_no_table_becomes_no_sheet(rows: list[Any]) -> None:
    with pytest.raises(ValidationError):
        ShownRows.model_validate({"rows": rows})


def test_a_csv_file_has_no_formulas(answer: Answer) -> None:
    lines = _file(answer, "csv").decode()
    for text in ("=HYPERLINK", "\n=1+1", "-1"):
        assert f"\"'{text}" in lines
    assert '",1\n' in lines


def test_headings_of_one_name_are_columns_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []

    def counted(text: str) -> str:
        seen.append(text)
        return text

    monkeypatch.setattr(export, "cell_of_workbook", counted)
    content = bytes(workbook([["a"] * 20, [f"cell {number}" for number in range(20)]]).body)
    with ZipFile(io.BytesIO(content)) as book:
        texts = book.read("xl/sharedStrings.xml").decode()
    assert all(f">cell {number}<" in texts for number in range(20))
    assert len(seen) == 40, "each is looked at once"
