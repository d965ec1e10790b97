"""Signing in with a browser: from the link of the first start to the end of a session."""

import re
from collections.abc import Callable, Iterator

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.collector.access_logs import json_lines
from tests.e2e.gatelens_process import GatelensProcess, run
from tests.e2e.tab import Tab

NAME, PASSWORD, NEXT_PASSWORD = "ann", "correct horse battery", "staple of another kind"
REFRESHED_MS = 40_000
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
    assert httpx.get(link, trust_env=False).status_code == 410
    assert httpx.get(f"{web}/_dash-layout", trust_env=False).status_code == 401

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

    light.page.get_by_role("button", name="Sign out").click()
    expect(light.page.get_by_role("heading", name="Sign in")).to_be_visible()
    assert light.page.context.cookies() == []
    _show(light, f"{web}/", "sign-in-light")
    expect(light.page.get_by_role("heading", name="Sign in")).to_be_visible()
    _narrow(light, "sign-in-narrow")

    answer = httpx.post(f"{web}/sign-in", data={"name": "<b>", "password": PASSWORD}, trust_env=False)
    assert answer.status_code == 403
    light.page.set_content(answer.text)
    assert "<b>" not in answer.text.replace("&lt;b&gt;", "")


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
    expect(tab.page.get_by_role("heading", name="Sign in")).to_be_visible(timeout=REFRESHED_MS)
    # What the browser says about the answer 401.
    assert all("401" in error for error in tab.errors)
    tab.errors.clear()


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
