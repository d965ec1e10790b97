"""What policies ended, from what each gateway says of it, through the receivers."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from processors.errors import InvalidQuestion
from processors.policies.cache import cache
from processors.policies.kinds import KINDS, kind_of
from processors.policies.policies import hit, policies
from processors.query.filters import parse_filter
from processors.query.questions import Questions
from processors.time.window import MINUTE, Window
from storage.store import Store
from tests.collector.rigs.ingest_rig import http_port
from tests.collector.rigs.storing import store_all_balanced
from tests.patience import PATIENCE

_ENVIRONMENT = "policies"
_START = datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(hours=1)
_WINDOW = Window(_START, _START + timedelta(minutes=10))
_IN = (parse_filter(f"environment={_ENVIRONMENT}"),)


def _at(seconds: int) -> str:
    return (_START + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def _mule(number: int, policy: str, status: int, outcome: str = "VIOLATION", client: str = "web") -> dict[str, object]:
    return {
        "api_id": 1, "api_name": "orders", "api_version_id": 7, "event_id": f"m{number}", "host_id": "mule-1",
        "path": "/orders", "verb": "GET", "status_code": status, "received_ts": _at(number), "replied_ts": _at(number),
        "client_ip": "10.0.0.9", "application_name": client,
        "request_disposition": "BLOCKED" if policy else "PROCESSED",
        "policy_violation": {"policy_id": "1", "policy_name": policy, "outcome": outcome} if policy else None,
    }  # fmt: skip


def _envoy(number: int, status: int, flags: str, details: str = "via_upstream") -> dict[str, object]:
    return {
        "start_time": _at(number), "method": "GET", "path": "/stock", "response_code": status, "response_flags": flags,
        "response_code_details": details, "upstream_cluster": "stock", "duration": 1, "consumer": "batch",
        "downstream_remote_address": "10.0.0.7:1234",
    }  # fmt: skip


_MULE = [
    _mule(1, "Client ID Enforcement", 401),
    _mule(2, "Rate limiting - SLA based", 429),
    _mule(3, "Rate limiting - SLA based", 429),
    _mule(4, "Spike Control", 429, client="mobile"),
    _mule(5, "JWT Validation", 500, "ERROR"),
    _mule(6, "IP Allowlist", 403),
    _mule(7, "JSON Threat Protection", 400),
    *(_mule(number, "", 200) for number in range(10, 20)),
]
_ENVOY = [
    _envoy(31, 429, "RL"),
    _envoy(32, 403, "UAEX"),
    _envoy(33, 401, "-", "jwt_authn_access_denied{Jwt_is_missing}"),
    _envoy(34, 403, "-", "rbac_access_denied_matched_policy[none]"),
    _envoy(35, 401, "-"),
    _envoy(36, 200, "-", "cache.response_from_cache_filter"),
    _envoy(37, 200, "-"),
]
_KINDS = {
    ("client_id", "violation"): 1,
    ("rate_limit", "violation"): 3,
    ("spike_control", "violation"): 1,
    ("jwt", "error"): 1,
    ("jwt", "violation"): 1,
    ("ip_list", "violation"): 1,
    ("threat_protection", "violation"): 1,
    ("external_authorization", "violation"): 1,
    ("rbac", "violation"): 1,
    ("authentication", "violation"): 1,
}


@pytest.fixture(scope="module")
def questions(store: Store, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Questions]:
    with http_port(tmp_path_factory.mktemp("spool"), environment=_ENVIRONMENT) as rig:
        for path, records in (("mule_analytics", _MULE), ("envoy_json?gateway=edge", _ENVOY)):
            body = "\n".join(map(json.dumps, records)).encode()
            answer = httpx.post(f"{rig.http}/ingest/{path}", content=body, timeout=PATIENCE)
            assert answer.is_success, answer.text
    store_all_balanced(store, rig.spool)
    asked = Questions(store, lambda: _WINDOW.end)
    yield asked
    asked.close()


def test_each_kind_is_reported(questions: Questions) -> None:
    found = policies(questions, _WINDOW, _IN)
    counted = found.groupby(["kind", "outcome"])["requests"].sum()
    assert counted.to_dict() == _KINDS


def test_over_time(questions: Questions) -> None:
    found = policies(questions, _WINDOW, _IN, MINUTE)
    assert list(found["time"].unique()) == [_START]
    assert found["requests"].sum() == sum(_KINDS.values())


def test_who_is_hit(questions: Questions) -> None:
    found = hit(questions, _WINDOW, "consumer", _IN).set_index(["consumer", "kind"])
    assert found.loc[("web", "rate_limit"), "requests"] == 2
    assert found.loc[("web", "rate_limit"), "share"] == pytest.approx(2 / 16)
    assert found.loc[("mobile", "spike_control"), "share"] == 1
    limited = hit(questions, _WINDOW, "client_address", _IN, kind="rate_limit")
    assert limited[["client_address", "requests"]].to_numpy().tolist() == [["10.0.0.9", 2], ["10.0.0.7", 1]]
    assert hit(questions, _WINDOW, "consumer", _IN, kind="cors").empty
    with pytest.raises(InvalidQuestion, match="consumer"):
        hit(questions, _WINDOW, "status", _IN)


@pytest.mark.parametrize(
    ("policy", "kind"),
    [
        ("rate-limit-service", "rate_limit"),
        ("Max req # time", "rate_limit"),
        ("jwt", "jwt"),
        ("http-caching-flex", "caching"),
        ("ip-blocklist-flex", "ip_list"),
        ("OAuth 2.0 access token enforcement", "oauth"),
        ("Basic Authentication - LDAP", "basic_authentication"),
        ("Cross-Origin resource sharing (CORS)", "cors"),
        ("xml-threat-protection", "threat_protection"),
        ("111", "other"),
    ],
)
def test_kinds_by_name(policy: str, kind: str) -> None:
    assert kind_of(policy).name == kind


def test_a_name_that_says_nothing_is_reported_by_the_answer() -> None:
    assert kind_of("111", status=429).name == "rate_limit"
    assert kind_of("", ["UAEX"], 403).name == "external_authorization"
    assert len({kind.name for kind in KINDS}) == len(KINDS)


def test_what_caches_answered(store: Store, questions: Questions) -> None:
    assert questions
    rows = [
        (_START, _ENVIRONMENT, "proxy", "nginx", "gateway", "catalogue", 200, {"nginx.upstream_cache_status": told})
        for told in ("HIT", "HIT", "STALE", "MISS", "BYPASS", "-")
    ]
    columns = ("time", "environment", "gateway_kind", "gateway", "reporter", "api", "status", "attributes")
    store.insert("requests", columns, rows)
    found = cache(store, _WINDOW, _ENVIRONMENT).set_index(["api", "outcome"])["requests"]
    assert found.to_dict() == {
        ("catalogue", "hit"): 3, ("catalogue", "miss"): 1, ("catalogue", "bypass"): 1, ("stock", "hit"): 1,
    }  # fmt: skip
