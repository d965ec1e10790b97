"""The browser, and tabs in it that must have met neither an error nor another host by the end of a test."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.e2e.tab import Tab

_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


# For a module and no longer: as long as Playwright runs, no other event loop can run in this thread.
@pytest.fixture(scope="module")
def browser(chromium: Path) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium, args=_ARGUMENTS)
        yield launched
        launched.close()


@pytest.fixture
def open_tab(browser: Browser) -> Iterator[Callable[..., Tab]]:
    """Opens tabs on the pages at an address."""
    opened: list[Tab] = []

    def new_tab(web: str, colours: str = "light") -> Tab:
        opened.append(Tab(browser, web, colours))
        return opened[-1]

    yield new_tab
    for tab in opened:
        tab.close()
    assert [tab.errors for tab in opened if tab.errors] == []
    assert [tab.elsewhere for tab in opened if tab.elsewhere] == []
