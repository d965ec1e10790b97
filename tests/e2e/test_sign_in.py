"""Signing in with a browser: from the link of the first start to the end of a session."""

import re
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.collector.rigs.access_logs import json_lines
from tests.e2e.gatelens_process import GatelensProcess, run
from tests.e2e.tab import Tab
from tests.patience import PATIENCE

NAME, PASSWORD, NEXT_PASSWORD = "ann", "correct horse battery", "staple of another kind"
PAGES = ("/", "/apis", "/alerts", "/sql")
_LINK = re.compile(r"http://\S+/setup\?token=(\S+)")

OpenTab = Callable[..., Tab]


@pytest.fixture(scope="module")
def gatelens(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatelensProcess]:
    with GatelensProcess(tmp_path_factory.mktemp("signing-in") / "data") as process:
        process.ingest(json_lines("signing-in", range(20)), "blue")
        yield process


def test_from_the_first_start_to_signing_out(gatelens: GatelensProcess, open_tab: OpenTab) -> None:
    found = _LINK.search(gatelens.log)
    assert found is not None
    web, link = gatelens.addresses.web, found[0]

    light = open_tab(web)
    _show(light, link, "setup-light")
    _narrow(light, "setup-narrow")
    _fill(light.page, name=NAME, password=PASSWORD, repeated=PASSWORD)
    light.page.get_by_role("button", name="Create administrator").click()
    light.settle()
    assert light.page.url == f"{web}/"
    assert httpx.get(link, trust_env=False, timeout=PATIENCE).status_code == 410
    assert httpx.get(f"{web}/_dash-layout", trust_env=False, timeout=PATIENCE).status_code == 401

    dark = open_tab(web, "dark")
    _show(dark, f"{web}/apis?environment=blue", "sign-in-dark")
    assert "/sign-in?next=/apis" in dark.page.url
    _narrow(dark, "sign-in-dark-narrow")
    _fill(dark.page, name=NAME, password=PASSWORD)
    dark.page.get_by_role("button", name="Sign in").click()
    dark.settle()
    assert dark.page.url == f"{web}/apis?environment=blue"

    # Neither an error nor a violation of the policy on any of them: the tabs see to that.
    for tab in (light, dark):
        for path in PAGES:
            tab.visit(path)
    light.screenshot("signed-in")

    # A refresh that is under way meanwhile would be answered 401.
    light.visit("/?refresh=off")
    light.page.get_by_role("button", name="Sign out").click()
    expect(light.page.get_by_role("heading", name="Sign in")).to_be_visible()
    assert light.page.context.cookies() == []
    _show(light, f"{web}/", "sign-in-light")
    expect(light.page.get_by_role("heading", name="Sign in")).to_be_visible()
    _narrow(light, "sign-in-narrow")

    answer = httpx.post(f"{web}/sign-in", data={"name": "<b>", "password": PASSWORD}, trust_env=False, timeout=PATIENCE)
    assert answer.status_code == 403
    light.page.set_content(answer.text)
    assert "<b>" not in answer.text.replace("&lt;b&gt;", "")


def test_a_view_only_link_shows_one_page_to_somebody_without_an_account(
    gatelens: GatelensProcess, open_tab: OpenTab
) -> None:
    web = gatelens.addresses.web
    owner, guest = open_tab(web), open_tab(web, "dark")
    owner.page.goto(f"{web}/apis/orders?from=now-6h&filter=environment%3Dblue")
    _fill(owner.page, name=NAME, password=PASSWORD)
    owner.page.get_by_role("button", name="Sign in").click()
    owner.settle()
    owner.page.locator(".context-row summary", has_text="Share").click()
    owner.page.get_by_role("button", name="Create link").click()
    link = owner.page.get_by_label("Link", exact=True).input_value()
    assert link.startswith(f"{web}/shared#glv_")
    owner.screenshot("shared-link-made")

    guest.page.goto(link)
    guest.settle()
    assert guest.page.url == f"{web}/apis/orders?from=now-6h&filter=environment%3Dblue"
    assert guest.figure("rate") > 0
    expect(guest.page.locator(".shared-facts")).to_contain_text("View-only until")
    expect(guest.page.locator("#navigation")).to_be_hidden()
    expect(guest.page.get_by_role("button", name="Search")).to_be_hidden()
    header, main = (guest.page.locator(each).bounding_box() for each in ("header.header", "main"))
    assert header is not None
    assert main is not None
    assert (header["x"], header["width"]) == (main["x"], main["width"])
    guest.screenshot("shared-dark")
    _narrow(guest, "shared-dark-narrow")
    # A part of the range is seen closer; nothing leads elsewhere.
    guest.page.evaluate("() => window.gatelens.go('/apis/orders?from=now-1h&filter=environment%3Dblue')")
    guest.settle()
    expect(guest.page.locator(".shared-facts")).to_contain_text("Whole range")
    guest.page.evaluate("() => window.gatelens.go('/apis')")
    expect(guest.page.locator(".said")).to_contain_text("shows this page alone")
    assert "/apis/orders" in guest.page.url
    guest.page.locator("[data-panel=routes] [data-panel-menu]").click()
    assert guest.page.locator(".menu [role=menuitem]").all_inner_texts() == [
        "Full screen",
        "Download CSV",
        "Download XLSX",
    ]
    cookies = {cookie["name"]: cookie["value"] for cookie in guest.page.context.cookies()}
    with httpx.Client(base_url=web, cookies=cookies, trust_env=False) as client:
        whole = {"path": "/apis/orders", "search": "?from=now-7d"}
        assert client.post("/page/data", json=whole).json()["regions"] == {}
        assert client.post("/page/frame", json=whole).json()["title"].startswith("Not shared")
        assert client.get("/page/panels/routes.csv", params={**whole}).status_code == 400
        assert client.get("/api/v1/measures").status_code == 403

    # A page that is open meanwhile would be answered 401.
    guest.page.goto("about:blank")
    owner.visit("/dashboards")
    owner.page.get_by_role("button", name="Revoke the link to orders").click()
    expect(owner.page.locator("[data-panel=shared-links]")).to_contain_text("No view-only links")
    guest.page.goto(f"{web}/apis/orders?from=now-6h&filter=environment%3Dblue")
    expect(guest.page.get_by_role("heading", name="Sign in")).to_be_visible()
    guest.page.goto(link)
    expect(guest.page.get_by_role("heading", name="This link does not work")).to_be_visible()
    assert all("410" in error for error in guest.errors)
    guest.errors.clear()


def test_another_password_ends_the_sessions_of_pages_that_are_open(
    gatelens: GatelensProcess, open_tab: OpenTab
) -> None:
    found = run("admin", "link", "--data", gatelens.data)
    link = found.stdout.decode().strip()
    assert found.returncode == 0
    tab, other = open_tab(gatelens.addresses.web), open_tab(gatelens.addresses.web)
    tab.page.goto(link)
    expect(tab.page.get_by_role("heading", name="Set a new password")).to_be_visible()
    _fill(tab.page, password=PASSWORD, repeated=PASSWORD)
    tab.page.get_by_role("button", name="Set password").click()
    tab.settle()

    other.page.goto(run("admin", "link", "--data", gatelens.data).stdout.decode().strip())
    _fill(other.page, password=NEXT_PASSWORD, repeated=NEXT_PASSWORD)
    other.page.get_by_role("button", name="Set password").click()
    other.settle()
    # It is refreshed each ten seconds.
    expect(tab.page.get_by_role("heading", name="Sign in")).to_be_visible()
    # What the browser says about the answer 401.
    assert all("401" in error for error in tab.errors)
    tab.errors.clear()


class _OtherSite(BaseHTTPRequestHandler):
    """Answers everything with an empty page."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!DOCTYPE html><title>Another site</title>")

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def other_site() -> Iterator[str]:
    """The address of a site that is another one to a browser, since it has another name."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _OtherSite) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://localhost:{server.server_port}"
        server.shutdown()
        thread.join()


_FETCH = """async ([address, options]) => {
    try { return (await (await fetch(address, options)).text()).slice(0, 40); } catch (error) { return "blocked"; }
}"""
_FORM = """address => {
    const form = document.createElement("form");
    form.method = "POST";
    form.action = address;
    document.body.append(form);
    form.submit();
}"""


def test_a_page_of_another_site_gains_nothing_from_a_visitor_who_is_signed_in(
    gatelens: GatelensProcess, other_site: str, browser: Browser
) -> None:
    web, http = gatelens.addresses.web, gatelens.addresses.http
    context = browser.new_context()
    own, evil = context.new_page(), context.new_page()
    own.goto(run("admin", "link", "--data", gatelens.data).stdout.decode().strip())
    _fill(own, password=PASSWORD, repeated=PASSWORD)
    own.get_by_role("button", name="Set password").click()
    expect(own.get_by_role("button", name="Sign out")).to_be_visible()

    answered: dict[str, int] = {}
    evil.on("response", lambda answer: answered.update({answer.request.method + answer.url: answer.status}))
    evil.goto(other_site)
    simple = {"method": "POST", "mode": "no-cors", "headers": {"Content-Type": "text/plain"}, "body": "{}"}
    evil.evaluate(_FETCH, [f"{http}/ingest/json", simple])
    assert answered[f"POST{http}/ingest/json"] == 403
    reads = {"mode": "no-cors", "credentials": "include"}
    assert evil.evaluate(_FETCH, [f"{web}/api/v1/segments?prefix=a", reads]) in ("", "blocked")
    assert evil.evaluate(_FETCH, [f"{web}/api/v1/segments?prefix=a", {"credentials": "include"}]) == "blocked"

    with evil.expect_response(f"{web}/sign-out") as refused:
        evil.evaluate(_FORM, f"{web}/sign-out")
    assert refused.value.status == 403
    evil.wait_for_url(f"{web}/sign-out")
    # A link is no harm, and leads to the page without a sign-in.
    evil.goto(other_site)
    evil.evaluate("address => { window.location = address; }", f"{web}/alerts")
    expect(evil.get_by_role("button", name="Sign out")).to_be_visible()
    context.close()


def _fill(page: Page, **fields: str) -> None:
    for name, value in fields.items():
        page.locator(f"input[name={name}]").fill(value)


def _show(tab: Tab, address: str, name: str) -> None:
    tab.page.goto(address)
    tab.page.evaluate("document.fonts.ready")
    tab.screenshot(name)


def _narrow(tab: Tab, name: str) -> None:
    """As on a telephone."""
    size = tab.page.viewport_size
    tab.page.set_viewport_size({"width": 390, "height": 844})
    assert tab.page.evaluate("document.documentElement.scrollWidth") <= 390
    tab.screenshot(name)
    if size is not None:
        tab.page.set_viewport_size(size)
