"""The SQL page and the report builder: what they run, refuse, hand over, and keep in the address."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from tests.collector.rigs.access_logs import json_lines
from tests.e2e.gatelens_process import GatelensProcess, until
from tests.e2e.tab import Tab

BY_API = "SELECT api, count() AS asked FROM requests GROUP BY api"
ENDLESS = "SELECT count() FROM numbers(1900000000) WHERE cityHash64(toString(number), number) % 7 = 3"


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
    opened.page.locator(".cm-content").wait_for()
    return opened


def test_the_editor_is_loaded_with_its_page_alone(gatelens: GatelensProcess, open_tab: Callable[..., Tab]) -> None:
    opened = open_tab(gatelens.addresses.web)
    loaded: list[str] = []
    opened.page.on("request", lambda request: loaded.append(urlsplit(request.url).path))
    opened.visit("/")
    assert [path for path in loaded if "sql" in path or "codemirror" in path] == []
    opened.page.locator("#navigation a[href='/sql']").click()
    opened.page.locator(".cm-content").wait_for()
    assert "/assets/on_demand/sql_page.js" in loaded


def _run(tab: Tab, sql: str) -> None:
    text = tab.page.locator("#sql-text")
    text.fill(sql)
    # What is suggested while typing is in nobody's way.
    text.press("Escape")
    text.press("Control+Enter")


def test_a_query_runs_and_its_link_is_opened_run(tab: Tab) -> None:
    _run(tab, BY_API)
    expect(tab.page.locator("#sql-summary")).to_contain_text("1 row in")
    tab.settle()
    assert tab.table("sql") == [{"api": "orders", "asked": "21"}]
    assert tab.page.locator("#sql-table thead th").all_inner_texts() == ["Row", "api", "asked"]
    tab.reload()
    expect(tab.page.locator("#sql-text")).to_have_text(BY_API)
    expect(tab.page.locator("#sql-summary")).to_contain_text("1 row in")
    _run(tab, "SELECT 125305.94999999998 AS sum, 18446744073709551615 AS whole")
    expect(tab.page.locator("#sql-table tbody")).to_contain_text("125305.95")
    expect(tab.page.locator("#sql-table tbody")).to_contain_text("18446744073709551615")
    tab.page.go_back()
    expect(tab.page.locator("#sql-text")).to_have_text(BY_API)
    expect(tab.page.locator("#sql-table")).to_contain_text("orders")


def test_every_column_and_the_first_2000_rows_can_be_reached(tab: Tab) -> None:
    tab.page.set_viewport_size({"width": 390, "height": 844})
    columns = ", ".join(f"number + {place} AS column_{place}" for place in range(40))
    _run(tab, f"SELECT {columns} FROM numbers(1000000)")
    expect(tab.page.locator("#sql-result .note")).to_contain_text("first 2,000 rows; there are more")
    grid = tab.page.locator(".sql-grid")
    grid.evaluate("place => place.scrollTo(place.scrollWidth, place.scrollHeight)")
    last = tab.page.locator("#sql-table td[data-column=column_39]").last
    expect(last).to_have_text("2038")
    last.scroll_into_view_if_needed()
    expect(last).to_be_in_viewport()
    assert tab.page.locator("#sql-table tbody tr").count() < 100, "only what is in sight is drawn"
    tab.page.get_by_role("button", name="Show row 2000 in full").press("Enter")
    expect(tab.page.get_by_role("region", name="Row 2000 in full").locator("dd")).to_have_count(40)
    assert tab.page.evaluate("document.documentElement.scrollWidth") == 390
    tab.screenshot("sql-phone")


@pytest.mark.parametrize("taken", ["mouse", "keyboard"])
def test_the_editor_completes_columns_tables_and_values(tab: Tab, taken: str) -> None:
    text, offered = tab.page.locator("#sql-text"), tab.page.locator(".cm-tooltip-autocomplete li")
    text.fill("")
    for typed, completed in (
        ("SELECT upstream_u", "upstream_us"),
        (" FROM usage_req", "usage_requests"),
        (" WHERE api = '", "orders"),
    ):
        tab.page.keyboard.type(typed)
        expect(offered.first).to_contain_text(completed)
        if taken == "mouse":
            offered.first.click()
        else:
            # CodeMirror takes no key in the first 75 ms, so that nobody takes by accident what opens while they type.
            tab.page.wait_for_timeout(150)
            tab.page.keyboard.press("Enter")
    expect(text).to_have_text("SELECT upstream_us FROM usage_requests WHERE api = 'orders'")


@pytest.mark.parametrize(
    ("statement", "message", "place"),
    [
        ("DROP TABLE requests", "Only SELECT, WITH, EXPLAIN of these, SHOW TABLES", ""),
        ("SELECT * FROM file('/etc/passwd')", "The table function file may not be used", "file"),
        ("SELECT api,\n  nothing\nFROM requests", "Unknown expression identifier `nothing`.", "nothing"),
    ],
)
def test_what_may_not_be_run_is_marked_at_its_place(
    gatelens: GatelensProcess, tab: Tab, statement: str, message: str, place: str
) -> None:
    _run(tab, statement)
    expect(tab.page.locator("#sql-fault")).to_contain_text(message)
    marked = tab.page.locator(".cm-lintRange-error")
    if place:
        expect(marked).to_have_text(place)
        tab.page.get_by_role("button", name="Go to line").click()
        assert tab.page.evaluate("getSelection().toString()") == place
    else:
        expect(marked).to_have_count(0)
    assert gatelens.count() == 21


def test_a_query_is_cancelled_and_really_ends(tab: Tab) -> None:
    for _ in range(2):
        with tab.page.expect_request("**/page/sql"):
            _run(tab, ENDLESS)
        tab.page.get_by_role("button", name="Cancel").click()
        expect(tab.page.locator("#sql-fault")).to_contain_text("You stopped it")
    # They would have taken both places for half a minute.
    _run(tab, BY_API)
    expect(tab.page.locator("#sql-summary")).to_contain_text("1 row in")


def test_times_and_numbers_are_a_chart(tab: Tab) -> None:
    _run(tab, "SELECT toDateTime(number * 60) AS minute, number AS asked, number * 2 AS failed FROM numbers(60)")
    tab.page.get_by_role("button", name="Chart", exact=True).click()
    expect(tab.page.locator("#sql-chart .drawn svg").first).to_be_visible()
    assert tab.page.locator("#sql-legend button").all_inner_texts() == ["asked", "failed"]
    _run(tab, BY_API)
    expect(tab.page.get_by_role("button", name="Chart", exact=True)).to_be_disabled()


@pytest.mark.parametrize("ending", ["csv", "json", "parquet"])
def test_a_download_has_all_rows(tab: Tab, tmp_path: Path, ending: str) -> None:
    tab.page.locator("#sql-text").fill("SELECT number FROM numbers(5000)")
    with tab.page.expect_download() as expected:
        tab.page.locator(f"#sql-{ending}").click()
    saved = tmp_path / "saved"
    expected.value.save_as(saved)
    assert expected.value.suggested_filename == f"gatelens-query.{ending}"
    content = saved.read_bytes()
    if ending == "csv":
        assert content.splitlines()[-1] == b"4999"
    elif ending == "json":
        assert json.loads(content)["rows"] == 5000
    else:
        assert content.startswith(b"PAR1")


def test_statements_are_remembered_and_saved(tab: Tab) -> None:
    _run(tab, BY_API)
    expect(tab.page.locator("#sql-summary")).to_contain_text("1 row in")
    tab.page.get_by_text("Saved", exact=True).click()
    tab.page.get_by_label("Name to save the statement under").fill("By API")
    tab.page.get_by_role("button", name="Save", exact=True).click()
    tab.visit("/sql")
    expect(tab.page.locator("#sql-text")).to_have_text(BY_API)
    tab.page.get_by_role("button", name="Unparsed records").click()
    expect(tab.page.locator("#sql-text")).to_contain_text("FROM dead_letters")
    tab.page.get_by_role("button", name="By API", exact=True).click()
    expect(tab.page.locator("#sql-table")).to_contain_text("orders")
    tab.page.get_by_text("History", exact=True).click()
    expect(tab.page.get_by_role("button", name=BY_API)).to_be_visible()
    tab.page.get_by_role("button", name="Remove By API").click()
    expect(tab.page.get_by_role("button", name="By API", exact=True)).to_have_count(0)


def test_nothing_spins_while_the_server_is_away(tab: Tab) -> None:
    _run(tab, ENDLESS)
    expect(tab.page.get_by_role("button", name="Cancel")).to_be_visible()
    tab.page.route("**/page/sql", lambda route: route.abort())
    _run(tab, BY_API)
    expect(tab.page.locator("#sql-fault")).to_contain_text("Gatelens does not answer")
    expect(tab.page.get_by_role("button", name="Run", exact=True)).to_be_enabled()
    tab.page.unroute("**/page/sql")
    _run(tab, BY_API)
    expect(tab.page.locator("#sql-summary")).to_contain_text("1 row in")
    tab.errors[:] = [error for error in tab.errors if "net::ERR_FAILED" not in error]


def test_a_report_is_built_by_links_and_handed_over(
    gatelens: GatelensProcess, open_tab: Callable[..., Tab], tmp_path: Path
) -> None:
    tab = open_tab(gatelens.addresses.web)
    tab.visit("/reports?since=now-3d&until=now")
    page = tab.page
    page.get_by_label("From").fill("now-2d")
    page.get_by_label("To", exact=True).fill("")
    page.get_by_label("Environment").select_option("production")
    page.get_by_role("button", name="Apply").click()
    expect(page.locator("#report-command")).to_contain_text("--from now-2d --by api --environment production")
    page.get_by_role("link", name="+ method").click()
    page.get_by_role("link", name="Move method forward").click()
    expect(page.locator("#report-command")).to_contain_text("--by method,api")
    expect(page.locator("#report-table thead th").first).to_have_text("method")
    tab.settle()
    rows = tab.table("report")
    assert sum(int(row["requests"]) for row in rows) == 21 == tab.figure("requests")
    assert {row["api"] for row in rows} == {"orders"}
    tab.reload()
    assert tab.table("report") == rows, "all of it is in the address"
    with page.expect_download() as expected:
        page.get_by_role("link", name="CSV").click()
    saved = tmp_path / "usage.csv"
    expected.value.save_as(saved)
    lines = saved.read_text().splitlines()
    assert lines[0].startswith("method,api,requests,")
    assert [line.split(",")[:3] for line in lines[1:]] == [[row["method"], row["api"], row["requests"]] for row in rows]
    tab.screenshot("reports")


def test_a_report_of_nothing_and_of_no_period(gatelens: GatelensProcess, open_tab: Callable[..., Tab]) -> None:
    tab = open_tab(gatelens.addresses.web)
    tab.visit("/reports?since=2020-01&by=hour,consumer")
    expect(tab.page.locator("#report-body")).to_contain_text("No requests in this period")
    tab.page.get_by_label("From").fill("whenever")
    tab.page.get_by_role("button", name="Apply").click()
    expect(tab.page.locator("[data-fault]:visible")).to_contain_text("which is not a time; write 2026-05")
    tab.visit("/reports?by=colour")
    expect(tab.page.locator("#report-fault")).to_contain_text("cannot be grouped by 'colour'")
