"""The browser, and tabs in it that must have met neither an error nor another host by the end of a test."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.e2e.tab import Tab
from tests.patience import PATIENCE_MS

_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    # Without a GPU, what is drawn for one is drawn by a GPU in software, which takes longer; Debian asks for it.
    "--disable-gpu-rasterization",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


expect.set_options(timeout=PATIENCE_MS)


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

    def new_tab(web: str, colours: str = "light", *, is_phone: bool = False) -> Tab:
        opened.append(Tab(browser, web, colours, is_phone=is_phone))
        return opened[-1]

    yield new_tab
    for tab in opened:
        tab.close()
    assert [tab.errors for tab in opened if tab.errors] == []
    assert [tab.elsewhere for tab in opened if tab.elsewhere] == []
