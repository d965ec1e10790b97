"""The same alerts through the real Alertmanager: its fingerprints and its webhook's body are ours."""

import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from processors.alerts.notifications import due
from processors.alerts.rules import Receiver, Rule
from processors.alerts.state import Sample, step
from processors.alerts.webhook import payload
from tests.processors.alerts.hook import Hook

_BINARY = Path("/usr/bin/prometheus-alertmanager")
_EXTERNAL_URL = "http://gatelens.example.com"
# Alertmanager takes what has long ended for new and what is in the future for old.
_NOW = datetime.now(UTC).replace(microsecond=120_000) - timedelta(minutes=5)

pytestmark = pytest.mark.skipif(not _BINARY.exists(), reason=f"{_BINARY} is not installed.")

_CONFIG = """
route:
  receiver: on-call
  group_by: [alertname, environment]
  group_wait: 100ms
  group_interval: 200ms
receivers:
  - name: on-call
    webhook_configs: [{{url: "{url}"}}]
"""


@pytest.fixture
def alertmanager(hook: Hook, tmp_path: Path) -> Iterator[httpx.Client]:
    """A running Alertmanager that tells the hook."""
    (tmp_path / "alertmanager.yml").write_text(_CONFIG.format(url=hook.url), encoding="utf-8")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    command = [
        str(_BINARY), f"--config.file={tmp_path / 'alertmanager.yml'}", f"--storage.path={tmp_path / 'data'}",
        f"--web.listen-address={address}", "--cluster.listen-address=", f"--web.external-url={_EXTERNAL_URL}",
    ]  # fmt: skip
    with (
        (tmp_path / "log").open("w") as log,
        subprocess.Popen(command, stdout=log, stderr=log) as process,
        httpx.Client(base_url=f"http://{address}", trust_env=False) as client,
    ):
        try:
            _wait_for(lambda: _is_ready(client))
            yield client
        finally:
            process.terminate()


def test_fingerprints_and_bodies(alertmanager: httpx.Client, hook: Hook) -> None:
    rule = Rule.model_validate(
        {
            "name": 'is "slow" \\ <&> é', "measure": "p99_ms", "window": "5m", "op": ">", "threshold": 500,
            "by": ["api", "gateway"], "filters": {"environment": "pro\tduction ü"}, "severity": "critical",
            "labels": {"team": "shop"}, "receiver": "on-call",
            "annotations": {"summary": "{{ labels.api }}: {{ value_with_unit }}", "runbook": "https://wiki/slow"},
        }
    )  # fmt: skip
    samples = [
        Sample({"api": api, "gateway": gateway}, 812.0, 9)
        for api, gateway in (("orders", "edge"), ("carts", "edge"), ("", "inner"), ("stock", ""))
    ]
    receivers = {"on-call": Receiver.model_validate({"name": "on-call", "webhook": {"url": hook.url}})}

    firing, _ = step(rule, {}, samples, _NOW)
    (notification,) = due(firing.values(), receivers, _NOW)
    expected = payload(notification, _EXTERNAL_URL)
    _post(alertmanager, expected)
    # It tells at once of what began longer ago than its group waits, and of the rest of a batch after that.
    _wait_for(lambda: hook.bodies[-1:] == [expected])
    assert list(hook.bodies[-1]) == list(expected)
    shown = alertmanager.get("/api/v2/alerts").raise_for_status().json()
    assert {alert["fingerprint"] for alert in shown} == set(firing)

    changed, _ = step(rule, firing, samples[:2], _NOW + timedelta(minutes=1))
    (notification,) = due(changed.values(), receivers, _NOW)
    expected = payload(notification, _EXTERNAL_URL)
    _post(alertmanager, expected)
    _wait_for(lambda: hook.bodies[-1:] == [expected])


def _post(client: httpx.Client, body: dict[str, Any]) -> None:
    """Give Alertmanager the alerts of a body as Prometheus does: without an end where it has none."""
    alerts = [
        {
            **{key: alert[key] for key in ("labels", "annotations", "startsAt", "generatorURL")},
            **({"endsAt": alert["endsAt"]} if alert["status"] == "resolved" else {}),
        }
        for alert in body["alerts"]
    ]
    client.post("/api/v2/alerts", json=alerts).raise_for_status()


def _is_ready(client: httpx.Client) -> bool:
    try:
        return client.get("/-/ready").is_success
    except httpx.TransportError:
        return False


def _wait_for(condition: Callable[[], bool], seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "It did not happen in time."
        time.sleep(0.05)
