"""What a reader does with the pages: choosing, reloading, going back, following links, waiting for more."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect

from tests.collector.access_logs import json_line, json_lines
from tests.e2e.gatelens_process import GatelensProcess, until
from tests.e2e.tab import Tab

OLD = datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(days=3)


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


def test_an_environment_is_kept_in_the_address(tab: Tab) -> None:
    tab.visit("/")
    assert tab.figure("requests") == 48
    _choose(tab, "filter-environment", "green")
    assert tab.search == "environment=green"
    assert tab.figure("requests") == 11
    tab.reload()
    assert tab.figure("requests") == 11
    expect(tab.page.locator("#filter-environment")).to_have_value("green")
    tab.page.go_back()
    tab.settle()
    assert (tab.search, tab.figure("requests")) == ("", 48)


def test_an_api_is_kept_in_the_address_and_the_menu_leads_away_from_it(tab: Tab) -> None:
    tab.visit("/apis?environment=blue")
    assert tab.figure("requests") == 37
    _choose(tab, "api-choice", "payments")
    assert tab.search == "environment=blue&api=payments"
    assert tab.figure("requests") == 7
    tab.reload()
    assert tab.figure("requests") == 7
    expect(tab.page.locator("#api-choice")).to_have_value("payments")
    tab.page.get_by_role("link", name="Overview").click()
    tab.settle()
    assert (tab.search, tab.figure("requests")) == ("environment=blue", 37)
    tab.page.go_back()
    tab.settle()
    assert tab.figure("requests") == 7


def test_a_preset_is_kept_in_the_address(tab: Tab) -> None:
    tab.visit("/")
    tab.page.locator("#range").click()
    tab.page.get_by_text("Last 7 days", exact=True).click()
    tab.page.wait_for_url("**from=now-7d*")
    tab.settle()
    assert tab.figure("requests") == 52
    tab.reload()
    expect(tab.page.locator("#range")).to_have_text("Last 7 days")
    assert tab.figure("requests") == 52


def test_a_range_of_ones_own_is_kept_in_the_address(tab: Tab) -> None:
    tab.visit("/")
    tab.page.locator("#range").click()
    tab.page.locator("#range-from").fill(f"{OLD:%Y-%m-%dT%H:%M}")
    tab.page.locator("#range-to").fill(f"{OLD + timedelta(minutes=5):%Y-%m-%dT%H:%M}")
    tab.page.locator("#range-apply").click()
    tab.page.wait_for_url(f"**from={OLD:%Y-%m-%d}*")
    tab.settle()
    assert tab.figure("requests") == 4
    tab.reload()
    assert tab.figure("requests") == 4
    expect(tab.page.locator("#range")).to_contain_text(f"{OLD:%b %d %H:%M} to")


def test_a_range_that_ends_before_it_starts_is_refused_where_it_is_entered(tab: Tab) -> None:
    tab.visit("/")
    tab.page.locator("#range").click()
    tab.page.locator("#range-from").fill("now")
    tab.page.locator("#range-to").fill("now-1h")
    tab.page.locator("#range-to").press("Enter")
    expect(tab.page.locator("#range-fault")).to_contain_text("swap them")
    assert tab.search == ""


@pytest.mark.parametrize("path", ["/", "/apis"])
def test_an_address_with_a_bad_range_says_what_is_wrong_with_it(tab: Tab, path: str) -> None:
    tab.visit(f"{path}?from=yesterdayish")
    message = tab.page.get_by_text("'yesterdayish' is not a moment; write now, now-6h").filter(visible=True)
    expect(message).to_have_count(1)
    expect(tab.page.locator(".js-plotly-plot").filter(visible=True)).to_have_count(0)
    expect(tab.page.locator("#range")).to_have_text("Choose a time range")
    tab.screenshot(f"bad-range{path.replace('/', '-').rstrip('-')}")


def test_the_colour_scheme_is_remembered(tab: Tab) -> None:
    tab.visit("/")
    root = tab.page.locator("html")
    expect(root).to_have_attribute("data-mantine-color-scheme", "light")
    tab.page.get_by_role("button", name="Light or dark").click()
    expect(root).to_have_attribute("data-mantine-color-scheme", "dark")
    tab.reload()
    expect(root).to_have_attribute("data-mantine-color-scheme", "dark")


def test_new_requests_appear_without_a_reload(gatelens: GatelensProcess, tab: Tab) -> None:
    tab.visit("/?environment=live")
    expect(tab.page.locator("#nothing-here")).to_be_visible()
    gatelens.ingest(json_lines("live", range(3)), "live")
    requests = tab.page.locator("[data-kpi=requests]")
    # The refresh interval is 10 s; the rest is for the way into the store.
    expect(requests).to_have_attribute("data-value", "3", timeout=15_000)
    gatelens.ingest(json_lines("live-more", range(2)), "live")
    until(lambda: gatelens.count("environment = 'live'"), lambda stored: stored == 5)
    tab.page.get_by_role("button", name="Refresh now").click()
    expect(requests).to_have_attribute("data-value", "5", timeout=3_000)


def test_where_there_is_nothing_a_link_leads_to_the_last_requests(tab: Tab) -> None:
    tab.visit("/?environment=blue&from=2020-01-01&to=2020-01-02")
    notice = tab.page.locator("#nothing-here")
    expect(notice).to_be_visible()
    tab.screenshot("nothing-here")
    notice.get_by_role("link", name="Go there").click()
    tab.page.wait_for_url(re.compile(r"from=20(?!20)"))
    tab.settle()
    expect(notice).to_have_count(0)
    assert tab.figure("requests") >= 48


def test_pages_fit_a_small_screen(tab: Tab) -> None:
    tab.page.set_viewport_size({"width": 420, "height": 900})
    for path in ("/", "/apis", "/alerts", "/sql"):
        tab.visit(path)
        overflow = tab.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert overflow == 0, path
    tab.visit("/")
    tab.screenshot("overview-small")
    apis = tab.page.get_by_role("link", name="APIs")
    expect(apis).not_to_be_in_viewport()
    tab.page.get_by_role("button", name="Menu").click()
    expect(apis).to_be_in_viewport()
    apis.click()
    expect(tab.page.locator("#api-cards")).to_be_visible()
    expect(apis).not_to_be_in_viewport()


def _choose(tab: Tab, control: str, option: str) -> None:
    tab.page.locator(f"#{control}").click()
    tab.page.get_by_role("option", name=option, exact=True).click()
    tab.page.wait_for_url(f"**={option}*")
    tab.settle()


def _old_line(number: int) -> bytes:
    return json_line(f"old-{number}", start_time=f"{OLD + timedelta(seconds=number):%Y-%m-%dT%H:%M:%SZ}")
