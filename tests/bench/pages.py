"""What the pages cost in a browser: bytes of the first load, until it is drawn, what a refresh takes, and many readers.

What their questions cost is measured by tests/bench/queries.

The store is filled before Gatelens starts. A load is cold: its browser context has nothing cached.
"""

import math
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import Browser, Page, sync_playwright

from gatelens.data_directory.directory import running_process
from tests.bench.arrivals import arriving
from tests.e2e.gatelens_process import GatelensProcess
from tests.process_usage import cpu_seconds

ROOT = Path(__file__).parents[2]
_REFRESHES = 5
# Readers of one Overview, each of whom refreshes as often as it asks for, and for how long they are watched.
_VIEWERS = (1, 20)
_WATCHED_SECONDS = 60.0
_IDLE_SECONDS = 20.0
# Between two readers who open the same.
_APART_SECONDS = 0.5
_DIFFERENT_PAGES = (
    "/", "/apis", "/apis/api-1", "/apis/api-2", "/gateways", "/mesh", "/consumers", "/requests", "/alerts", "/ingest",
)  # fmt: skip
# Events a second.
_ARRIVING = 5000
_PATIENCE_MS = 120_000
_VIEWPORT = {"width": 1440, "height": 900}
# Mbit/s, and milliseconds until the first byte, as Lighthouse and WebPageTest have them for cable and slow 4G.
_NETWORKS = {"10_mbit": (10.0, 40), "1_6_mbit": (1.6, 150)}
_DRAWN = "#traffic-chart .main-svg"
_AT_REST = "html[data-connection=live]:not([data-asking])"
_WATCH_SHIFTS = """
window.shifted = 0;
new PerformanceObserver((list) => {
  for (const shift of list.getEntries()) if (!shift.hadRecentInput) window.shifted += shift.value;
}).observe({ type: "layout-shift", buffered: true });
"""

# A day of 40 APIs in 3 gateways until now; {requests} of them.
_FILL = """
import sys
from pathlib import Path

from gatelens.data_directory.directory import DataDirectory
from storage.migrate import migrate
from storage.store import connect

store = connect(f"chdb://{DataDirectory(Path(sys.argv[1])).clickhouse}")
migrate(store)
store.command(
    "INSERT INTO requests (time, environment, gateway_kind, gateway, reporter, api, api_version, route, method, status,"
    " fault, consumer, duration_us, upstream_us)"
    " SELECT now64(6) - toIntervalMillisecond(number * 86400000 / {requests:UInt64}), 'production', 'envoy',"
    " concat('edge-', toString(number % 3)), 'gateway', concat('api-', toString(cityHash64(number) % 40)), 'v1',"
    " concat('/r/', toString(cityHash64(number, 2) % 20)), 'GET', if(cityHash64(number, 3) % 100 = 0, 503, 200),"
    " if(cityHash64(number, 3) % 100 = 0, 'backend', ''), concat('app-', toString(cityHash64(number, 4) % 50)),"
    " 1000 + cityHash64(number, 5) % 200000, 500 FROM numbers({requests:UInt64})",
    {"requests": int(sys.argv[2])},
)
store.close()
"""


@dataclass
class _Traffic:
    """What came over the network, as it was arrivals: compressed."""

    requests: int = 0
    bytes: int = 0

    def begin(self, event: dict[str, Any]) -> None:
        # Icons stand in the document.
        self.requests += not event["request"]["url"].startswith("data:")

    def end(self, event: dict[str, Any]) -> None:
        self.bytes += int(event["encodedDataLength"])


def measure_pages(directory: Path, requests: int) -> dict[str, Any]:
    """Every figure, over so many requests of the last day."""
    data = directory / "pages"
    subprocess.run([sys.executable, "-c", _FILL, str(data), str(requests)], check=True, cwd=ROOT)
    with GatelensProcess(data) as process, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        web = process.addresses.web
        # Connections, caches of questions: what only the first visitor after a start meets.
        with _page(browser) as page:
            _load(page, web)
        loads = {name: _first_load(browser, web, *network) for name, network in _NETWORKS.items()}
        with _page(browser) as page:
            _load(page, web)
            found = {
                "way": "pages",
                "requests_stored": requests,
                "first_load": loads,
                "navigation_ms": _navigation(page),
                "refresh": _refresh(page, web, process),
            }
        found["idle_cpu_seconds_a_minute"] = _idle(process)
        found["viewers"] = [_viewers(web, process, ("/",) * number) for number in _VIEWERS]
        found["viewers_under_load"] = _viewers_under_load(directory, process)
        browser.close()
    return found


@contextmanager
def _page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport=_VIEWPORT)  # type: ignore[arg-type]  # the type is a TypedDict
    context.set_default_timeout(_PATIENCE_MS)
    context.add_init_script(_WATCH_SHIFTS)
    yield context.new_page()
    context.close()


def _load(page: Page, web: str) -> None:
    page.goto(web, wait_until="commit")
    page.locator(_DRAWN).first.wait_for()


def _first_load(browser: Browser, web: str, megabits: float, latency_ms: int) -> dict[str, Any]:
    with _page(browser) as page:
        session = page.context.new_cdp_session(page)
        traffic = _Traffic()
        session.on("Network.requestWillBeSent", traffic.begin)
        session.on("Network.loadingFinished", traffic.end)
        session.send("Network.enable")
        speed = megabits * 1e6 / 8
        session.send(
            "Network.emulateNetworkConditions",
            {"offline": False, "latency": latency_ms, "downloadThroughput": speed, "uploadThroughput": speed},
        )
        begun = time.monotonic()
        _load(page, web)
        drawn = time.monotonic() - begun
        shifted = page.evaluate("() => window.shifted")
    return {
        "drawn_seconds": round(drawn, 2),
        "requests": traffic.requests,
        "bytes": traffic.bytes,
        "layout_shift": round(shifted, 4),
    }


def _navigation(page: Page) -> dict[str, int]:
    """From a click in the navigation until the page has all of its answers, for each page."""
    paths = page.evaluate(
        "() => [...document.querySelectorAll('#navigation a[href]')].map(a => a.getAttribute('href'))"
    )
    taken = {}
    for path in [*paths[1:], paths[0]]:
        begun = time.monotonic()
        page.locator(f"#navigation a[href='{path}']").first.click()
        page.locator(_AT_REST).wait_for()
        taken[path] = round((time.monotonic() - begun) * 1000)
    return taken


def _refresh(page: Page, web: str, process: GatelensProcess) -> dict[str, Any]:
    """Of the Overview over its last hour."""
    page.goto(f"{web}/?refresh=off")
    page.locator(_DRAWN).first.wait_for()
    asked: list[int] = []
    page.on("response", lambda response: asked.append(len(response.body())))
    before = _cpu_seconds(process)
    for number in range(1, _REFRESHES + 1):
        with page.expect_response("**/page/data"):
            page.keyboard.press("r")
        page.locator(_AT_REST).wait_for()
        assert len(asked) >= number
    spent = _cpu_seconds(process) - before
    return {
        "requests": len(asked) / _REFRESHES,
        "bytes": round(sum(asked) / _REFRESHES),
        "server_cpu_seconds": round(spent / _REFRESHES, 3),
    }


def _viewers_under_load(directory: Path, process: GatelensProcess) -> dict[str, Any]:
    """Each on a page of their own, while requests arrive."""
    seconds = _WATCHED_SECONDS + 2 * _IDLE_SECONDS
    with arriving(process.addresses, directory, _ARRIVING, seconds) as arrivals:
        begun = time.monotonic()
        found = _viewers(process.addresses.web, process, _DIFFERENT_PAGES)
        rate = arrivals.sent / (time.monotonic() - begun)
    return {**found, "events_per_second": round(rate)}


def _viewers(web: str, process: GatelensProcess, pages: Sequence[str]) -> dict[str, Any]:
    """What browsers that stand open on these pages ask by the clock, each at a moment of its own; CPU of a minute."""
    number = len(pages)

    def watch(place: int) -> list[float]:
        taken = []
        with httpx.Client(base_url=web, trust_env=False, timeout=_PATIENCE_MS / 1000) as client:
            time.sleep(place * _APART_SECONDS)
            while (begun := time.monotonic()) < end:
                asked = {"path": pages[place], "search": "", "zone": "UTC", "known": {}, "timed": True}
                answer = client.post("/page/data", json=asked).raise_for_status().json()
                taken.append(time.monotonic() - begun)
                # A page that does not refresh, such as one of a range that is over, is looked at once.
                time.sleep(max(0.0, min(begun + (answer["refresh_ms"] / 1000 or math.inf), end) - time.monotonic()))
        return taken

    before, begun = _cpu_seconds(process), time.monotonic()
    end = begun + _WATCHED_SECONDS
    with ThreadPoolExecutor(number) as threads:
        taken = sorted(seconds for found in threads.map(watch, range(number)) for seconds in found)
    spent, passed = _cpu_seconds(process) - before, time.monotonic() - begun
    return {
        "viewers": number,
        "p50_ms": round(taken[len(taken) // 2] * 1000),
        "p95_ms": round(taken[int(len(taken) * 0.95)] * 1000),
        "server_cpu_seconds_a_minute": round(spent / passed * 60, 2),
    }


def _idle(process: GatelensProcess) -> float:
    """CPU seconds of a minute in which nobody looks."""
    before, begun = _cpu_seconds(process), time.monotonic()
    time.sleep(_IDLE_SECONDS)
    return round((_cpu_seconds(process) - before) / (time.monotonic() - begun) * 60, 2)


def _cpu_seconds(process: GatelensProcess) -> float:
    running = running_process(process.data)
    assert running is not None
    return cpu_seconds(running.pid)
