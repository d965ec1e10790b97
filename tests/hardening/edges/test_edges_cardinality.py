"""Twenty thousand names that nobody has, in the alerts and in a notification."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from unittest.mock import Mock

import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader

from dashboards.pages.alerts.firing import firing_panels
from dashboards.pages.alerts.rules_tab import beyond_limit
from dashboards.state.context import PageContext
from dashboards.state.view import parse_view
from processors.alerts.engine import AlertEngine
from processors.alerts.rule_file import RuleFile
from processors.alerts.rule_source import RuleSource
from storage.store import Store
from tests.processors.alerts import rig
from tests.processors.alerts.conftest import TABLES
from tests.processors.alerts.hook import Hook

_NAMES = 20_000
_ENVIRONMENT = "cardinality"
_BUSY = datetime(2026, 4, 2, 12, tzinfo=UTC)
_NOW = _BUSY + timedelta(seconds=95)


@pytest.fixture(scope="module")
def invented(store: Store) -> Store:
    """Requests of so many APIs, gateways and versions, and more of one that there is."""
    store.command(
        "INSERT INTO requests (time, environment, gateway_kind, gateway, reporter, api, api_version, status)"
        f" SELECT '{_BUSY:%Y-%m-%d %H:%M:%S}', '{_ENVIRONMENT}', 'envoy', 'gateway-' || toString(number), 'gateway',"
        f" repeat('long-', 20) || toString(number), toString(number), 500 FROM numbers({_NAMES})"
    )
    store.command(
        "INSERT INTO requests (time, environment, gateway_kind, gateway, reporter, api, api_version, status)"
        f" SELECT '{_BUSY:%Y-%m-%d %H:%M:%S}', '{_ENVIRONMENT}', 'envoy', 'edge', 'gateway', 'orders',"
        " 'v' || toString(number), 500 FROM numbers(300)"
    )
    return store


@pytest.fixture
def hook() -> Iterator[Hook]:
    opened = Hook()
    yield opened
    opened.close()


def test_alerts_and_their_notifications_are_bounded(invented: Store, hook: Hook) -> None:
    for table in TABLES:
        invented.command(f"TRUNCATE TABLE {table}")
    reader = InMemoryMetricReader()
    rule = {
        "name": "failing", "measure": "error_rate", "window": "1m", "op": ">", "threshold": 0.5, "by": ["api"],
        "filters": {"environment": _ENVIRONMENT}, "receiver": "on-call",
        "annotations": {"summary": "{{ labels.api }} fails " + "and fails " * 100},
    }  # fmt: skip
    receivers = [{"name": "on-call", "webhook": {"url": hook.url, "max_size": "256 KiB"}}]
    meter = MeterProvider(metric_readers=[reader]).get_meter("test")
    rules = RuleFile.model_validate({"rules": [rule], "receivers": receivers})
    questions = rig.questions_of(invented)
    engine = AlertEngine(
        invented, RuleSource(file=rules), lambda: _NOW, meter, "http://gatelens", questions, rig.Sources()
    )
    try:
        engine.tick(_NOW)
        [status] = engine.overview()
    finally:
        engine.stop()
    assert (len(status.alerts), status.beyond_limit, status.fault) == (1_000, _NAMES + 1 - 1_000, "")
    # The one that there is has the most requests.
    assert "orders" in {alert.labels["api"] for alert in status.alerts}
    [body] = hook.bodies
    assert 32 << 10 < len(json.dumps(body)) <= 256 << 10
    assert body["truncatedAlerts"] == _NAMES + 1 - len(body["alerts"])
    assert body["commonAnnotations"]["truncated"] == f"and {body['truncatedAlerts']:,} more"
    assert beyond_limit(status) == "19,001 more groups match than its limit of 1,000; narrow its filters"
    data = reader.get_metrics_data()
    assert data is not None
    measured = json.loads(data.to_json())
    [scope] = measured["resource_metrics"][0]["scope_metrics"]
    gauges = {metric["name"]: metric["data"]["data_points"] for metric in scope["metrics"]}
    assert [point["value"] for point in gauges["gatelens.alerts.beyond_limit"]] == [19_001]
    assert [point["value"] for point in gauges["gatelens.alerts.firing"]] == [1_000]


def test_the_page_of_alerts_looks_through_them_a_few_times(invented: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """And not once for each card, with which a page of a few thousand alerts took twenty seconds of a core."""
    for table in TABLES:
        invented.command(f"TRUNCATE TABLE {table}")
    rule = {
        "name": "busy", "measure": "requests", "window": "1m", "op": ">", "threshold": 0, "by": ["api"],
        "filters": {"environment": _ENVIRONMENT}, "receiver": "on-call", "limit": 200,
    }  # fmt: skip
    receivers = [{"name": "on-call", "webhook": {"url": "http://127.0.0.1:9/"}}]
    rules = RuleFile.model_validate({"rules": [rule], "receivers": receivers})
    questions = rig.questions_of(invented)
    engine = AlertEngine(
        invented, RuleSource(file=rules), lambda: _NOW, MeterProvider().get_meter("test"), "", questions, rig.Sources()
    )
    try:
        engine.tick(_NOW)
        alerts = Mock(side_effect=engine.alerts)
        monkeypatch.setattr(engine, "alerts", alerts)
        [panel] = firing_panels(engine)
        context = PageContext(parse_view("/alerts", "", "UTC"), _NOW)
        drawn = str(panel.draw(context, questions.ask_all(panel.questions(context))))
    finally:
        engine.stop()
    assert "and 140 more" in drawn
    assert 0 < alerts.call_count < 10
