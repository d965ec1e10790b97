"""A browser tab on the pages, which notes what a reader should never meet: errors, and requests to elsewhere."""

import time
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Browser, ConsoleMessage, Error, Locator, Page, Request

from tests.patience import PATIENCE_MS

SCREENSHOTS = Path(__file__).with_name("screenshots")

# What a page asks for comes in waves: the document, its scripts, the callbacks, and the callbacks of what they drew.
# Between two of them it may rest for a moment, with an answer on its way from one process of the browser to another.
_RESTS = 3
_REST = """() => new Promise(rested =>
    requestAnimationFrame(() => requestIdleCallback(() => setTimeout(rested, 20))))"""
_HAS_LEFT = "Execution context was destroyed"

_READ_ROWS = """rows => rows.map(row => [...row.querySelectorAll('[data-column]')].map(cell => {
    const shown = cell.cloneNode(true);
    shown.querySelectorAll('i, svg').forEach(each => each.remove());
    return [cell.dataset.column, shown.textContent.trim()];
}))"""

# What is drawn without a network.
_LOCAL_SCHEMES = {"data", "blob", "about"}


class Tab:
    """One tab with cookies and storage of its own; `web` is the address of the pages."""

    def __init__(self, browser: Browser, web: str, colours: str = "light", *, is_phone: bool = False) -> None:
        self.web = web
        self.errors: list[str] = []
        self.elsewhere: list[str] = []
        self._context = browser.new_context(
            viewport={"width": 390, "height": 844} if is_phone else {"width": 1600, "height": 1000},
            has_touch=is_phone,
            is_mobile=is_phone,
            color_scheme="dark" if colours == "dark" else "light",
            timezone_id="UTC",
            accept_downloads=True,
        )
        self._context.set_default_timeout(PATIENCE_MS)
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
        deadline = time.monotonic() + PATIENCE_MS / 1000
        rests = 0
        while rests < _RESTS:
            assert time.monotonic() < deadline, [request.url for request in self._under_way]
            self.page.locator("html[data-connection=live]:not([data-asking])").wait_for(timeout=PATIENCE_MS)
            rests = rests + 1 if self._rests() and not self._under_way else 0

    def drag(self, area: Locator, start: float, end: float) -> None:
        """From one part of a chart's width to another."""
        box = area.bounding_box()
        assert box is not None
        self.page.mouse.move(box["x"] + start * box["width"], box["y"] + box["height"] / 2)
        self.page.mouse.down()
        self.page.mouse.move(box["x"] + end * box["width"], box["y"] + box["height"] / 2, steps=4)
        self.page.mouse.up()

    @property
    def search(self) -> str:
        """The query of the address, where the state of a page is kept."""
        return urlsplit(self.page.url).query

    def figure(self, name: str) -> float:
        """A figure of the cards, as exact as the page knows it."""
        return float(self.page.locator(f".figure-card[data-{name}]").get_attribute(f"data-{name}") or "nan")

    def table(self, identity: str) -> list[dict[str, str]]:
        """The rows of a panel's table by the columns' names, without glyphs and bars."""
        rows = self.page.locator(f"#{identity}-table tbody > tr:not(.details)")
        cells: list[list[tuple[str, str]]] = rows.evaluate_all(_READ_ROWS)
        return [{name: text.replace("\N{NO-BREAK SPACE}", " ") for name, text in row} for row in cells]

    def swipe(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        """Put a finger down on a touch screen, draw it to another place, and lift it."""
        touches = self._context.new_cdp_session(self.page)
        steps = [
            (start[0] + (end[0] - start[0]) * part / 8, start[1] + (end[1] - start[1]) * part / 8) for part in range(9)
        ]
        for number, (x, y) in enumerate(steps):
            kind = "touchMove" if number else "touchStart"
            touches.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}]})
        touches.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
        touches.detach()

    def screenshot(self, name: str) -> None:
        """The whole page as an image for people to look at."""
        SCREENSHOTS.mkdir(exist_ok=True)
        size = self.page.viewport_size or {"width": 1600, "height": 1000}
        # As high as the page, or the menu at its side would end where the window does.
        height = int(self.page.evaluate("document.documentElement.scrollHeight"))
        self.page.set_viewport_size({"width": size["width"], "height": max(size["height"], height)})
        self.page.mouse.move(0, 0)
        self._rests()
        # Charts and tables come into view smoothly: they are shown where they arrive.
        self.page.screenshot(path=SCREENSHOTS / f"{name}.png", animations="disabled")
        self.page.set_viewport_size(size)

    def _rests(self) -> bool:
        """Wait until the page has drawn what it had to; whether it is still the same page then."""
        try:
            self.page.evaluate(_REST)
        except Error as error:
            if _HAS_LEFT not in error.message:
                raise
            return False
        return True

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
