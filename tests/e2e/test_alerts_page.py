"""From a spike on a chart to a rule, a page, a silence and the history: all of it in the browser, on a phone too."""

import json
import re
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest
from playwright.sync_api import expect

from tests.collector.rigs.access_logs import json_line
from tests.e2e.gatelens_process import GatelensProcess, until
from tests.e2e.tab import Tab
from tests.patience import PATIENCE

# Rules are evaluated each 15 seconds, backtests take a while where much else runs.
NOW = datetime.now(UTC).replace(second=0, microsecond=0)
SPIKE = NOW - timedelta(hours=2)

RULES = """
delay: 0s
rules:
  - name: too-quiet-to-judge
    measure: error_rate
    window: 1m
    threshold: 0.5
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
    """Three hours of payments, of which more than half failed for twelve minutes two hours ago."""
    directory = tmp_path_factory.mktemp("alerts")
    rules, config = directory / "rules.yaml", directory / "gatelens.yaml"
    rules.write_text(RULES.format(port=webhook.port), encoding="utf-8")
    config.write_text(f"alerts: {{rules: {rules}}}\n", encoding="utf-8")
    with GatelensProcess(directory / "data", "--config", config) as process:
        minutes = [NOW - timedelta(minutes=number) for number in range(6, 180)]
        spike = [at for at in minutes if SPIKE <= at < SPIKE + timedelta(minutes=12)]
        body = _lines("quiet", minutes, 200, 8) + _lines("spike", spike, 503, 12)
        process.ingest(body, "alerts")
        until(process.count, lambda stored: stored == body.count(b"\n"))
        yield process


def test_from_a_spike_to_a_page_to_the_history(
    gatelens: GatelensProcess, webhook: Webhook, open_tab: Callable[..., Tab]
) -> None:
    tab = open_tab(gatelens.addresses.web)
    _rule_from_a_chart(tab)
    _back_test(tab)
    _save(tab, gatelens)

    started = datetime.now(UTC).replace(second=0, microsecond=0)
    minutes = [started + timedelta(minutes=number) for number in range(-5, 3)]
    gatelens.ingest(_lines("failing", minutes, 503, 40), "alerts")
    [firing] = until(lambda: webhook.told("firing"), bool)
    assert firing["labels"]["alertname"] == "payments-error-rate"
    assert firing["generatorURL"].startswith(gatelens.addresses.web)

    _on_a_phone(tab, firing)
    _receivers(tab, webhook)
    _own_receiver(tab, webhook)

    # Telemetry that arrives late says that the failing ones were few.
    gatelens.ingest(_lines("late", minutes, 200, 160), "alerts")
    [resolved] = until(
        lambda: [one for one in webhook.told("resolved") if one["fingerprint"] == firing["fingerprint"]],
        bool,
    )
    assert resolved["startsAt"] == firing["startsAt"]
    _history(tab)
    _band_on_the_chart(tab)
    _switch_off_and_delete(tab)


def _rule_from_a_chart(tab: Tab) -> None:
    """Dragged over the spike, the rule is filled in with its measure, filters and a window that fits."""
    tab.visit("/apis/payments?from=now-3h")
    tab.page.locator("#traffic-chart .main-svg").first.wait_for()
    tab.drag(tab.page.locator("#traffic-chart .area"), 0.3, 0.42)
    tab.page.get_by_role("menu").get_by_role("menuitem", name="Create alert").click()
    tab.page.wait_for_url(re.compile("/alerts/new"))
    tab.settle()
    expect(tab.page).to_have_title("New rule · Alerts · Gatelens")
    form = tab.page.locator("form.rule-form")
    expect(form.get_by_label("Name")).to_have_value("payments-error-rate")
    expect(form.locator("[name=measure]")).to_have_value("error_rate")
    expect(form.locator("[name=filters]")).to_have_value("api=payments")
    expect(form.locator("[name=window]")).to_have_value(re.compile("^(5|10)m$"))
    expect(tab.page.locator(".suggestions")).to_contain_text("Suggested warning thresholds")
    expect(tab.page.locator("#rule-pages-body")).to_contain_text("Set a threshold")


def _back_test(tab: Tab) -> None:
    """Each change is tried on the past at once; a fault is told with its cure."""
    form = tab.page.locator("form.rule-form")
    form.locator("[name=window]").fill("90s")
    form.locator("[name=window]").press("Tab")
    expect(tab.page.locator("#rule-preview-fault")).to_contain_text("write one such as 5m")
    for name, value in {"window": "5m", "for": "0s", "min_requests": "10", "threshold_critical": "30 %"}.items():
        form.locator(f"[name={name}]").fill(value)
    form.get_by_role("button", name="Try it").click()
    pages = tab.page.locator("#rule-pages-table tbody > tr:not(.details)")
    expect(pages).to_have_count(1)
    [page] = tab.table("rule-pages")
    assert page["worst"] == "60 %"
    assert 12 <= int(page["lasted"].split(" ")[0]) <= 16
    assert tab.figure("backtest-pages") == 1
    expect(tab.page.locator("#rule-preview-legend")).to_contain_text("critical > 30 %")
    expect(tab.page.locator("#rule-preview-body")).to_contain_text("1 group by environment, api")
    tab.screenshot("alerts-editor")


def _save(tab: Tab, gatelens: GatelensProcess) -> None:
    tab.page.get_by_role("button", name="Save").click()
    tab.page.wait_for_url(re.compile("/alerts/rules/payments-error-rate"))
    tab.settle()
    expect(tab.page.locator(".rule-status")).to_contain_text("error_rate over 5m > 30 %")
    exported = httpx.get(f"{gatelens.addresses.web}/api/v1/alerts/rules/export", trust_env=False, timeout=PATIENCE).text
    assert "alert: payments-error-rate" in exported
    assert "threshold: 0.3" in exported
    tab.visit("/alerts?tab=rules")
    rows = {row["rule"]: row for row in tab.table("alerts-rules")}
    assert rows["payments-error-rate"]["origin"] == "created here"
    assert rows["too-quiet-to-judge"]["origin"] == "file, read-only"
    tab.visit("/alerts/rules/too-quiet-to-judge")
    expect(tab.page.locator("#rule-body")).to_contain_text("Read-only")
    expect(tab.page.locator("form.rule-form")).to_have_count(0)


def _on_a_phone(tab: Tab, firing: dict[str, Any]) -> None:
    """At 3 a.m.: read, acknowledge, silence, and end the silence."""
    tab.page.set_viewport_size({"width": 390, "height": 844})
    tab.visit("/alerts")
    card = tab.page.locator(".alert-card[data-rule=payments-error-rate]")
    expect(card).to_contain_text(firing["annotations"]["summary"])
    expect(card).to_contain_text("critical")
    expect(card).to_contain_text("(threshold > 30 %)")
    expect(tab.page.locator("#navigation .badge")).to_have_text("1")
    card.locator(".chart .main-svg").first.wait_for()
    assert tab.page.evaluate("document.documentElement.scrollWidth") <= 390
    tab.screenshot("alerts-phone")
    href = card.get_by_role("link", name="Open API").get_attribute("href") or ""
    assert href.startswith("/apis/payments?from=20")
    assert "filter=environment%3Dalerts" in href
    assert (card.get_by_role("link", name="Explain").get_attribute("href") or "").startswith("/explain?from=20")
    card.get_by_role("button", name="Acknowledge").click()
    expect(card).to_contain_text("Acknowledged by anybody")
    card.get_by_role("button", name="Silence 1 h").click()
    expect(tab.page.locator(".said")).to_contain_text("is silenced for an hour")
    expect(card).to_contain_text("Silenced until")
    card.get_by_role("button", name="End silence").click()
    expect(card.get_by_role("button", name="Silence 1 h")).to_be_visible()

    # The link of a notification fills the form in.
    tab.visit(firing["annotations"]["silence_url"].removeprefix(tab.web))
    form = tab.page.locator("form[data-form=silence-create]")
    expect(form.locator("[name=matchers]")).to_have_value(re.compile('alertname="payments-error-rate"'))
    form.get_by_role("button", name="Silence").click()
    expect(form.get_by_role("alert")).to_contain_text("lacks a reason")
    form.get_by_label("Reason").fill("deploying")
    form.get_by_role("button", name="Silence").click()
    active = tab.page.locator(".entry[data-state=active]")
    expect(active).to_contain_text("deploying")
    expect(active).to_contain_text("1 alert silenced now")
    assert tab.page.evaluate("document.documentElement.scrollWidth") <= 390
    active.get_by_role("button", name="Expire").click()
    expect(active).to_have_count(0)
    expect(tab.page.locator(".entry[data-state=expired]")).to_have_count(2)


def _receivers(tab: Tab, webhook: Webhook) -> None:
    tab.visit("/alerts?tab=receivers")
    tab.page.get_by_role("button", name="Test", exact=True).click()
    expect(tab.page.locator(".said")).to_contain_text("on-call took the test by webhook")
    assert webhook.taken[-1]["commonLabels"]["alertname"] == "GatelensTest"
    assert f"http://127.0.0.1:{webhook.port}/…" in tab.page.locator("#alerts-receivers-body").inner_text()
    assert [row["outcome"] for row in tab.table("alerts-deliveries")] == ["delivered"]


def _own_receiver(tab: Tab, webhook: Webhook) -> None:
    """Made on a phone, tried, changed without its secret, and deleted."""
    tab.visit("/alerts?tab=receivers&channel=webhook")
    form = tab.page.locator("form[data-form=receiver-save]")
    definition = form.locator("[name=definition]")
    expect(definition).to_have_value("name: ''\nwebhook:\n  url: ''\n")
    form.get_by_role("button", name="Save receiver").click()
    expect(form.get_by_role("alert")).to_contain_text("name")
    definition.fill(f"name: shop\nwebhook:\n  url: http://127.0.0.1:{webhook.port}/s3cret\n")
    form.get_by_role("button", name="Save receiver").click()
    expect(tab.page.locator(".said")).to_contain_text("shop is saved")
    shop = tab.page.locator(".entry", has_text="shop")
    shop.get_by_role("button", name="Test", exact=True).click()
    expect(tab.page.locator(".said")).to_contain_text("shop took the test by webhook")
    shop.get_by_role("link", name="Edit").click()
    expect(definition).to_have_value("name: shop\nwebhook:\n  url: (kept)\n")
    assert "s3cret" not in tab.page.content()
    assert tab.page.evaluate("document.documentElement.scrollWidth") <= 390
    tab.screenshot("alerts-receivers")
    form.get_by_role("button", name="Save receiver").click()
    expect(definition).not_to_have_value("name: shop\nwebhook:\n  url: (kept)\n")
    shop.get_by_role("button", name="Test", exact=True).click()
    expect(tab.page.locator(".said")).to_contain_text("shop took the test by webhook")
    shop.get_by_role("button", name="Delete").click()
    expect(shop).to_have_count(0)


def _history(tab: Tab) -> None:
    tab.visit("/alerts?tab=history")
    assert tab.page.evaluate("document.documentElement.scrollWidth") <= 390
    tab.page.set_viewport_size({"width": 1440, "height": 900})
    tab.reload()
    [row] = tab.table("alerts-history")
    assert (row["rule"], row["state"], row["owner"]) == ("payments-error-rate", "resolved", "anybody")
    assert tab.figure("pages") == 1
    assert tab.figure("acknowledged") > 0
    expect(tab.page.locator(".strip")).to_have_count(1)
    assert tab.table("alerts-offenders")[0]["pages"] == "1"
    tab.screenshot("alerts-history")


def _band_on_the_chart(tab: Tab) -> None:
    """The time at which it fired is a band on the charts of its API."""
    tab.visit("/apis/payments?from=now-1h")
    drawn = tab.page.locator("#traffic-chart .drawn")
    drawn.locator(".main-svg").first.wait_for()
    bands = "plot => plot.layout.shapes.filter(one => one.type === 'rect' && one.layer === 'below').length"
    assert drawn.evaluate(bands) == 1


def _switch_off_and_delete(tab: Tab) -> None:
    tab.visit("/alerts/rules/payments-error-rate")
    tab.page.get_by_role("button", name="Disable").click()
    expect(tab.page.locator(".rule-status")).to_contain_text("off")
    tab.page.get_by_role("button", name="Switch on").click()
    expect(tab.page.get_by_role("button", name="Disable")).to_be_visible()
    tab.page.get_by_role("button", name="Delete").click()
    tab.page.wait_for_url(re.compile("tab=rules"))
    tab.settle()
    assert [row["rule"] for row in tab.table("alerts-rules")] == ["too-quiet-to-judge"]


def _lines(kind: str, minutes: list[datetime], status: int, count: int) -> bytes:
    return b"".join(
        json_line(
            f"{kind}-{minute:%H%M}-{number}",
            upstream_cluster="payments",
            response_code=status,
            start_time=minute.strftime("%Y-%m-%dT%H:%M:%SZ"),
        )
        for minute in minutes
        for number in range(count)
    )
