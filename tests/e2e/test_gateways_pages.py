"""Gateways and mesh in the browser, of telemetry that came through the receivers."""

import json
import math
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import httpx
import pytest
from playwright.sync_api import expect

from tests.e2e.gatelens_process import GatelensProcess, until
from tests.e2e.tab import Tab
from tests.patience import PATIENCE
from tests.processors.resources.metric_payloads import MINUTES, START, Told, counter, prometheus_text

_RANGE = "from=now-2h&refresh=off"
_PODS = ("edge-5c7d9f8b6d-z2x4q", "edge-5c7d9f8b6d-b7k2m")


def _pod_metrics(number: int, pod: str) -> list[Told]:
    labels = {"namespace": "ingress", "pod": pod, "container": "envoy"}
    return [
        counter("container_cpu_usage_seconds_total", 0.2 + 0.1 * number, labels=labels),
        Told("container_spec_cpu_quota", 1e5, labels),
        Told("container_memory_working_set_bytes", (3 + number) * 1e8, labels),
        Told("container_spec_memory_limit_bytes", 5e8, labels),
    ]


def _request(at: datetime, number: int, **fields: object) -> dict[str, object]:
    failed = number % 11 == 0
    return {
        "start_time": at.strftime("%Y-%m-%dT%H:%M:%S.%fZ"), "method": "GET", "path": "/orders/v1/items",
        "response_code": 503 if failed else 200, "response_flags": "UF" if failed else "-",
        "duration": 20 + number % 30,
        "upstream_cluster": "orders_v1", "request_id": f"r-{number}", **fields,
    }  # fmt: skip


def _requests() -> bytes:
    """Two gateways of Envoy, and a mesh of which both ends tell."""
    lines = []
    for number in range(MINUTES * 20):
        at = START + timedelta(seconds=3 * number)
        pod = _PODS[number % 3 == 0]
        lines.append(_request(at, number, gateway="edge.ingress", instance=pod))
        for gateway, cluster in (
            ("checkout.shop", "outbound|80||stock.shop.svc.cluster.local"),
            ("stock.shop", "inbound|8080||"),
        ):
            told = {"gateway": gateway, "upstream_cluster": cluster, "authority": "stock.shop.svc.cluster.local"}
            lines.append(_request(at, number, **told))
    return "\n".join(map(json.dumps, lines)).encode()


@pytest.fixture(scope="module")
def gatelens(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatelensProcess]:
    with GatelensProcess(tmp_path_factory.mktemp("gateways") / "data") as process:
        for number, pod in enumerate(_PODS):
            _post(process, "prometheus_text", prometheus_text(_pod_metrics(number, pod)))
        _post(process, "envoy_json", _requests())
        log = {"time": (START + timedelta(minutes=5)).isoformat(), "level": "error", "message": "lost the upstream",
               "gateway": "edge.ingress", "instance": _PODS[0]}  # fmt: skip
        _post(process, "json", json.dumps(log).encode())
        expected = MINUTES * 20 * 3
        assert until(process.count, lambda stored: stored == expected) == expected
        yield process


def _post(process: GatelensProcess, name: str, body: bytes) -> None:
    answer = httpx.post(f"{process.addresses.http}/ingest/{name}", content=body, timeout=PATIENCE)
    assert answer.is_success, answer.text


@pytest.fixture
def tab(gatelens: GatelensProcess, open_tab: Callable[..., Tab]) -> Tab:
    return open_tab(gatelens.addresses.web)


def _row(tab: Tab, table: str, name: str) -> str:
    return tab.page.locator(f"#{table}-table tr", has_text=name).first.inner_text().replace("\xa0", " ")


def test_the_fleet_leads_to_a_gateway_and_that_to_an_instance(tab: Tab, gatelens: GatelensProcess) -> None:
    tab.visit(f"/gateways?{_RANGE}")
    assert tab.figure("gateways") == 3
    assert tab.figure("silent") == 4
    row = _row(tab, "fleet", "edge.ingress")
    assert "0.5 cores · 25 %" in row
    assert "700 MB · 70 %" in row
    tab.screenshot("gateways")

    tab.page.locator("#fleet-table tr", has_text="edge.ingress").first.get_by_role("link").first.click()
    tab.settle()
    assert "/gateways/edge.ingress" in tab.page.url
    expect(tab.page.locator("#runtime-logs-table")).to_contain_text("lost the upstream")
    tab.screenshot("gateway")

    tab.page.locator("#instances-table tr", has_text=_PODS[0]).first.get_by_role("link").first.click()
    tab.settle()
    assert f"instance={_PODS[0]}" in tab.search
    tab.screenshot("instance")
    answer = httpx.get(
        f"{gatelens.addresses.web}/api/v1/instances", params={"from": "now-2h", "instance": _PODS[0]}, timeout=PATIENCE
    )
    (instance,) = answer.json()["instances"]
    assert math.isclose(instance["cores"], 0.2, rel_tol=1e-6)
    assert math.isclose(tab.figure("cores"), 0.2, rel_tol=1e-6)
    assert tab.figure("memory") == 3e8


def test_the_mesh_shows_who_asks_whom_and_an_edge_its_figures(tab: Tab) -> None:
    tab.visit(f"/mesh?{_RANGE}")
    tab.screenshot("mesh")
    band = tab.page.get_by_role("link", name="checkout.shop → stock.shop: ")
    expect(band).to_have_count(1)
    band.focus()
    tab.page.keyboard.press("Enter")
    tab.settle()
    assert tab.figure("edge_requests") == MINUTES * 20
    assert math.isclose(tab.figure("edge_error_rate"), 55 / 600)
    tab.page.go_back()
    tab.settle()
    expect(tab.page.locator("[data-kpi=edge_requests]")).to_have_count(0)


def test_an_api_tells_what_it_costs_its_gateways(tab: Tab) -> None:
    tab.visit(f"/apis/orders?tab=resources&{_RANGE}")
    tab.screenshot("api_resources")
    # CPU that stands still does not follow the traffic.
    assert "CPU does not follow the traffic" in _row(tab, "api-cost", "edge.ingress")
    expect(tab.page.locator("#api-load-chart")).to_be_visible()
