"""Certificates that expire, as gateways tell of them."""

from datetime import UTC, datetime, timedelta

from processors.alerts.evaluation.certificates import certificates
from processors.alerts.evaluation.evaluate import Finding, evaluate
from processors.alerts.evaluation.state import Alert, step
from storage.store import Store
from tests.processors.alerts import rig

_NOW = datetime(2026, 5, 20, 12, tzinfo=UTC)
_ENVIRONMENT = "certificate-rules"
_DAY = timedelta(days=1)


def _tell(store: Store, time: datetime, name: str, value: float, instance: str = "a", **labels: str) -> None:
    columns = ("time", "environment", "gateway", "instance", "name", "kind", "labels", "value")
    row = (time, _ENVIRONMENT, labels.pop("gateway", "edge"), instance, name, "gauge", labels, value)
    store.insert("metrics", columns, [row])


def _days(store: Store, now: datetime) -> dict[tuple[str, str], float]:
    found = certificates(store, now)
    mine = found[found["environment"] == _ENVIRONMENT]
    return {(row["gateway"], row["certificate"]): round(row["days"], 3) for row in mine.to_dict("records")}


def test_each_kind_of_metric_and_a_story_of_renewal(store: Store) -> None:
    soon = (_NOW + 5 * _DAY).timestamp()
    late = (_NOW + 80 * _DAY).timestamp()
    before = _NOW - timedelta(minutes=2)
    _tell(store, before, "envoy_server_days_until_first_cert_expiring", 30, gateway="envoy")
    # Of two replicas the one that is worse off.
    _tell(store, before, "envoy_server_days_until_first_cert_expiring", 12, instance="b", gateway="envoy")
    # That it has none is the greatest number of 32 bits.
    _tell(store, before, "envoy_server_days_until_first_cert_expiring", 4294967295, gateway="plain")
    name = "envoy_listener_0_0_0_0_8443_ssl_certificate_shop_expiration_unix_time_seconds"
    _tell(store, before, name, late, gateway="envoy")
    _tell(store, before, "istio_agent_cert_expiry_seconds", 43200, gateway="sidecar", resource_name="default")
    _tell(store, before, "nginx_ingress_controller_ssl_expire_time_seconds", soon, host="shop.example.com")
    _tell(store, before, "nginx_ingress_controller_ssl_expire_time_seconds", late, host="pay.example.com")
    _tell(store, _NOW - timedelta(hours=2), "traefik_tls_certs_not_after", soon, gateway="gone", cn="old")
    assert _days(store, _NOW) == {
        ("edge", "pay.example.com"): 80.0, ("edge", "shop.example.com"): 5.0,
        ("envoy", ""): 12.0, ("envoy", "shop"): 80.0, ("sidecar", "default"): 0.5,
    }  # fmt: skip

    rule = rig.rule(name="r", kind="certificate")
    alerts: dict[str, Alert] = {}

    def at(now: datetime) -> list[tuple[str, str, str]]:
        nonlocal alerts
        sources = rig.Sources()
        sources.certificates = lambda: certificates(store, now).query(f"environment == '{_ENVIRONMENT}'")
        finding = evaluate([rule], rig.questions_of(store), sources, now)["r"]
        assert isinstance(finding, Finding), finding
        alerts, _ = step(rule, alerts, finding.samples, now, finding.window)
        labels = [one.labels for one in alerts.values() if one.is_firing]
        return sorted((one["gateway"], one.get("certificate", ""), one["severity"]) for one in labels)

    assert at(_NOW) == [
        ("edge", "shop.example.com", "critical"), ("edge", "shop.example.com", "warning"), ("envoy", "", "warning"),
        ("sidecar", "default", "critical"), ("sidecar", "default", "warning"),
    ]  # fmt: skip
    # It is renewed, and the others go on telling.
    for instance in ("a", "b"):
        _tell(store, _NOW, "envoy_server_days_until_first_cert_expiring", 89, instance=instance, gateway="envoy")
    _tell(store, _NOW, "nginx_ingress_controller_ssl_expire_time_seconds", late, host="shop.example.com")
    assert at(_NOW + timedelta(minutes=1)) == [("sidecar", "default", "critical"), ("sidecar", "default", "warning")]


def test_a_certificate_that_has_expired_is_one_that_expires(store: Store) -> None:
    now = _NOW + 7 * _DAY
    before = now - timedelta(minutes=2)
    # Envoy tells 0 from the last day on.
    _tell(store, before, "envoy_server_days_until_first_cert_expiring", 0, gateway="envoy-expired")
    _tell(store, before, "istio_agent_cert_expiry_seconds", -43200, gateway="sidecar-expired")
    _tell(store, before, "traefik_tls_certs_not_after", (now - _DAY).timestamp(), gateway="traefik-expired", cn="shop")
    name = "envoy_listener_0_0_0_0_8443_ssl_certificate_shop_expiration_unix_time_seconds"
    _tell(store, before, name, 0, gateway="unreadable")
    assert _days(store, now) == {
        ("envoy-expired", ""): 0.0, ("sidecar-expired", ""): -0.5, ("traefik-expired", "shop"): -1.0,
    }  # fmt: skip
