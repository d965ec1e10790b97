"""The SQL page: runs what only reads, refuses the rest, hands over CSV."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.collector.access_logs import json_lines
from tests.e2e.gatelens_process import GatelensProcess, until
from tests.e2e.tab import Tab

BY_API = "SELECT api, count() AS asked FROM requests GROUP BY api"


@pytest.fixture(scope="module")
def gatelens(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatelensProcess]:
    with GatelensProcess(tmp_path_factory.mktemp("sql") / "data") as process:
        process.ingest(json_lines("sql", range(21)), "production")
        assert until(process.count, lambda stored: stored == 21) == 21
        yield process


@pytest.fixture
def tab(gatelens: GatelensProcess, open_tab: Callable[..., Tab]) -> Tab:
    opened = open_tab(gatelens.addresses.web)
    opened.visit("/sql")
    return opened


@pytest.mark.parametrize("how", ["button", "keys"])
def test_a_query_runs_and_is_kept_in_the_address(tab: Tab, how: str) -> None:
    text = tab.page.locator("#sql-text")
    text.fill(BY_API)
    if how == "button":
        tab.page.get_by_role("button", name="Run").click()
    else:
        text.press("Control+Enter")
    expect(tab.page.locator("#sql-summary")).to_contain_text("1 row in")
    tab.settle()
    assert tab.table("sql-rows") == [{"c0": "orders", "c1": "21"}]
    headers = tab.page.locator("#sql-rows .ag-header-cell-text").all_inner_texts()
    assert headers == ["api", "asked"]
    tab.reload()
    expect(tab.page.locator("#sql-text")).to_have_value(BY_API)


def test_the_example_runs_as_it_stands(tab: Tab) -> None:
    tab.page.get_by_role("button", name="Run").click()
    expect(tab.page.locator("#sql-summary")).to_contain_text("21 rows")
    tab.page.get_by_role("button", name="usage_requests").click()
    expect(tab.page.get_by_text("LowCardinality(String)").first).to_be_visible()
    tab.settle()
    tab.screenshot("sql")


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("DROP TABLE requests", "Only SELECT, WITH, EXPLAIN of these, SHOW TABLES"),
        ("SELECT * FROM file('/etc/passwd')", "The table function file may not be used"),
        ("SELECT nothing FROM requests", "nothing"),
    ],
)
def test_what_may_not_be_run_is_told(gatelens: GatelensProcess, tab: Tab, statement: str, message: str) -> None:
    tab.page.locator("#sql-text").fill(statement)
    tab.page.get_by_role("button", name="Run").click()
    expect(tab.page.locator("#sql-fault")).to_contain_text(message)
    if statement.startswith("DROP"):
        tab.screenshot("sql-refused")
    assert gatelens.count() == 21


def test_csv_has_the_rows(tab: Tab, tmp_path: Path) -> None:
    tab.page.locator("#sql-text").fill(BY_API)
    with tab.page.expect_download() as expected:
        tab.page.get_by_role("button", name="CSV").click()
    saved = tmp_path / "saved.csv"
    expected.value.save_as(saved)
    assert expected.value.suggested_filename == "gatelens-query.csv"
    assert saved.read_text(encoding="utf-8") == '"api","asked"\n"orders",21\n'


def test_an_example_is_taken_into_the_text(tab: Tab) -> None:
    tab.page.get_by_role("link", name="What could not be read").click()
    expect(tab.page.locator("#sql-text")).to_have_value(re.compile("FROM dead_letters"))
