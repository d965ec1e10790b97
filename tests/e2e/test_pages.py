"""What a reader does with the pages: narrowing, going back, choosing times, following links, waiting for more."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import unquote

import httpx
import pytest
from playwright.sync_api import Route, expect

from tests.collector.rigs.access_logs import json_line, json_lines
from tests.e2e.gatelens_process import GatelensProcess, until
from tests.e2e.tab import Tab
from tests.patience import PATIENCE

# Not near midnight in Tokyo: a range that is entered with one date is of one day.
OLD = datetime.now(UTC).replace(hour=10, minute=7, second=0, microsecond=0) - timedelta(days=3)


@pytest.fixture(scope="module")
def gatelens(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatelensProcess]:
    """Traffic of just now in two environments, and of three days ago in a third."""
    with GatelensProcess(tmp_path_factory.mktemp("pages") / "data") as process:
        process.ingest(json_lines("blue", range(30)), "blue")
        process.ingest(b"".join(json_line(f"pay-{n}", upstream_cluster="payments") for n in range(7)), "blue")
        process.ingest(json_lines("green", range(11)), "green")
        process.ingest(b"".join(_old_line(n) for n in range(4)), "archive")
        assert until(process.count, lambda stored: stored == 52) == 52
        yield process


@pytest.fixture
def tab(gatelens: GatelensProcess, open_tab: Callable[..., Tab]) -> Tab:
    return open_tab(gatelens.addresses.web)


def test_a_filter_is_a_chip_in_the_address_that_back_takes_away(tab: Tab) -> None:
    tab.visit("/")
    assert tab.figure("requests") == 48
    tab.page.locator("#add-filter").click()
    form = tab.page.locator(".filter-form:visible")
    form.get_by_label("Dimension").select_option("environment")
    form.get_by_label("green").check()
    form.get_by_role("button", name="Add filter").click()
    tab.page.wait_for_url("**filter=environment*green")
    tab.settle()
    assert tab.figure("requests") == 11
    tab.reload()
    assert tab.figure("requests") == 11
    tab.page.go_back()
    tab.settle()
    assert (tab.search, tab.figure("requests")) == ("", 48)
    tab.page.go_forward()
    tab.settle()
    tab.page.get_by_role("link", name="Remove the filter environment = green").click()
    tab.settle()
    assert (tab.search, tab.figure("requests")) == ("", 48)


def test_a_filter_without_a_value_is_refused_where_it_is_entered(tab: Tab) -> None:
    tab.visit("/")
    tab.page.locator("#add-filter").click()
    form = tab.page.locator(".filter-form:visible")
    form.get_by_label("Dimension").select_option("api")
    form.get_by_role("button", name="Add filter").click()
    expect(form.get_by_role("alert")).to_contain_text("has no value")


def test_an_api_has_a_page_and_its_path_narrows_it(tab: Tab) -> None:
    tab.visit("/?environment=blue")
    tab.page.locator("#apis-table").get_by_role("link", name="payments").click()
    tab.page.wait_for_url("**/apis/payments?*")
    tab.settle()
    assert tab.figure("requests") == 7
    expect(tab.page).to_have_title("payments · APIs · Gatelens")
    expect(tab.page.get_by_role("heading", level=1)).to_have_text("payments")
    for name in ("Failures", "Performance", "Consumers", "Policies", "Compare", "Alerts"):
        tab.page.locator(".tabs").get_by_role("link", name=name).click()
        tab.settle()
        assert "tab=" in tab.search
        expect(tab.page.locator("[id$=-fault] .notice")).to_have_count(0)
    tab.page.get_by_role("navigation", name="Breadcrumb").get_by_role("link").click()
    tab.settle()
    assert [row["api"] for row in tab.table("apis")] == ["orders", "payments"]
    assert unquote(tab.search) == "filter=environment=blue"


def test_a_heading_sorts_and_that_is_in_the_address(tab: Tab) -> None:
    tab.visit("/apis")
    tab.page.locator("#apis-table thead").get_by_role("link", name="Rate").click()
    tab.settle()
    assert unquote(tab.search) == "sort=apis:-rate"
    assert [row["api"] for row in tab.table("apis")] == ["orders", "payments"]
    tab.page.locator("#apis-table thead").get_by_role("link", name="Rate").click()
    tab.settle()
    assert [row["api"] for row in tab.table("apis")] == ["payments", "orders"]


def test_a_preset_is_kept_in_the_address(tab: Tab) -> None:
    tab.visit("/")
    tab.page.locator("#range").click()
    tab.page.get_by_role("link", name="Last 7 days").filter(visible=True).click()
    tab.page.wait_for_url("**from=now-7d*")
    tab.settle()
    assert tab.figure("requests") == 52
    tab.reload()
    expect(tab.page.locator("#range")).to_contain_text("Last 7 days")


def test_times_are_entered_in_the_zone_of_the_reader_and_kept_in_utc(tab: Tab) -> None:
    tab.visit("/?tz=Asia/Tokyo")
    there = OLD + timedelta(hours=9)
    tab.page.locator("#range").click()
    form = tab.page.locator(".range-form:visible")
    form.get_by_label("From").fill(f"{there:%Y-%m-%d %H:%M} to {there + timedelta(minutes=5):%H:%M}")
    form.get_by_role("button", name="Apply").click()
    tab.page.wait_for_url("**from=20*")
    tab.settle()
    assert f"from={OLD:%Y-%m-%dT%H:%M}Z" in unquote(tab.search)
    assert tab.figure("requests") == 4
    expect(tab.page.locator("#range")).to_contain_text(f"{there:%H:%M}")
    tab.page.locator("#earlier").click()
    tab.page.locator("#nothing-here").wait_for()
    tab.page.locator("#later").click()
    tab.settle()
    assert tab.figure("requests") == 4


def test_a_range_that_ends_before_it_starts_is_refused_where_it_is_entered(tab: Tab) -> None:
    tab.visit("/")
    tab.page.locator("#range").click()
    form = tab.page.locator(".range-form:visible")
    form.get_by_label("From").fill("now")
    form.get_by_label("To", exact=True).fill("now-1h")
    form.get_by_label("To", exact=True).press("Enter")
    expect(form.get_by_role("alert")).to_contain_text("swap them")
    assert tab.search == ""


@pytest.mark.parametrize("path", ["/", "/apis"])
def test_an_address_with_a_bad_range_says_once_what_is_wrong_with_it(tab: Tab, path: str) -> None:
    tab.visit(f"{path}?from=yesterdayish")
    message = tab.page.get_by_text("'yesterdayish' is not a time; write now, now-6h").filter(visible=True)
    expect(message).to_have_count(1)
    expect(tab.page.locator("#content")).to_be_hidden()


def test_the_page_of_an_api_without_any_request_leads_to_those_that_have_some(tab: Tab) -> None:
    tab.visit("/apis/nobody?from=now-6h")
    notice = tab.page.locator("#nothing-here")
    expect(notice).to_contain_text("No requests of nobody are stored")
    notice.get_by_role("link", name="All APIs").click()
    tab.page.wait_for_url(re.compile(r"/apis\?from=now-6h"))


def test_where_there_is_nothing_a_link_leads_to_the_last_requests_of_the_same_page(tab: Tab) -> None:
    tab.visit("/apis/orders?environment=blue&from=2020-01-01&to=2020-01-02")
    tab.page.locator("#nothing-here").get_by_role("link", name="Go there").click()
    tab.page.wait_for_url(re.compile(r"/apis/orders\?from=20(?!20)"))
    tab.settle()
    expect(tab.page.locator("#nothing-here")).to_have_count(0)
    assert tab.figure("requests") >= 41


def test_the_colour_scheme_and_the_zone_are_kept(tab: Tab) -> None:
    tab.visit("/")
    root = tab.page.locator("html")
    expect(root).to_have_attribute("data-mantine-color-scheme", "light")
    tab.page.get_by_role("button", name="Light or dark").click()
    expect(root).to_have_attribute("data-mantine-color-scheme", "dark")
    tab.page.locator("#zone").click()
    tab.page.get_by_label("Find a time zone").fill("kolkata")
    tab.page.get_by_role("link", name=re.compile("Kolkata|Calcutta")).filter(visible=True).click()
    tab.settle()
    tab.reload()
    expect(root).to_have_attribute("data-mantine-color-scheme", "dark")
    expect(root).to_have_attribute("data-zone", re.compile("Kolkata|Calcutta"))


def test_keys_do_what_they_say(tab: Tab) -> None:
    tab.visit("/")
    tab.page.keyboard.press("?")
    expect(tab.page.get_by_role("dialog", name="Keyboard shortcuts")).to_contain_text("Earlier and later")
    tab.page.keyboard.press("Escape")
    tab.page.keyboard.press("g")
    tab.page.keyboard.press("a")
    expect(tab.page).to_have_title("APIs · Gatelens")
    tab.page.keyboard.press("[")
    tab.page.wait_for_url("**from=20*")
    tab.settle()
    tab.page.keyboard.press("t")
    expect(tab.page.locator(".range-form:visible")).to_be_visible()
    tab.page.keyboard.press("Escape")
    tab.visit("/")
    tab.page.keyboard.press("Control+k")
    tab.page.locator("#search-text").fill("paym")
    found = tab.page.get_by_role("option", name="payments")
    expect(found).to_contain_text("API")
    tab.page.keyboard.press("Enter")
    expect(tab.page).to_have_title("payments · APIs · Gatelens")


def test_an_unknown_page_is_a_page_that_says_so(gatelens: GatelensProcess, tab: Tab) -> None:
    answer = tab.page.goto(f"{gatelens.addresses.web}/nowhere")
    assert answer is not None
    assert answer.status == 404
    expect(tab.page.get_by_text("There is no page /nowhere")).to_be_visible()
    expect(tab.page).to_have_title("Not found · Gatelens")
    tab.page.get_by_role("link", name="Go to the overview").click()
    tab.settle()
    assert tab.figure("requests") >= 48
    # What the browser says of the status.
    assert all("404" in error for error in tab.errors)
    tab.errors.clear()


def test_phones_have_drawers_and_cards_and_nothing_is_cut_off(tab: Tab) -> None:
    tab.page.set_viewport_size({"width": 360, "height": 780})
    for path in ("/", "/apis", "/apis/orders", "/apis/orders?tab=failures", "/alerts", "/sql"):
        tab.visit(path)
        overflow = tab.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert overflow == 0, path
    tab.visit("/")
    row = tab.page.locator("#apis-table tbody tr").first
    for column in ("rate", "error_rate", "p95"):
        expect(row.locator(f"[data-column={column}]")).to_be_visible()
    tab.page.locator("[data-dialog=time-sheet]").click()
    tab.page.get_by_role("dialog", name="Time range").get_by_role("link", name="Last 7 days").click()
    tab.page.wait_for_url("**from=now-7d*")
    tab.settle()
    tab.page.locator("[data-dialog=filter-sheet]").click()
    expect(tab.page.get_by_role("dialog", name="Filters").get_by_role("button", name="Add filter")).to_be_visible()
    tab.page.keyboard.press("Escape")
    apis = tab.page.get_by_role("navigation", name="Pages").get_by_role("link", name="APIs")
    expect(apis).to_be_hidden()
    tab.page.get_by_role("button", name="Menu", exact=True).click()
    apis.click()
    expect(tab.page).to_have_title("APIs · Gatelens")
    expect(apis).to_be_hidden()


def test_new_requests_appear_without_a_reload_and_a_refresh_is_one_request(gatelens: GatelensProcess, tab: Tab) -> None:
    tab.visit("/?environment=live")
    expect(tab.page.locator("#nothing-here")).to_be_visible()
    gatelens.ingest(json_lines("live", range(3)), "live")
    requests = tab.page.locator(".figure-card[data-requests]")
    # The refresh interval is 30 s; the rest is for the way into the store.
    expect(requests).to_have_attribute("data-requests", "3.0")
    asked: list[str] = []
    tab.page.on("request", lambda request: asked.append(request.url))
    gatelens.ingest(json_lines("live-more", range(2)), "live")
    until(lambda: gatelens.count("environment = 'live'"), lambda stored: stored == 5)
    tab.page.keyboard.press("r")
    expect(requests).to_have_attribute("data-requests", "5.0")
    tab.settle()
    # Charts are loaded when there is first something to draw.
    asked_for = {url.rpartition("/")[2] for url in asked}
    assert {name for name in asked_for if not name.endswith(".js")} == {"data"}


def test_figures_are_asked_for_once_and_before_what_draws_them_has_come(tab: Tab) -> None:
    asked: list[str] = []
    held: list[Route] = []
    tab.page.on("request", lambda request: asked.append(request.url.rpartition("/")[2]))
    tab.page.route("**/dash_renderer*", lambda route: held.append(route))  # noqa: PLW0108 - a builtin is not taken
    with tab.page.expect_request("**/dash_renderer*"), tab.page.expect_response("**/page/data"):
        tab.page.goto(f"{tab.web}/apis?environment=blue&refresh=off", wait_until="commit")
    held[0].continue_()
    expect(tab.page.locator("#apis-table")).to_be_visible()
    assert [asked.count(name) for name in ("frame", "data", "_dash-layout", "_dash-dependencies")] == [1, 1, 1, 1]


def test_a_page_that_takes_longer_than_the_next_heartbeat_is_waited_for(tab: Tab) -> None:
    tab.page.clock.install()
    tab.visit("/?refresh=off")
    held: list[Route] = []
    tab.page.route("**/page/data", lambda route: held.append(route))  # noqa: PLW0108 - a builtin is not taken
    with tab.page.expect_request("**/page/data"):
        tab.page.evaluate("to => window.gatelens.go(to)", "/apis?environment=blue&refresh=off")
    tab.page.clock.fast_forward(30_000)
    held[0].continue_()
    expect(tab.page.locator("#apis-table")).to_be_visible()


def _old_line(number: int) -> bytes:
    return json_line(f"old-{number}", start_time=f"{OLD + timedelta(seconds=number):%Y-%m-%dT%H:%M:%SZ}")


@pytest.mark.parametrize(
    ("method", "address", "status"),
    [
        ("GET", "/_dash-component-suites/..%2f", 404),
        ("POST", "/_dash-update-component", 404),
        ("GET", "/assets/%00", 404),
        ("GET", "/api/v1/resources?to=9999-12-31T23:59:59Z", 400),
        ("PUT", "/api/v1/explain", 405),
    ],
)
def test_an_odd_request_is_no_fault_of_gatelens(
    gatelens: GatelensProcess, method: str, address: str, status: int
) -> None:
    answer = httpx.request(method, f"{gatelens.addresses.web}{address}", json={}, trust_env=False, timeout=PATIENCE)
    assert answer.status_code == status
    assert {"error", "kind"} <= set(answer.json())
