import io
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree
from zipfile import ZipFile

import pytest

from processors.query.questions import Questions
from processors.reports.report import usage_report
from processors.reports.sheet import render_xlsx
from processors.time.window import Window

START = datetime(2026, 5, 10, tzinfo=UTC)
WINDOW = Window(START, START + timedelta(days=2))
XML = {"x": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}


class Book:
    """What a reader of the file needs to see of it."""

    def __init__(self, content: bytes) -> None:
        with ZipFile(io.BytesIO(content)) as archive:
            self.names = archive.namelist()
            self._parts = {name: archive.read(name) for name in self.names if name.endswith(".xml")}

    def part(self, name: str) -> ElementTree.Element:
        return ElementTree.fromstring(self._parts[f"xl/{name}.xml"])  # noqa: S314 - written by us

    def rows(self, sheet: int) -> list[dict[str, str]]:
        """Each row's values by column letter; text is inline or shared."""
        shared = ["".join(item.itertext()) for item in self._shared()]
        found = []
        for row in self.part(f"worksheets/sheet{sheet}").iterfind(".//x:row", XML):
            cells = {}
            for cell in row.iterfind("x:c", XML):
                text = "".join(cell.itertext())
                column = re.sub(r"\d", "", cell.attrib["r"])
                cells[column] = shared[int(text)] if cell.attrib.get("t") == "s" else text
            found.append(cells)
        return found

    def _shared(self) -> list[ElementTree.Element]:
        if "xl/sharedStrings.xml" not in self._parts:
            return []
        return self.part("sharedStrings").findall("x:si", XML)

    def style(self, sheet: int, cell: str) -> tuple[bool, str]:
        """Whether a cell is bold, and its number format."""
        styles = self.part("styles")
        (found,) = self.part(f"worksheets/sheet{sheet}").findall(f".//x:c[@r='{cell}']", XML)
        form = styles.findall("x:cellXfs/x:xf", XML)[int(found.attrib.get("s", "0"))]
        font = styles.findall("x:fonts/x:font", XML)[int(form.attrib["fontId"])]
        own = {
            known.attrib["numFmtId"]: known.attrib["formatCode"] for known in styles.iterfind("x:numFmts/x:numFmt", XML)
        }
        number = form.attrib["numFmtId"]
        return font.find("x:b", XML) is not None, own.get(number, number)


def _book(questions: Questions, environment: str, by: str) -> Book:
    filters = {"environment": environment}
    now = WINDOW.end + timedelta(hours=1)
    return Book(render_xlsx(usage_report(questions, WINDOW, by.split(","), filters, now=now, version="1.2.3")))


@pytest.mark.usefixtures("traffic")
def test_usage_has_a_header_rows_and_a_total(questions: Questions, environment: str) -> None:
    rows = _book(questions, environment, "api,day").rows(1)

    assert list(rows[0].values())[:4] == ["api", "day", "requests", "successes"]
    # 46152 is 2026-05-10 in the days of a sheet.
    assert [list(row.values())[:3] for row in rows[1:-1]] == [
        ["orders", "46152", "7"],
        ["orders", "46153", "2"],
        ["stock", "46152", "5"],
    ]
    total = rows[-1]
    assert (total["A"], total["C"], total["D"], total["E"], total["F"]) == ("Total", "14", "9", "2", "3")
    assert not total.get("J")


@pytest.mark.usefixtures("traffic")
def test_header_is_frozen_and_the_filter_leaves_out_the_total(questions: Questions, environment: str) -> None:
    sheet = _book(questions, environment, "api,day").part("worksheets/sheet1")

    pane = sheet.find(".//x:pane", XML)
    autofilter = sheet.find("x:autoFilter", XML)
    assert pane is not None
    assert (pane.attrib["ySplit"], pane.attrib["state"]) == ("1", "frozen")
    assert autofilter is not None
    assert autofilter.attrib["ref"] == "A1:J4"


@pytest.mark.usefixtures("traffic")
def test_cells_are_formatted(questions: Questions, environment: str) -> None:
    book = _book(questions, environment, "api,day,hour,month")

    assert [book.style(1, cell) for cell in ("B2", "C2", "D2")] == [
        (False, "yyyy-mm-dd"),
        (False, "yyyy-mm-dd hh:mm"),
        (False, "yyyy-mm"),
    ]
    assert book.style(1, "E2") == (False, "#,##0")
    assert book.style(1, "K2") == (False, "#,##0.0")
    last = len(book.rows(1))
    assert book.style(1, f"A{last}")[0]
    assert book.style(1, f"E{last}") == (True, "#,##0")


@pytest.mark.usefixtures("traffic")
def test_about_tells_what_was_counted(questions: Questions, environment: str) -> None:
    book = _book(questions, environment, "api,day")

    assert "xl/worksheets/sheet3.xml" not in book.names
    titles = [sheet.attrib["name"] for sheet in book.part("workbook").iterfind(".//x:sheet", XML)]
    assert titles == ["Usage", "About"]
    assert {row["A"]: row["B"] for row in book.rows(2)} == {
        "From (included)": "2026-05-10 00:00",
        "To (excluded)": "2026-05-12 00:00",
        "Time zone": "UTC",
        "Period over": "yes",
        "Dimensions": "api, day",
        "Filters": f"environment = {environment}",
        "Rows": "3",
        "Generated at": "2026-05-12 01:00",
        "Gatelens version": "1.2.3",
    }


def test_a_latency_that_is_not_known_is_an_empty_cell(
    questions: Questions, environment: str, insert: Callable[..., None]
) -> None:
    insert(duration_us=None)
    book = _book(questions, environment, "api")

    row = book.rows(1)[1]
    assert (row["A"], row["B"], row["H"], row["I"]) == ("orders", "1", "", "")
    assert book.style(1, "I2") == (False, "#,##0.0")


@pytest.mark.parametrize(
    "consumer",
    ["=1+1", "{=1+1}", "http://localhost/", "mailto:someone@localhost", "42", "a\x00b<&>", "é" * 40_000],
)
def test_text_is_neither_formula_nor_link(
    questions: Questions, environment: str, insert: Callable[..., None], consumer: str
) -> None:
    insert(consumer=consumer)
    book = _book(questions, environment, "consumer")

    sheet = book.part("worksheets/sheet1")
    (cell,) = sheet.findall(".//x:c[@r='A2']", XML)
    assert cell.attrib["t"] in {"inlineStr", "s"}
    assert sheet.find(".//x:f", XML) is None
    assert sheet.find(".//x:hyperlink", XML) is None
    assert not [name for name in book.names if name.startswith("xl/worksheets/_rels")]
