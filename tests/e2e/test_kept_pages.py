"""What readers keep, in the browser: annotations on charts, saved views, dashboards of their own."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from playwright.sync_api import expect

from tests.collector.rigs.access_logs import json_line, json_lines
from tests.e2e.gatelens_process import GatelensProcess, until
from tests.e2e.tab import Tab
from tests.patience import PATIENCE

_YAML = """description: Ours
panels:
- title: Requests
  draw: figure
  width: 3
  measures: [requests]
- title: By API
  draw: time_chart
  width: 9
  measures: [p95, rate]
  by: [api]
- title: APIs
  draw: bars
  measures: [requests]
  by: [api]
"""


@pytest.fixture(scope="module")
def gatelens(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatelensProcess]:
    with GatelensProcess(tmp_path_factory.mktemp("kept") / "data") as process:
        process.ingest(json_lines("kept", range(12)), "blue")
        process.ingest(b"".join(json_line(f"pay-{n}", upstream_cluster="payments") for n in range(5)), "blue")
        assert until(process.count, lambda stored: stored == 17) == 17
        yield process


@pytest.fixture
def tab(gatelens: GatelensProcess, open_tab: Callable[..., Tab]) -> Tab:
    return open_tab(gatelens.addresses.web)


def _marks(tab: Tab) -> list[str]:
    """What the chart of traffic would say of marks."""
    asked = """async () => (await (await fetch("/page/data", {
        method: "POST",
        headers: {"Content-Type": "application/json"},
        body: JSON.stringify({path: location.pathname, search: location.search})})).json()).regions"""
    regions: dict[str, Any] = tab.page.evaluate(asked)
    found: list[str] = []

    def look(part: Any) -> None:
        if isinstance(part, dict):
            if "marks" in part:
                found.extend(mark["label"] for mark in part["marks"])
            for value in part.values():
                look(value)
        elif isinstance(part, list):
            for value in part:
                look(value)

    look(regions["traffic-body"])
    return found


def test_an_annotation_is_on_the_charts_that_it_concerns_until_it_is_deleted(
    tab: Tab, gatelens: GatelensProcess
) -> None:
    posted = httpx.post(
        f"{gatelens.addresses.web}/api/v1/annotations", trust_env=False, timeout=PATIENCE,
        json={"text": "payments 7", "filters": ["api=payments"], "start": datetime.now(UTC).isoformat()},
    )  # fmt: skip
    assert posted.status_code == 200, posted.text
    tab.visit("/apis/orders")
    tab.page.locator(".dropdown", has_text="Share").locator("summary").click()
    tab.page.get_by_role("link", name="Annotate").click()
    tab.settle()
    form = tab.page.locator("form[data-form=annotate]")
    form.get_by_label("What happened").fill("orders 2.4.1")
    form.get_by_label("Link").fill("javascript:alert(1)")
    form.get_by_role("button", name="Annotate").click()
    expect(form.get_by_role("alert")).to_contain_text("address of a page")
    form.get_by_label("Link").fill("https://ci.example.com/7")
    form.get_by_label("Concerns").fill("api=orders")
    form.get_by_role("button", name="Annotate").click()
    tab.page.get_by_role("cell", name="orders 2.4.1").wait_for()
    tab.visit("/apis/orders")
    assert _marks(tab) == ["orders 2.4.1"]
    tab.visit("/apis/payments")
    assert _marks(tab) == ["payments 7"]
    tab.visit("/annotations")
    tab.page.locator("#annotations-table tr", has_text="orders 2.4.1").locator("a.row-link").click()
    tab.page.get_by_role("link", name="https://ci.example.com/7").wait_for()
    tab.page.get_by_role("button", name="Delete").click()
    tab.page.locator("[data-panel=annotation]").wait_for(state="detached")
    tab.settle()
    assert [row["text"] for row in tab.table("annotations")] == ["payments 7"]


def test_a_saved_view_is_found_by_its_name_and_deleted(tab: Tab) -> None:
    tab.visit("/apis?from=now-6h&filter=api%3Dorders")
    menu = tab.page.locator(".dropdown", has_text="Share")
    menu.locator("summary").click()
    form = menu.locator("form[data-form=save-view]")
    form.get_by_role("button", name="Save view").click()
    expect(form.get_by_role("alert")).to_contain_text("Give the view a name")
    form.get_by_label("Save view as").fill("Morning look")
    form.get_by_role("button", name="Save view").click()
    expect(tab.page.get_by_role("status").filter(has_text="Morning look")).to_be_visible()
    tab.visit("/logs")
    tab.page.keyboard.press("Control+k")
    tab.page.locator("#search-text").fill("morning")
    tab.page.get_by_role("option", name="Morning look").click()
    tab.page.wait_for_url("**/apis?from=now-6h&filter=api%3Dorders")
    tab.settle()
    assert [row["api"] for row in tab.table("apis")] == ["orders"]
    tab.visit("/dashboards")
    tab.page.get_by_role("button", name="Delete the view Morning look").click()
    expect(tab.page.locator("[data-panel=saved-views]")).to_contain_text("No saved views yet")
    tab.page.get_by_role("button", name="Undo").click()
    expect(tab.page.locator("[data-panel=saved-views]")).to_contain_text("Morning look")
    tab.page.get_by_role("button", name="Delete the view Morning look").click()
    expect(tab.page.locator("[data-panel=saved-views]")).to_contain_text("No saved views yet")


def test_a_dashboard_is_made_narrowed_edited_and_deleted(tab: Tab, gatelens: GatelensProcess) -> None:
    tab.visit("/dashboards")
    form = tab.page.locator("form[data-form=make-dashboard]")
    form.get_by_label("Name").fill("On call")
    form.get_by_label("Definition in YAML").fill(_YAML.replace("bars", "pie"))
    form.get_by_role("button", name="Create").click()
    expect(form.get_by_role("alert")).to_contain_text("line 13: panel 'APIs': draw")
    form.get_by_label("Definition in YAML").fill(_YAML)
    form.get_by_role("button", name="Create").click()
    tab.page.wait_for_url("**/dashboards/On%20call")
    tab.settle()
    assert tab.figure("requests") == 17
    assert [(row["api"], row["requests"]) for row in tab.table("panel-3")] == [("orders", "12"), ("payments", "5")]
    tab.page.locator("#panel-2-chart .main-svg").first.wait_for()
    expect(tab.page.locator("#panel-2-legend")).to_contain_text("payments")
    tab.visit("/dashboards/On%20call?filter=api%3Dpayments")
    assert tab.figure("requests") == 5
    tab.visit("/dashboards/On%20call?tab=edit")
    tab.page.get_by_label("Definition in YAML").fill("panels: []")
    tab.page.get_by_role("button", name="Save", exact=True).click()
    expect(tab.page.locator("[data-panel=no-panels]")).to_contain_text("No panels yet")
    address = f"{gatelens.addresses.web}/api/v1/dashboards/On%20call"
    assert httpx.get(address, trust_env=False, timeout=PATIENCE).text == "panels: []\n"
    tab.visit("/dashboards/On%20call?tab=edit")
    tab.page.get_by_role("button", name="Delete this dashboard").click()
    tab.page.wait_for_url("**/dashboards")
    assert (
        json.loads(httpx.get(f"{gatelens.addresses.web}/api/v1/dashboards", trust_env=False, timeout=PATIENCE).text)[
            "dashboards"
        ]
        == []
    )


def test_a_panel_that_asks_one_question_is_copied_to_a_dashboard(tab: Tab) -> None:
    tab.visit("/apis/orders?filter=environment%3Dblue")
    tab.page.locator("[data-panel-menu=latency]").click()
    tab.page.get_by_role("menuitem", name="Copy to dashboard").click()
    form = tab.page.locator("form[data-form=copy-panel]")
    # What the path means stays, what the bar says does not.
    expect(form).to_contain_text("api=orders")
    expect(form).not_to_contain_text("environment")
    form.get_by_label("Name of the new dashboard").fill("copied")
    form.get_by_role("button", name="Copy to dashboard").click()
    tab.page.wait_for_url("**/dashboards/copied?*")
    tab.page.locator("#panel-1-chart .main-svg").first.wait_for()
    expect(tab.page.locator("#panel-1-title")).to_have_text("Latency")
