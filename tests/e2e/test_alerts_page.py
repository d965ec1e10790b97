"""An alert from its first failing requests to its end: on the page, and at a receiver's webhook."""

import json
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.collector.access_logs import json_line
from tests.e2e.gatelens_process import GatelensProcess, until
from tests.e2e.tab import Tab

# Rules are evaluated each 15 seconds.
EVALUATED_MS = 40_000

RULES = """
delay: 0s
rules:
  - name: orders-failing
    measure: error_rate
    window: 1m
    op: ">"
    threshold: 0.5
    for: 10s
    filters: {{environment: alerts}}
    by: [api]
    min_requests: 10
    severity: critical
    annotations:
      summary: "{{{{ labels.api }}}}: {{{{ value_with_unit }}}} of the requests fail"
    receiver: on-call
  - name: too-quiet-to-judge
    measure: error_rate
    window: 1m
    op: ">"
    threshold: 0.5
    filters: {{environment: alerts}}
    by: [api]
    min_requests: 100000
    receiver: on-call
receivers:
  - name: on-call
    webhook: {{url: "http://127.0.0.1:{port}/hook"}}
"""


class Webhook:
    """A receiver of notifications."""

    def __init__(self) -> None:
        self.taken: list[dict[str, Any]] = []
        webhook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                webhook.taken.append(json.loads(body))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Requests are kept, not logged."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self._server.server_port
        self._thread = threading.Thread(target=self._server.serve_forever)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def told(self, status: str) -> list[dict[str, Any]]:
        return [alert for body in list(self.taken) for alert in body["alerts"] if alert["status"] == status]


@pytest.fixture(scope="module")
def webhook() -> Iterator[Webhook]:
    receiver = Webhook()
    receiver.start()
    yield receiver
    receiver.stop()


@pytest.fixture(scope="module")
def gatelens(tmp_path_factory: pytest.TempPathFactory, webhook: Webhook) -> Iterator[GatelensProcess]:
    directory = tmp_path_factory.mktemp("alerts")
    rules, config = directory / "rules.yaml", directory / "gatelens.yaml"
    rules.write_text(RULES.format(port=webhook.port), encoding="utf-8")
    config.write_text(f"alerts: {{rules: {rules}}}\n", encoding="utf-8")
    with GatelensProcess(directory / "data", "--config", config) as process:
        yield process


def test_an_alert_goes_from_pending_to_firing_to_resolved(
    gatelens: GatelensProcess, webhook: Webhook, open_tab: Callable[..., Tab]
) -> None:
    tab = open_tab(gatelens.addresses.web)
    tab.visit("/alerts")
    expect(tab.page.locator("#alerts-active")).to_contain_text("No alert is pending or firing")
    assert [row["rule"] for row in tab.table("alerts-rules")] == ["orders-failing", "too-quiet-to-judge"]
    assert tab.table("alerts-rules")[0]["condition"] == "error_rate over 1m > 50 % for 10s"

    # The last complete minute and the ones after it, so that no change of the minute ends the alert.
    started = datetime.now(UTC).replace(second=0, microsecond=0)
    minutes = [started + timedelta(minutes=number) for number in (-1, 0, 1)]
    gatelens.ingest(_lines(minutes, 503, 40), "alerts")
    assert _state(tab, "pending") == "pending"
    assert webhook.taken == []
    assert _state(tab, "firing") == "firing"
    [alert] = tab.table("alerts-active")
    assert alert["value"] == "100 %"
    assert (alert["rule"], alert["severity"], alert["labels"], alert["summary"]) == (
        "orders-failing", "critical", "api=orders, environment=alerts", "orders: 100 % of the requests fail",
    )  # fmt: skip
    tab.screenshot("alerts")

    [firing] = until(lambda: webhook.told("firing"), bool)
    assert firing["labels"] == {
        "alertname": "orders-failing", "severity": "critical", "api": "orders", "environment": "alerts",
    }  # fmt: skip
    assert firing["annotations"]["summary"] == "orders: 100 % of the requests fail"
    assert firing["generatorURL"].startswith(gatelens.addresses.web)

    # Telemetry that arrives late says that the failing ones were few.
    gatelens.ingest(_lines(minutes, 200, 80), "alerts")
    [resolved] = until(lambda: webhook.told("resolved"), bool, seconds=EVALUATED_MS / 1000)
    assert (resolved["fingerprint"], resolved["startsAt"]) == (firing["fingerprint"], firing["startsAt"])
    tab.page.get_by_role("button", name="Refresh now").click()
    expect(tab.page.locator("#alerts-active")).to_contain_text("No alert is pending or firing")
    tab.settle()
    history = tab.table("alerts-history")
    assert [row["state"] for row in history] == ["resolved", "firing", "pending"]
    assert history[1]["value"] == "100 %"
    assert len(webhook.taken) == 2
    tab.screenshot("alerts-resolved")


def _state(tab: Tab, awaited: str) -> str:
    """The state of the one alert, once it is what is awaited; the page is asked each second."""

    def look() -> str:
        tab.page.get_by_role("button", name="Refresh now").click()
        tab.page.wait_for_timeout(800)
        return next((row["state"] for row in tab.table("alerts-active")), "")

    return until(look, lambda state: state == awaited, seconds=EVALUATED_MS / 1000)


def _lines(minutes: list[datetime], status: int, count: int) -> bytes:
    return b"".join(
        json_line(f"{status}-{number}", response_code=status, start_time=minute.strftime("%Y-%m-%dT%H:%M:%SZ"))
        for minute in minutes
        for number in range(count)
    )
