"""Charts in the browser: figures with their units, a stretch of time dragged over, the server gone and back."""

import csv
import html
import json
import re
import socket
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from playwright.sync_api import expect

from tests.collector.rigs.access_logs import json_line
from tests.e2e.gatelens_process import FREE_PORTS, GatelensProcess, until
from tests.e2e.tab import Tab

CASES = json.loads((Path(__file__).parents[1] / "dashboards" / "format_cases.json").read_text(encoding="utf-8"))
NOW = datetime.now(UTC).replace(second=0, microsecond=0)
# A step of a day's chart is ten minutes: begun amid one, it would be in two by half.
INCIDENT = (NOW - timedelta(hours=6)).replace(minute=NOW.minute // 10 * 10)
PER_MINUTE = 4


@pytest.fixture(scope="module")
def gatelens(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatelensProcess]:
    """A day of payments: a quarter failed for twelve minutes six hours ago, and nothing came at night."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    settings = {**FREE_PORTS, "GATELENS_WEB__LISTEN": f"127.0.0.1:{port}"}
    with GatelensProcess(tmp_path_factory.mktemp("charts") / "data", settings=settings) as process:
        lines = b"".join(_minute(number) for number in range(24 * 60))
        process.ingest(lines, "production")
        assert until(process.count, lambda stored: stored == lines.count(b"\n")) == lines.count(b"\n")
        yield process


@pytest.fixture
def tab(gatelens: GatelensProcess, open_tab: Callable[..., Tab]) -> Tab:
    opened = open_tab(gatelens.addresses.web)
    opened.visit("/apis/payments?from=now-24h")
    opened.page.locator("#traffic-chart .main-svg").first.wait_for()
    return opened


def test_a_browser_writes_figures_as_python_does(tab: Tab) -> None:
    written = tab.page.locator("body").evaluate(
        "(_, cases) => cases.map(([unit, value]) => gatelens.format(unit, value))", CASES
    )
    assert [text.replace("\N{NO-BREAK SPACE}", " ") for text in written] == [shown for _, _, shown in CASES]


def test_twelve_minutes_are_seen_in_a_day(tab: Tab) -> None:
    [errors] = [trace for trace in _traces(tab, "traffic") if trace["name"] == "error rate"]
    assert len(errors["x"]) >= 120
    assert max(value for value in errors["y"] if value is not None) > 0.15
    # Nothing came at night: a gap, and no zero.
    assert errors["y"].count(None) >= 5
    tab.visit("/?from=now-24h")
    told = tab.page.locator(".attention-list")
    # With its day where that is not today.
    expect(told).to_contain_text(re.compile(r"payments: [\d.]+\s% failed (\d+ \w+ )?\d\d:\d\d – (\d+ \w+ )?\d\d:\d\d"))
    told.get_by_role("link", name="payments").click()
    expect(tab.page).to_have_title("payments · APIs · Gatelens")


def test_axes_carry_units(tab: Tab) -> None:
    ticks = tab.page.locator("#latency-chart .ytick text").all_text_contents()
    assert ticks[0] == "0"
    assert all(re.fullmatch(r"[\d.]+\s(ms|s)", text) for text in ticks[1:]), ticks
    labels = tab.page.locator("#traffic-chart .ytick text, #traffic-chart .y2tick text").all_text_contents()
    assert any(text.endswith("%") for text in labels)
    assert any(text.endswith(("/s", "/min")) for text in labels)


def test_a_panel_takes_the_whole_window_and_gives_it_back(tab: Tab) -> None:
    menu = tab.page.locator("[data-panel-menu=traffic]")
    before = tab.page.locator("#traffic-chart").bounding_box()
    menu.click()
    tab.page.get_by_role("menuitem", name="Full screen").click()
    expect(tab.page.locator(".panel.full")).to_have_css("position", "fixed")
    size = tab.page.viewport_size
    assert size is not None
    assert tab.page.locator(".panel.full").bounding_box() == {"x": 0, "y": 0, **size}
    tab.page.locator(f"#traffic-chart .main-svg[height='{size['height'] - 96}']").first.wait_for()
    tab.screenshot("full-screen")
    tab.page.keyboard.press("Escape")
    expect(tab.page.locator(".panel.full")).to_have_count(0)
    assert before is not None
    tab.page.locator(f"#traffic-chart .main-svg[height='{before['height']:.0f}']").first.wait_for()


def test_a_table_without_a_question_gives_its_rows_too(tab: Tab) -> None:
    tab.visit("/gateways?from=now-24h")
    tab.page.locator("[data-panel-menu=fleet]").click()
    with tab.page.expect_download() as download:
        tab.page.get_by_role("menuitem", name="Download CSV").click()
    [heading, *rows] = Path(download.value.path()).read_text(encoding="utf-8").splitlines()
    assert heading.startswith('"Gateway","Kind"')
    assert len(rows) == len(tab.table("fleet"))
    assert rows[0].startswith('"envoy"')
    tab.page.locator("[data-panel-menu=fleet]").click()
    with tab.page.expect_download() as download:
        tab.page.get_by_role("menuitem", name="Download XLSX").click()
    assert download.value.suggested_filename == "gatelens-fleet.xlsx"
    with ZipFile(download.value.path()) as archive:
        texts = re.findall(r"<t[^>]*>([^<]+)</t>", archive.read("xl/sharedStrings.xml").decode())
    assert {html.unescape(text) for text in texts} == {
        cell for row in csv.reader([heading, *rows]) for cell in row if cell
    }


def test_alerts_and_annotations_are_on_the_heatmap_too(tab: Tab) -> None:
    answer = tab.page.request.post(
        f"{tab.web}/api/v1/annotations", data={"text": "payments 2.0", "filters": ["api=payments"]}
    )
    assert answer.ok
    tab.visit("/apis/payments?tab=performance&from=now-6h")
    for panel in ("latency", "heatmap"):
        tab.page.locator(f"#{panel}-chart .shapelayer path").first.wait_for(state="attached")
    assert tab.page.request.delete(f"{tab.web}/api/v1/annotations/{answer.json()['id']}").ok


def test_figures_stand_beside_other_traffic(tab: Tab) -> None:
    tab.visit("/apis/payments?from=now-24h")
    tab.page.locator(".context-controls summary[aria-label^='Compared with']").click()
    form = tab.page.locator(".context-controls form[data-form=compare-with]")
    form.locator("select").select_option("gateway")
    form.get_by_label("envoy").check()
    form.get_by_role("button", name="Compare").click()
    tab.settle()
    assert "compare=gateway%3Denvoy" in tab.search
    expect(tab.page.locator(".figure-card").first).to_contain_text("vs gateway envoy")
    expect(tab.page.locator("#traffic-legend")).to_contain_text("gateway envoy")
    tab.page.go_back()
    tab.settle()
    expect(tab.page.locator(".figure-card").first).not_to_contain_text("vs gateway envoy")


def test_a_dragged_stretch_zooms_every_chart_and_a_refresh_keeps_it(tab: Tab) -> None:
    tab.drag(tab.page.locator("#traffic-chart .area"), 0.7, 0.8)
    menu = tab.page.get_by_role("menu")
    names = menu.get_by_role("menuitem").all_text_contents()
    assert names == [
        "Zoom all charts",
        "View requests",
        "Explain",
        "Annotate",
        "Compare with the period before",
        "Create alert",
    ]
    assert "filter=api%3Dpayments" in (menu.get_by_role("menuitem", name="View requests").get_attribute("href") or "")
    menu.get_by_role("menuitem", name="Zoom all charts").click()
    tab.page.wait_for_url(re.compile(r"from=20.*to=20"))
    tab.settle()
    zoomed = tab.search
    for chart in ("traffic", "latency"):
        times = [time for trace in _traces(tab, chart) for time in trace["x"]]
        assert max(times) - min(times) < timedelta(hours=3) / timedelta(milliseconds=1)
    tab.page.keyboard.press("r")
    tab.settle()
    assert tab.search == zoomed
    tab.page.go_back()
    tab.settle()
    assert tab.search == "from=now-24h"


@pytest.fixture
def phone(gatelens: GatelensProcess, open_tab: Callable[..., Tab]) -> Tab:
    opened = open_tab(gatelens.addresses.web, is_phone=True)
    opened.visit("/apis/payments?from=now-24h")
    opened.page.locator("#traffic-chart .main-svg").first.wait_for()
    return opened


def test_a_finger_selects_a_stretch_and_a_tap_reads_it(phone: Tab) -> None:
    area = phone.page.locator("#traffic-chart .area")
    area.scroll_into_view_if_needed()
    area.tap()
    expect(phone.page.locator("#traffic-chart .hint")).to_contain_text("2xx")
    box = area.bounding_box()
    assert box is not None
    middle = box["y"] + box["height"] / 2
    phone.swipe((box["x"] + 0.6 * box["width"], middle), (box["x"] + 0.9 * box["width"], middle))
    menu = phone.page.get_by_role("menu")
    expect(menu.get_by_role("menuitem", name="Explain")).to_be_visible()
    assert phone.page.evaluate("document.documentElement.scrollWidth") == 390
    menu.get_by_role("menuitem", name="Zoom all charts").click()
    phone.page.wait_for_url(re.compile(r"from=20.*to=20"))
    phone.settle()


def test_a_finger_that_scrolls_selects_nothing(phone: Tab) -> None:
    area = phone.page.locator("#traffic-chart .area")
    area.scroll_into_view_if_needed()
    box = area.bounding_box()
    assert box is not None
    middle = box["x"] + box["width"] / 2
    before = phone.page.evaluate("scrollY")
    phone.swipe((middle, box["y"] + 0.8 * box["height"]), (middle + 12, box["y"] - 60))
    phone.page.wait_for_function("before => scrollY > before", arg=before)
    expect(phone.page.get_by_role("menu")).to_have_count(0)
    expect(phone.page.locator("#traffic-chart .stretch")).to_be_hidden()


def test_a_phone_shares_by_what_it_has_for_it(gatelens: GatelensProcess, open_tab: Callable[..., Tab]) -> None:
    with_none = open_tab(gatelens.addresses.web, is_phone=True)
    with_none.page.add_init_script("Navigator.prototype.share = undefined")
    with_none.visit("/apis/payments?from=now-24h")
    with_none.page.get_by_role("button", name="Share", exact=True).click()
    sheet = with_none.page.get_by_role("dialog", name="Share")
    expect(sheet.get_by_role("button", name="Copy link")).to_be_visible()
    expect(sheet.get_by_role("button", name="Send link")).to_be_hidden()
    assert with_none.page.evaluate("document.documentElement.scrollWidth") == 390
    phone = open_tab(gatelens.addresses.web, is_phone=True)
    phone.page.add_init_script("Navigator.prototype.share = async (what) => { window.sent = what; }")
    phone.visit("/sql")
    phone.page.get_by_role("button", name="Share", exact=True).click()
    phone.page.get_by_role("dialog", name="Share").get_by_role("button", name="Send link").click()
    expect(phone.page.get_by_role("dialog", name="Share")).to_be_hidden()
    assert phone.page.evaluate("window.sent") == {"title": "SQL · Gatelens", "url": f"{gatelens.addresses.web}/sql"}


def test_the_pointer_reads_all_charts_at_once_and_the_legend_isolates(tab: Tab) -> None:
    area = tab.page.locator("#traffic-chart .area")
    area.hover()
    expect(tab.page.locator("#traffic-chart .hint")).to_contain_text("2xx")
    expect(tab.page.locator("#latency-chart .crosshair")).to_be_visible()
    tab.page.locator("#traffic-legend").get_by_role("button", name="error rate").click()
    expect(tab.page.locator("#traffic-legend .faded").first).to_be_visible()
    assert {trace["name"] for trace in _traces(tab, "traffic")} == {"error rate"}


def test_the_same_numbers_come_out_of_a_panel(tab: Tab, tmp_path: Path) -> None:
    # A range that ends now would have gone on by the time that its numbers are asked for.
    tab.visit(f"/apis/payments?from={NOW - timedelta(hours=20):%Y-%m-%dT%H:%MZ}&to={NOW:%Y-%m-%dT%H:%MZ}")
    tab.page.locator("#traffic-chart .main-svg").first.wait_for()
    menu = tab.page.get_by_role("button", name="Menu of Traffic and errors")
    menu.click()
    tab.page.get_by_role("menuitem", name="View as table").click()
    expect(tab.page.locator("#traffic-chart .chart-table thead")).to_contain_text("error rate")
    menu.click()
    with tab.page.expect_download() as expected:
        tab.page.get_by_role("menuitem", name="Download CSV").click()
    saved = tmp_path / "traffic.csv"
    expected.value.save_as(saved)
    rows = saved.read_text(encoding="utf-8").splitlines()
    assert rows[0].startswith('"time","requests",')
    # The worst minutes are a table of their own behind an empty line.
    of_traffic = rows[1 : rows.index("")] if "" in rows else rows[1:]
    asked = sum(int(row.split(",")[1]) for row in of_traffic)
    assert asked == tab.figure("requests")


def test_a_server_that_is_gone_is_reported_and_comes_back_by_itself(gatelens: GatelensProcess, tab: Tab) -> None:
    gatelens.kill()
    tab.page.keyboard.press("r")
    root = tab.page.locator("html")
    expect(root).to_have_attribute("data-connection", "reconnecting")
    expect(tab.page.locator("#live-text")).to_have_text("Reconnecting…")
    tab.page.get_by_role("navigation", name="Pages").get_by_role("link", name="Overview").click()
    expect(root).to_have_attribute("data-connection", "lost")
    expect(tab.page.locator("#live-text")).to_contain_text("No answer since")
    expect(tab.page.locator(".figure-card").first).to_be_visible()
    gatelens.start()
    expect(root).to_have_attribute("data-connection", "live")
    expect(tab.page).to_have_title("Overview · Gatelens")
    # What the browser says of requests that nobody answers.
    assert all("ERR_CONNECTION" in error or "ERR_EMPTY" in error for error in tab.errors), tab.errors
    tab.errors.clear()


def _traces(tab: Tab, panel: str) -> list[dict[str, Any]]:
    """What Plotly draws of a panel, without the dashed ends."""
    found: list[dict[str, Any]] = tab.page.locator(f"#{panel}-chart .drawn").evaluate(
        "plot => plot.data.filter(one => one.showlegend !== false).map(({name, x, y}) => ({name, x, y}))"
    )
    return found


def _minute(number: int) -> bytes:
    at = NOW - timedelta(minutes=number + 1)
    if 9 * 60 <= number < 11 * 60:
        return b""
    is_incident = INCIDENT <= at < INCIDENT + timedelta(minutes=12)
    return b"".join(
        json_line(
            f"{number}-{place}",
            upstream_cluster="payments",
            start_time=f"{at + timedelta(seconds=place):%Y-%m-%dT%H:%M:%SZ}",
            response_code=503 if is_incident and place == 0 else 200,
            response_flags="UF" if is_incident and place == 0 else "-",
            duration=40 + place * 30,
        )
        for place in range(PER_MINUTE)
    )
