"""A Gatelens that nobody has sent anything to: its pages say how to begin."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.collector.rigs.access_logs import json_lines
from tests.collector.rigs.waiting import wait_until
from tests.e2e.gatelens_process import GatelensProcess
from tests.e2e.tab import Tab


@pytest.fixture(scope="module")
def gatelens(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatelensProcess]:
    with GatelensProcess(tmp_path_factory.mktemp("empty") / "data") as process:
        yield process


def test_first_steps_name_the_real_addresses_and_give_way_to_traffic(
    gatelens: GatelensProcess, open_tab: Callable[..., Tab]
) -> None:
    tab = open_tab(gatelens.addresses.web)
    tab.visit("/")
    steps = tab.page.locator("#first-steps")
    expect(steps).to_be_visible()
    host, _, port = gatelens.addresses.grpc.rpartition(":")
    for name in ("Envoy, gRPC", "Envoy, OpenTelemetry"):
        steps.get_by_role("tab", name=name, exact=True).click()
        expect(steps.get_by_role("tabpanel")).to_contain_text(f"address {host}, port {port}")
    steps.get_by_role("tab", name="HTTP", exact=True).click()
    expect(steps.get_by_role("tabpanel")).to_contain_text(f"{gatelens.addresses.http}/ingest?environment=production")
    expect(tab.page.locator("[data-panel=apis]")).to_be_hidden()
    steps.get_by_role("tab", name="Envoy, gRPC", exact=True).click()
    tab.screenshot("empty")

    gatelens.ingest(json_lines("first", range(5)), "production")
    expect(tab.page.locator(".figure-card[data-requests]")).to_have_attribute("data-requests", "5.0")
    expect(steps).to_have_count(0)
    # A minute that is not over yet is drawn when there is nothing else.
    for chart in ("traffic", "latency"):
        wait_until(partial(_is_drawn, tab, f"{chart}-chart"))
    assert _highest(tab, "latency-chart") == pytest.approx(12, rel=0.02)


def test_what_cannot_be_read_is_reported_before_anything_else_is_there(
    tmp_path: Path, open_tab: Callable[..., Tab]
) -> None:
    with GatelensProcess(tmp_path / "data") as process:
        process.ingest(b"two eggs\n" * 3, "production")
        tab = open_tab(process.addresses.web)
        tab.visit("/")
        notice = tab.page.locator("#set-aside")
        expect(notice).to_contain_text("3 unparsed records in this time range")
        expect(notice).to_contain_text("(as envoy_json)")
        expect(tab.page.locator("#first-steps")).to_be_visible()
        tab.screenshot("set-aside")
        notice.get_by_role("link", name="View them").click()
        expect(tab.page.locator("#sql-text")).to_contain_text("FROM dead_letters")
        expect(tab.page.locator("#sql-result")).to_contain_text("two eggs")
        # Before its server is gone.
        tab.page.goto("about:blank")


@pytest.mark.parametrize(
    ("path", "told"),
    [("/apis", "APIs"), ("/alerts", "No rules yet"), ("/sql", "usage_requests")],
)
def test_other_pages_open(gatelens: GatelensProcess, open_tab: Callable[..., Tab], path: str, told: str) -> None:
    tab = open_tab(gatelens.addresses.web)
    tab.visit(path)
    expect(tab.page.get_by_text(told).first).to_be_visible()


def _highest(tab: Tab, chart: str) -> float | None:
    """The highest value of a chart; None where it draws none."""
    values: list[float] = tab.page.locator(f"#{chart} .drawn").evaluate(
        "plot => (plot.data || []).flatMap(trace => Array.from(trace.y)).filter(Number.isFinite)"
    )
    return max(values, default=None)


def _is_drawn(tab: Tab, chart: str) -> bool:
    return _highest(tab, chart) is not None
