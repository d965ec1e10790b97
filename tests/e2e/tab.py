"""A browser tab on the pages, which notes what a reader should never meet: errors, and requests to elsewhere."""

import time
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Browser, ConsoleMessage, Page, Request, expect

SCREENSHOTS = Path(__file__).with_name("screenshots")

_PATIENCE_MS = 15_000

# What a page asks for comes in waves: the document, its scripts, the callbacks, and the callbacks of what they drew.
_QUIET_SECONDS = 0.4

# What is drawn without a network.
_LOCAL_SCHEMES = {"data", "blob", "about"}


class Tab:
    """One tab with cookies and storage of its own; `web` is the address of the pages."""

    def __init__(self, browser: Browser, web: str, colours: str = "light") -> None:
        self.web = web
        self.errors: list[str] = []
        self.elsewhere: list[str] = []
        self._context = browser.new_context(
            viewport={"width": 1600, "height": 1000},
            color_scheme="dark" if colours == "dark" else "light",
            timezone_id="UTC",
            accept_downloads=True,
        )
        self._context.set_default_timeout(_PATIENCE_MS)
        self._under_way: set[Request] = set()
        self._context.on("request", self._note_request)
        self._context.on("requestfinished", self._note_answer)
        self._context.on("requestfailed", self._note_answer)
        self.page: Page = self._context.new_page()
        self.page.on("console", self._note_console)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))

    def close(self) -> None:
        self._context.close()

    def visit(self, address: str) -> None:
        """Go to a path with its query, and wait until the page has drawn itself."""
        self.page.goto(self.web + address)
        self.settle()

    def reload(self) -> None:
        self.page.reload()
        self.settle()

    def settle(self) -> None:
        """Wait until the page has its content, and nothing is on its way any more."""
        expect(self.page.locator("#content > *")).not_to_have_count(0, timeout=_PATIENCE_MS)
        deadline = time.monotonic() + _PATIENCE_MS / 1000
        quiet_since = time.monotonic()
        while time.monotonic() - quiet_since < _QUIET_SECONDS:
            assert time.monotonic() < deadline, [request.url for request in self._under_way]
            self.page.wait_for_timeout(50)
            if self._under_way:
                quiet_since = time.monotonic()

    @property
    def search(self) -> str:
        """The query of the address, where the state of a page is kept."""
        return urlsplit(self.page.url).query

    def figure(self, name: str) -> float:
        """A figure of the cards, as exact as the page knows it."""
        return float(self.page.locator(f"[data-kpi={name}]").get_attribute("data-value") or "nan")

    def table(self, identity: str) -> list[dict[str, str]]:
        """The rows of a table as they are shown, by the columns' names."""
        rows = self.page.locator(f"#{identity} .ag-center-cols-container [role=row]")
        cells: list[list[tuple[str, str]]] = rows.evaluate_all(
            "rows => rows.map(row => [...row.querySelectorAll('[col-id]')]"
            ".map(cell => [cell.getAttribute('col-id'), cell.innerText.trim()]))"
        )
        return [dict(row) for row in cells]

    def screenshot(self, name: str) -> None:
        """The whole page as an image for people to look at."""
        SCREENSHOTS.mkdir(exist_ok=True)
        size = self.page.viewport_size or {"width": 1600, "height": 1000}
        # As high as the page, or the menu at its side would end where the window does.
        height = int(self.page.evaluate("document.documentElement.scrollHeight"))
        self.page.set_viewport_size({"width": size["width"], "height": max(size["height"], height)})
        self.page.mouse.move(0, 0)
        # Charts and tables come into view smoothly.
        self.page.wait_for_timeout(600)
        self.page.screenshot(path=SCREENSHOTS / f"{name}.png")
        self.page.set_viewport_size(size)

    def _note_console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.errors.append(f"{message.text} ({message.location.get('url', '')})")

    def _note_request(self, request: Request) -> None:
        # A worker's script is never told to be there.
        if "-worker." not in request.url:
            self._under_way.add(request)
        address = urlsplit(request.url)
        if address.scheme not in _LOCAL_SCHEMES and address.hostname != "127.0.0.1":
            self.elsewhere.append(request.url)

    def _note_answer(self, request: Request) -> None:
        self._under_way.discard(request)
