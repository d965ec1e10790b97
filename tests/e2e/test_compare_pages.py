"""What if, the catalogue, a consumer and the hops of an edge in the browser, of requests that were received."""

import json
import math
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from playwright.sync_api import expect

from tests.e2e.gatelens_process import GatelensProcess, until
from tests.e2e.tab import Tab
from tests.patience import PATIENCE

_RANGE = "from=now-3h&refresh=off"
_NOW = datetime.now(UTC).replace(second=0, microsecond=0)
_CONFIG = """
catalogue:
  consumers: {consumers}
  apis:
    - {{name: orders, owner: Shop team, tags: [core], document: {document}}}
    - {{name: vouchers, owner: Shop team}}
slos:
  - {{name: orders answer, target: 0.9, period: 7d, filters: [api=orders]}}
"""
_DOCUMENT = """
openapi: 3.1.0
info: {title: Orders, version: v1}
paths:
  /orders/items: {get: {responses: {"200": {description: ok}}}}
  /orders/refunds: {post: {responses: {"200": {description: ok}}}}
"""
_CONSUMERS = "consumers: [{id: shop-app, name: Shop app, team: Web, quota: 100000}]"
# An hour and a half of two gateways, of which the second is slower and fails; before, an hour's traffic of three weeks.
_RECENT, _PAST_HOURS = 1500, 24 * 21


def _request(at: datetime, number: int, **fields: object) -> dict[str, object]:
    return {
        "start_time": at.strftime("%Y-%m-%dT%H:%M:%S.%fZ"), "method": "GET", "path": "/orders/items", "api": "orders",
        "response_code": 200, "response_flags": "-", "duration": 20 + number % 10, "consumer": "shop-app",
        "gateway": "edge-a", "upstream_cluster": "orders", **fields,
    }  # fmt: skip


def _requests() -> Iterator[dict[str, object]]:
    for number in range(_RECENT):
        at = _NOW - timedelta(minutes=100) + timedelta(seconds=3 * number)
        yield _request(at, number)
        failed = number % 20 == 0
        yield _request(
            at, number, gateway="edge-b", duration=60 + number % 30, response_code=503 if failed else 200,
            response_flags="UF" if failed else "-",
        )  # fmt: skip
    for hour in range(4, _PAST_HOURS):
        for number in range(5):
            yield _request(_NOW - timedelta(hours=hour, seconds=60 * number), number)
    for number in range(30):
        at = _NOW - timedelta(minutes=30, seconds=number)
        yield _request(at, number, api="reports", path="/reports/1", consumer="")
        # One call, told by both sidecars.
        for gateway, cluster, duration in (
            ("checkout.shop", "outbound|80||stock.shop.svc.cluster.local", 40),
            ("stock.shop", "inbound|8080||", 30),
        ):
            yield _request(
                at, number, gateway=gateway, upstream_cluster=cluster, authority="stock.shop.svc.cluster.local",
                request_id=f"call-{number}", duration=duration, api="", consumer="",
            )  # fmt: skip


@pytest.fixture(scope="module")
def gatelens(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatelensProcess]:
    directory = tmp_path_factory.mktemp("compare")
    files = {"document": directory / "orders.yaml", "consumers": directory / "consumers.yaml"}
    files["document"].write_text(_DOCUMENT, encoding="utf-8")
    files["consumers"].write_text(_CONSUMERS, encoding="utf-8")
    config = directory / "config.yaml"
    config.write_text(_CONFIG.format(**files), encoding="utf-8")
    lines = [json.dumps(request) for request in _requests()]
    with GatelensProcess(directory / "data", "--config", config) as process:
        answer = httpx.post(
            f"{process.addresses.http}/ingest/envoy_json", content="\n".join(lines).encode(), timeout=PATIENCE
        )
        assert answer.is_success, answer.text
        assert until(process.count, lambda stored: stored == len(lines)) == len(lines)
        yield process


@pytest.fixture
def tab(gatelens: GatelensProcess, open_tab: Callable[..., Tab]) -> Tab:
    return open_tab(gatelens.addresses.web)


def test_a_policy_is_tried_and_its_remarks_stay_in_their_card(tab: Tab) -> None:
    tab.visit(f"/what-if?{_RANGE}&filter=api%3Dorders")
    page = tab.page
    page.get_by_label("Requests", exact=True).fill("10")
    page.get_by_label("SLA tiers").fill("gold 1000000")
    page.get_by_role("button", name="Try it").click()
    expect(page.get_by_text("is not a tier; write name, limit and consumers")).to_be_visible()
    page.get_by_label("SLA tiers").fill("gold 1000000: shop-app")
    page.get_by_role("button", name="Try it").click()
    page.wait_for_url("**tiers=gold**")
    tab.settle()
    assert tab.figure("refused") == 0
    card, remark = page.locator("[data-panel=what-if-outcome]").bounding_box(), page.locator(".remarks li").first
    box = remark.bounding_box()
    assert card and box and box["x"] > card["x"] + 20
    tab.screenshot("what_if_policy")

    page.get_by_role("link", name="Spike control").click()
    tab.settle()
    page.get_by_label("Requests", exact=True).fill("1")
    page.get_by_role("button", name="Try it").click()
    page.wait_for_url("**limit=1&**")
    tab.settle()
    # Two requests come in the same second, and none in the next two.
    assert tab.figure("delayed") == _RECENT
    page.get_by_role("link", name="Response cache").click()
    tab.settle()
    assert tab.figure("cached") > 0.9
    page.get_by_role("link", name="IP list").click()
    tab.settle()
    expect(page.locator("#what-if-outcome-body")).to_contain_text("Enter addresses to allow or block")


def test_two_gateways_are_compared_as_over_the_api(tab: Tab, gatelens: GatelensProcess) -> None:
    tab.visit(f"/what-if?{_RANGE}&tab=gateways&filter=api%3Dorders")
    tab.page.get_by_label("First").select_option("edge-a")
    tab.page.get_by_label("Second").select_option("edge-b")
    tab.page.get_by_label("Price of a million requests").fill("1.5")
    tab.page.get_by_role("button", name="Compare", exact=True).click()
    tab.page.wait_for_url("**million=1.5**")
    tab.settle()
    sides = {
        "first": {"name": "edge-a", "filter": ["gateway=edge-a"]},
        "second": {"name": "edge-b", "filter": ["gateway=edge-b"]},
    }
    asked = {"from": "now-3h", "to": "now", "filter": ["api=orders"], "prices": {"per_million_requests": 1.5}, **sides}
    answer = httpx.post(f"{gatelens.addresses.web}/api/v1/comparisons", json=asked, timeout=PATIENCE).json()
    assert "edge-a is faster at p95" in answer["verdict"]
    expect(tab.page.locator("#compared-body")).to_contain_text(answer["verdict"])
    rows = {row["label"]: row for row in tab.table("compared")}
    assert rows["Errors"]["second"].startswith("5 % (")
    assert rows["Latency p95"]["difference"] == "significant"
    assert rows["Cost of a million requests"]["first"] == "1.5"
    expect(tab.page.locator("#compared-spread-legend button")).to_have_count(2)
    tab.screenshot("what_if_gateways")
    tab.page.get_by_role("link", name="Period", exact=True).click()
    tab.settle()
    expect(tab.page.locator("#compared-body")).to_contain_text("Previous period")


def test_an_api_has_its_owner_objective_usual_band_and_drift(tab: Tab) -> None:
    tab.visit(f"/apis?{_RANGE}")
    (orders,) = (row for row in tab.table("apis") if row["api"] == "orders")
    assert orders["owner"] == "Shop team"
    assert "ms" in orders["usual"]
    assert orders["budget"].endswith("%")
    (reports,) = (row for row in tab.table("apis") if row["api"] == "reports")
    assert reports["badges"] == "shadowundocumented"
    tab.page.get_by_role("link", name="Catalogue", exact=True).click()
    tab.settle()
    assert {row["api"]: row["state"] for row in tab.table("catalogue")}["vouchers"] == "unused"

    tab.visit(f"/apis/orders?{_RANGE}")
    about = tab.page.locator("#about-body")
    expect(about).to_contain_text("Owner Shop team")
    expect(about).to_contain_text("orders answer:")
    expect(tab.page.locator("#latency-legend")).to_contain_text("usual p95")
    tab.screenshot("api_about")
    tab.visit(f"/apis/orders?{_RANGE}&tab=catalogue")
    assert [(row["kind"], row["route"]) for row in tab.table("drift")] == [
        ("in the document, and not used", "/orders/refunds")
    ]
    tab.visit(f"/apis/orders?{_RANGE}&tab=requests")
    assert {row["status"] for row in tab.table("by-answer")} == {"200", "503"}


def test_a_consumer_has_a_page_with_its_month(tab: Tab, gatelens: GatelensProcess) -> None:
    tab.visit(f"/consumers?{_RANGE}")
    tab.page.locator("#consumers-table tr", has_text="Shop app").first.get_by_role("link").first.click()
    tab.settle()
    assert "/consumers/shop-app" in tab.page.url
    expect(tab.page.locator("#about-body")).to_contain_text("Shop app")
    assert tab.figure("requests") == 2 * _RECENT
    answer = httpx.get(f"{gatelens.addresses.web}/api/v1/consumers", timeout=PATIENCE).json()
    (quota,) = answer["quotas"]
    assert tab.figure("month") == quota["used"]
    assert [row["api"] for row in tab.table("used-apis")] == ["orders"]
    assert len(tab.table("consumer-requests")) == 15
    tab.screenshot("consumer")
    tab.page.locator("#consumer-requests-table tbody tr").first.get_by_role("link").first.click()
    tab.settle()
    expect(tab.page.locator("[data-panel=request]")).to_contain_text("shop-app")


def test_an_edge_shows_a_call_hop_by_hop(tab: Tab) -> None:
    tab.visit(f"/mesh?{_RANGE}&selected=checkout.shop%20%E2%86%92%20stock.shop")
    assert tab.figure("edge_requests") == 30
    hops = tab.table("edge-hops")
    assert [hop["gateway"].split()[-1] for hop in hops] == ["checkout.shop", "stock.shop"]
    assert math.isclose(float(hops[0]["duration_ms"].removesuffix(" ms")), 40)
    tab.screenshot("mesh_hops")
