"""What the design promises of every page, looked at in one tab: the pages are those of the navigation."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser

from dashboards.pages.pages import PAGES
from tests.collector.rigs.access_logs import json_line, json_lines
from tests.e2e.gatelens_process import GatelensProcess, until
from tests.e2e.tab import Tab

AXE = Path(__file__).parents[1] / "node" / "node_modules" / "axe-core" / "axe.min.js"
WIDTHS = (360, 390, 768, 1024, 1440, 2200)
Scheme = Literal["light", "dark"]
SCHEMES: tuple[Scheme, ...] = ("light", "dark")
MOST_SHIFT = 0.05

_TABS = ("requests", "failures", "performance", "consumers", "policies", "resources", "compare", "alerts")
# One of what a page lists, and its tabs.
_ITEMS = ("/apis/orders", *(f"/apis/orders?tab={name}" for name in _TABS), "/gateways/envoy")


@dataclass
class Seen:
    """What a page told of itself, see every_page.js."""

    faults: list[str]
    headings: list[int]
    heading: str
    title: str
    violations: dict[Scheme, list[Any]] = field(default_factory=dict)
    # By the width of the window.
    too_wide: dict[int, int] = field(default_factory=dict)
    cut: dict[int, list[str]] = field(default_factory=dict)
    # What Tab did not come to, and where it could not be seen.
    tour: Mapping[str, list[str]] = field(default_factory=dict)
    shifted: float = 0.0


Pages = Mapping[str, Seen]


@dataclass(frozen=True)
class Site:
    """A tab that stays, and the addresses of all pages."""

    tab: Tab
    addresses: tuple[str, ...]

    def go(self, address: str) -> None:
        """As a link does: nothing is loaded but what the page shows."""
        self.tab.page.evaluate("to => window.gatelens.go(to)", address)
        self.tab.settle()

    def told(self, what: str) -> Any:
        """What the page says of itself, see every_page.js."""
        return self.tab.page.evaluate(f"() => window.inspect.{what}()")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[Site]:
    """Every page was opened before anything was sent: none of them may fail without data."""
    if not AXE.exists():
        pytest.skip("axe-core is missing; run `make install-dev`.")
    with GatelensProcess(tmp_path_factory.mktemp("every-page") / "data") as process:
        tab = Tab(browser, process.addresses.web)
        tab.page.context.add_init_script(path=AXE)
        tab.page.context.add_init_script(path=Path(__file__).with_name("every_page.js"))
        tab.page.emulate_media(reduced_motion="reduce")
        tab.visit("/")
        pages = tuple(Site(tab, ()).told("pages"))
        assert len(set(pages)) == len(PAGES)
        site = Site(tab, (*pages, *_ITEMS))
        for address in pages:
            site.go(address)
            assert site.told("faults") == [], address
        _send(process)
        yield site
        tab.close()
        assert tab.errors == []
        assert tab.elsewhere == []


def _send(process: GatelensProcess) -> None:
    process.ingest(json_lines("fine", range(40)), "prod")
    lines = [json_line(f"bad-{n}", response_code=503, response_flags="UF", duration=900) for n in range(9)]
    lines += [json_line(f"pay-{n}", upstream_cluster="payments", response_code=404) for n in range(6)]
    process.ingest(b"".join(lines), "prod")
    at = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S")
    process.ingest(f"ERROR {at},000 [main] org.mule.Example: no stock\n".encode(), "prod", "mule_log")
    assert until(process.count, lambda stored: stored == 55) == 55
    logs = "SELECT count() AS records FROM logs"
    assert until(lambda: process.rows(logs), lambda rows: rows == [{"records": 1}]) == [{"records": 1}]


@pytest.fixture(scope="module")
def pages(site: Site) -> Pages:
    """Every page, each of them opened once: that takes longer than what it is asked."""
    return {address: _look(site, address) for address in site.addresses}


def _look(site: Site, address: str) -> Seen:
    """All that is asked of a page, which is drawn anew meanwhile only where that is what is asked."""
    site.go(f"{address}{'&' if '?' in address else '?'}refresh=off")
    page = site.tab.page
    seen = Seen(site.told("faults"), site.told("headings"), page.locator("h1").inner_text(), page.title())
    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme)
        # Charts are in other colours a moment later.
        site.tab.settle()
        seen.violations[scheme] = site.told("violations")
    page.emulate_media(color_scheme="light")
    seen.tour = _tour(site)
    seen.shifted = _shifted(site)
    for width in WIDTHS:
        if more := _too_wide(site, width):
            seen.too_wide[width] = more
        if cut := until(lambda: list(site.told("cut")), lambda found: not found):
            seen.cut[width] = cut
    page.set_viewport_size({"width": 1440, "height": 900})
    return seen


def _tour(site: Site) -> Mapping[str, Any]:
    for _ in range(site.told("beginTour")):
        site.tab.page.keyboard.press("Tab")
    tour: Mapping[str, Any] = site.told("endTour")
    return tour


def _shifted(site: Site) -> float:
    site.told("stand")
    # No key of a page is for a field that has the focus.
    site.told("leave")
    site.tab.page.keyboard.press("r")
    site.tab.settle()
    return float(site.told("shifted"))


def _too_wide(site: Site, width: int) -> int:
    """Charts are drawn anew a moment after the window has another width."""
    site.tab.page.set_viewport_size({"width": width, "height": 900})
    return until(lambda: int(site.told("tooWide")), lambda more: more == 0, pause=0.02)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_axe_finds_nothing(pages: Pages, scheme: Scheme) -> None:
    assert {address: found for address, seen in pages.items() if (found := seen.violations[scheme])} == {}


def test_a_page_has_one_title_and_headings_in_order(pages: Pages) -> None:
    for address, seen in pages.items():
        assert seen.faults == [], address
        assert seen.headings.count(1) == 1, (address, seen.headings)
        assert all(below - above <= 1 for above, below in pairwise(seen.headings)), (address, seen.headings)
        assert seen.title.startswith(f"{seen.heading} · "), address


def test_a_refresh_moves_nothing(pages: Pages) -> None:
    assert {address: seen.shifted for address, seen in pages.items() if seen.shifted >= MOST_SHIFT} == {}


def test_no_width_has_a_sideways_scroll(pages: Pages) -> None:
    assert {address: seen.too_wide for address, seen in pages.items() if seen.too_wide} == {}


def test_no_width_cuts_a_table_a_title_or_the_tab_that_is_read(pages: Pages) -> None:
    assert {address: seen.cut for address, seen in pages.items() if seen.cut} == {}


def test_a_long_range_leaves_room_for_the_title(site: Site) -> None:
    page = site.tab.page
    page.set_viewport_size({"width": 360, "height": 900})
    site.go("/gateways?from=2026-01-01T04:00Z&to=2026-01-02T02:50Z")
    title, button = page.locator(".context-row h1").bounding_box(), page.locator(".phone-buttons").bounding_box()
    page.set_viewport_size({"width": 1440, "height": 900})
    assert title is not None
    assert button is not None
    assert title["y"] + title["height"] <= button["y"] or title["x"] + title["width"] <= button["x"]


def test_a_long_range_and_its_filters_fit_a_phone(site: Site) -> None:
    page = site.tab.page
    page.set_viewport_size({"width": 360, "height": 900})
    site.go("/gateways?from=2026-11-30T20:00Z&to=2026-12-01T09:00Z&filter=environment=prod")
    more, buttons = site.told("tooWide"), page.locator(".phone-buttons > button").all()
    edges = [box["x"] + box["width"] for box in (button.bounding_box() for button in buttons) if box is not None]
    page.set_viewport_size({"width": 1440, "height": 900})
    assert more == 0
    assert len(edges) == 3
    assert max(edges) <= 360


def test_tab_comes_to_everything_and_shows_where_it_is(pages: Pages) -> None:
    assert {address: seen.tour for address, seen in pages.items() if any(seen.tour.values())} == {}
