"""From a count to the single request, its trace and its logs, in the browser, of telemetry that came by receivers."""

import time
from collections.abc import Callable, Iterator

import httpx
import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from playwright.sync_api import expect

from tests.collector.rigs.access_logs import json_line, json_lines
from tests.e2e.gatelens_process import GatelensProcess, until
from tests.e2e.tab import Tab
from tests.patience import PATIENCE

_TRACE = "0af7651916cd43dd8448eb211c80319c"
_MARKUP = "/orders/v1/<b>items</b>"


def _spans() -> bytes:
    request = ExportTraceServiceRequest()
    resource = request.resource_spans.add()
    resource.resource.attributes.add(key="service.name").value.string_value = "shop"
    spans = resource.scope_spans.add().spans
    now = time.time_ns()
    for name, identity, parent, start, length in (
        ("GET /cart", 1, 0, 0, 80),
        ("SELECT stock", 2, 1, 20, 40),
    ):
        span = spans.add(
            name=name,
            trace_id=bytes.fromhex(_TRACE),
            span_id=identity.to_bytes(8, "big"),
            parent_span_id=parent.to_bytes(8, "big") if parent else b"",
            start_time_unix_nano=now + start * 1_000_000,
            end_time_unix_nano=now + (start + length) * 1_000_000,
        )
        span.status.code = 2 if identity == 2 else 0
    return bytes(request.SerializeToString())


def _logs() -> bytes:
    request = ExportLogsServiceRequest()
    records = request.resource_logs.add().scope_logs.add().log_records
    for severity, body, trace in (("ERROR", "stock is gone", _TRACE), ("INFO", "started", "")):
        record = records.add(time_unix_nano=time.time_ns(), severity_text=severity, trace_id=bytes.fromhex(trace))
        record.body.string_value = body
    return bytes(request.SerializeToString())


@pytest.fixture(scope="module")
def gatelens(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatelensProcess]:
    with GatelensProcess(tmp_path_factory.mktemp("explorer") / "data") as process:
        process.ingest(json_lines("fine", range(20)), "shop")
        failed = json_line("failed-1", response_code=503, response_flags="UF", path=_MARKUP, trace_id=_TRACE)
        process.ingest(failed, "shop")
        for path, body in (("traces", _spans()), ("logs", _logs())):
            httpx.post(
                f"{process.addresses.http}/v1/{path}",
                content=body,
                headers={"Content-Type": "application/x-protobuf"},
                timeout=PATIENCE,
            ).raise_for_status()
        assert until(process.count, lambda stored: stored == 21) == 21
        stored = "SELECT (SELECT count() FROM spans) + (SELECT count() FROM logs) AS n"
        assert until(lambda: int(process.rows(stored)[0]["n"]), lambda found: found == 4) == 4
        yield process


@pytest.fixture
def tab(gatelens: GatelensProcess, open_tab: Callable[..., Tab]) -> Tab:
    return open_tab(gatelens.addresses.web)


def test_from_a_count_to_one_request_and_its_trace(tab: Tab) -> None:
    tab.visit("/requests")
    assert len(tab.table("requests")) == 21
    tab.page.get_by_role("link", name="5xx or no answer").click()
    tab.settle()
    (row,) = tab.table("requests")
    assert (row["status"], row["path"]) == ("503", _MARKUP)
    tab.page.locator("#requests-table a.row-link").click()
    tab.settle()
    shown = tab.page.locator("[data-panel=request]")
    expect(shown).to_contain_text("failed-1")
    expect(shown).to_contain_text(_MARKUP)
    expect(tab.page.locator("#request-logs-table")).to_contain_text("stock is gone")
    shown.get_by_role("link", name="Trace", exact=True).click()
    tab.settle()
    assert tab.page.title() == f"{_TRACE} · Traces · Gatelens"
    spans = tab.page.locator(".waterfall .span")
    expect(spans).to_have_count(2)
    expect(spans.nth(1)).to_contain_text("SELECT stock")
    expect(spans.nth(1)).to_contain_text("error")
    assert len(tab.table("trace-requests")) == 1
    tab.page.go_back()
    tab.settle()
    expect(tab.page.locator("[data-panel=request]")).to_contain_text("failed-1")


def test_a_text_finds_requests_and_a_facet_narrows_the_page(tab: Tab) -> None:
    tab.visit("/requests")
    tab.page.get_by_role("searchbox").or_(tab.page.locator(".search-form input")).first.fill("fine-7")
    tab.page.locator(".search-form").get_by_role("button", name="Search").click()
    tab.page.wait_for_url("**text=fine-7*")
    tab.settle()
    assert len(tab.table("requests")) == 1
    tab.visit("/requests")
    facet = tab.page.locator(".facets a", has_text="503")
    facet.click()
    tab.settle()
    assert "filter=status" in tab.search
    assert len(tab.table("requests")) == 1
    tab.page.locator(".facets a[aria-current]").click()
    tab.settle()
    assert len(tab.table("requests")) == 21


def test_logs_by_severity_and_text(tab: Tab) -> None:
    tab.visit("/logs")
    assert {row["body"] for row in tab.table("logs")} == {"stock is gone", "started"}
    tab.page.get_by_role("link", name="Errors", exact=True).click()
    tab.settle()
    assert [row["body"] for row in tab.table("logs")] == ["stock is gone"]
    tab.visit("/logs?filter=api%3Dorders")
    expect(tab.page.locator("#logs-table")).to_contain_text("that filter does not narrow them")


def test_traces_with_errors(tab: Tab) -> None:
    tab.visit("/traces")
    (row,) = tab.table("traces")
    assert (row["name"], row["spans"], row["errors"]) == ("GET /cart", "2", "1")
    tab.visit("/traces?text=nothing-like-it")
    assert tab.table("traces") == []
