"""A real Envoy with certificates that soon expire: scraped, stored, and seen by a rule."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gatelens.demo.gateways.envoy import Envoy
from processors.alerts.evaluation.certificates import certificates as days_left
from processors.alerts.evaluation.evaluate import Finding, evaluate
from processors.alerts.evaluation.state import step
from storage.store import Store
from tests.collector.rigs.certificates import Pair, certificates
from tests.collector.rigs.prometheus_rig import scraper
from tests.collector.rigs.storing import store_all
from tests.collector.rigs.waiting import wait_until
from tests.processors.alerts import rig

_ENVIRONMENT = "certificates-of-envoy"
_EXTENSIONS = "type.googleapis.com/envoy.extensions"
_NETWORK = f"{_EXTENSIONS}.filters.network"


def _address(port: int = 0) -> dict[str, Any]:
    return {"socket_address": {"address": "127.0.0.1", "port_value": port}}


def _tls(side: str, pair: Pair) -> dict[str, Any]:
    chain = {"certificate_chain": {"filename": str(pair.certificate)}, "private_key": {"filename": str(pair.key)}}
    kind = f"{_EXTENSIONS}.transport_sockets.tls.v3.{side}TlsContext"
    context = {"@type": kind, "common_tls_context": {"tls_certificates": [chain]}}
    return {"name": "envoy.transport_sockets.tls", "typed_config": context}


def _bootstrap(server: Pair, client: Pair) -> dict[str, Any]:
    """A listener that shows a certificate, and a cluster that is shown another."""
    proxy = {"@type": f"{_NETWORK}.tcp_proxy.v3.TcpProxy", "stat_prefix": "tls", "cluster": "payments"}
    chain = {
        "filters": [{"name": "envoy.filters.network.tcp_proxy", "typed_config": proxy}],
        "transport_socket": _tls("Downstream", server),
    }
    endpoint = {"endpoint": {"address": _address(9)}}
    cluster = {
        "name": "payments", "type": "STATIC", "connect_timeout": "1s", "transport_socket": _tls("Upstream", client),
        "load_assignment": {"cluster_name": "payments", "endpoints": [{"lb_endpoints": [endpoint]}]},
    }  # fmt: skip
    listener = {"name": "tls", "address": _address(), "filter_chains": [chain]}
    return {
        "admin": {"address": _address()},
        "static_resources": {"listeners": [listener], "clusters": [cluster]},
    }


@pytest.fixture
def envoy(tmp_path: Path) -> Iterator[Envoy]:
    made = certificates(tmp_path)
    started = Envoy("certificates", _bootstrap(made.server, made.client), tmp_path / "envoy")
    started.start()
    try:
        yield started
    finally:
        started.stop()


def test_a_rule_sees_the_days_left(store: Store, envoy: Envoy, tmp_path: Path) -> None:
    target = {"url": f"{envoy.admin_url}/stats/prometheus", "gateway": "edge", "environment": _ENVIRONMENT}
    with scraper(tmp_path / "spool", targets=[target]) as scraped:
        wait_until(lambda: bool(scraped.spooled()))
        store_all(store, scraped.spool)
    now = datetime.now(UTC)
    sources = rig.Sources()
    sources.certificates = lambda: days_left(store, now).query(f"environment == '{_ENVIRONMENT}'")
    rule = rig.rule(name="r", kind="certificate")
    finding = evaluate([rule], rig.questions_of(store), sources, now)["r"]
    assert isinstance(finding, Finding), finding
    # They are valid for two days; of all of them Envoy counts whole ones, so two within their first second.
    by_certificate = {sample.group["certificate"]: sample.value for sample in finding.samples}
    assert by_certificate.pop("") in (1, 2)
    assert {name.partition("/unnamed_cert_")[0] for name in by_certificate} == {"127.0.0.1_0", "payments"}
    assert all(1.9 < days <= 2 for days in by_certificate.values()), by_certificate
    alerts, _ = step(rule, {}, finding.samples, now, finding.window)
    firing = {(one.labels.get("certificate", ""), one.labels["severity"]) for one in alerts.values() if one.is_firing}
    assert firing == {(name, severity) for name in ("", *by_certificate) for severity in ("warning", "critical")}
