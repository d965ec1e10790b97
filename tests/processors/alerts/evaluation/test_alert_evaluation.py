"""What rules find in real rows, against figures worked out by hand."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from processors.alerts.evaluation.evaluate import DEFAULT_DELAY, Finding, evaluate
from processors.alerts.rules.rule import Rule
from processors.alerts.rules.sample import Sample
from processors.time.window import Window
from storage.store import Store
from tests.processors.alerts import rig
from tests.processors.alerts.conftest import AddRequests

_NOW = datetime(2026, 3, 1, 12, 10, 40, tzinfo=UTC)
_START = datetime(2026, 3, 1, 12, 5, tzinfo=UTC)
_END = datetime(2026, 3, 1, 12, 10, tzinfo=UTC)


def _rule(environment: str, measure: str = "requests", **keys: Any) -> Rule:
    given = {
        "name": "r", "measure": measure, "window": "5m", "op": ">", "threshold": 0, "receiver": "on-call",
        "filters": {"environment": environment}, **keys,
    }  # fmt: skip
    return rig.rule(**given)


def _found(store: Store, rule: Rule, now: datetime = _NOW) -> list[Sample]:
    finding = evaluate([rule], rig.questions_of(store), rig.Sources(), now)[rule.name]
    assert isinstance(finding, Finding), finding
    return finding.samples


@pytest.fixture(scope="module")
def _traffic(store: Store) -> str:
    """100 requests of 5 minutes: 80 good, 10 with 500 of the backend, 4 without status, 6 with 429 of a policy."""
    environment = "alerts-measures"
    columns = ("time", "environment", "gateway", "reporter", "api", "status", "fault", "duration_us", "upstream_us")
    kinds = [
        (50, 200, "", 100_000, 80_000),
        (30, 200, "", 1_000_000, 900_000),
        (10, 500, "backend", 3_000_000, 2_900_000),
        (4, 0, "client", 100_000, None),
        (6, 429, "policy", 1_000, None),
    ]
    rows = []
    for count, status, fault, duration_us, upstream_us in kinds:
        for number in range(count):
            time = _START + timedelta(seconds=number * 3)
            rows.append((time, environment, "edge", "gateway", "orders", status, fault, duration_us, upstream_us))
    store.insert("requests", columns, rows)
    return environment


@pytest.mark.parametrize(
    ("measure", "expected"),
    [
        ("requests", 100),
        ("rate", 100 / 300),
        ("errors", 14),
        ("error_rate", 0.14),
        ("client_errors", 6),
        ("client_error_rate", 0.06),
        # In order: 6 of 1 ms, 54 of 100 ms, 30 of 1 s, 10 of 3 s.
        ("p50", pytest.approx(100, rel=0.011)),
        ("p95", pytest.approx(3000, rel=0.011)),
        ("p99", pytest.approx(3000, rel=0.011)),
        # 60 within 500 ms, 30 more within 2 s.
        # Errors are frustrated: 4 of the 60 had no answer.
        ("apdex", 0.71),
        ("fault_backend_rate", 0.1),
        ("fault_policy_rate", 0.06),
        # 50 of 20 ms, 30 of 100 ms, 10 of 100 ms: 5000 ms of 90 requests.
        ("gateway_mean", pytest.approx(5000 / 90)),
    ],
)
def test_measures(store: Store, _traffic: str, measure: str, expected: object) -> None:
    (sample,) = _found(store, _rule(_traffic, measure))
    assert (sample.value, sample.requests, sample.group) == (expected, 100, {})


def test_the_threshold_of_apdex(store: Store, _traffic: str) -> None:
    (sample,) = _found(store, _rule(_traffic, "apdex", apdex_threshold_ms=50))
    # 6 within 50 ms, 50 more within 200 ms, and 4 that are errors.
    assert sample.value == 0.31


def test_the_window_is_the_last_complete_minutes() -> None:
    rule = _rule("any")
    assert rule.window(_NOW, DEFAULT_DELAY) == Window(_START, _END)
    assert rule.window(_END + timedelta(seconds=30), DEFAULT_DELAY) == Window(_START, _END)
    minute = timedelta(minutes=1)
    assert rule.window(_END + timedelta(seconds=29), DEFAULT_DELAY) == Window(_START - minute, _END - minute)
    assert rule.window(_NOW, minute) == Window(_START - minute, _END - minute)


def test_only_the_window_counts(store: Store, add_requests: AddRequests) -> None:
    moment = timedelta(milliseconds=1)
    for time, count in ((_START - moment, 1), (_START, 2), (_END - moment, 4), (_END, 8)):
        add_requests("alerts-window", time, count)
    (sample,) = _found(store, _rule("alerts-window"))
    assert sample.value == 6


def test_filters_and_groups(store: Store, add_requests: AddRequests) -> None:
    environment = "alerts-groups"
    for api, version, gateway, count in (
        ("orders", "v1", "edge", 1), ("orders", "v2", "edge", 2), ("orders", "v2", "inner", 4),
        ("carts", "v1", "edge", 8), ("", "", "edge", 16), ("o'r\\ders", "v1", "edge", 32),
    ):  # fmt: skip
        add_requests(environment, _START, count, api=api, api_version=version, gateway=gateway)
    add_requests("alerts-groups-other", _START, 64)

    def found(filters: dict[str, Any], by: list[str]) -> dict[tuple[str, ...], float]:
        rule = _rule(environment, filters={"environment": environment, **filters}, by=by)
        return {tuple(sample.group.values()): sample.value for sample in _found(store, rule)}

    assert found({}, ["api"]) == {("orders",): 7, ("carts",): 8, ("(no route)",): 16, ("o'r\\ders",): 32}
    assert found({}, ["gateway", "api_version"]) == {
        ("edge", "v1"): 41, ("edge", "v2"): 2, ("inner", "v2"): 4, ("edge", "(no version)"): 16,
    }  # fmt: skip
    assert found({"api": ["orders", "carts"]}, []) == {(): 15}
    assert found({"api": "(no route)"}, ["environment"]) == {(environment,): 16}
    assert found({"api_version": ["(no version)", "v2"], "gateway": "edge"}, []) == {(): 18}
    assert found({"api": "o'r\\ders"}, ["gateway_kind"]) == {("flex",): 32}


def test_no_requests_at_all(store: Store) -> None:
    (sample,) = _found(store, _rule("alerts-silence", "request_rate"))
    assert (sample.value, sample.requests) == (0, 0)
    assert _found(store, _rule("alerts-silence", "error_rate")) == []
    assert _found(store, _rule("alerts-silence", by=["api"])) == []


def test_a_request_that_two_sidecars_tell_of_counts_once(store: Store, add_requests: AddRequests) -> None:
    for reporter in ("source", "destination"):
        add_requests("alerts-mesh", _START, 5, gateway_kind="mesh", reporter=reporter, api="stock")
    (sample,) = _found(store, _rule("alerts-mesh"))
    assert sample.value == 5


def test_a_window_of_days(store: Store, add_requests: AddRequests) -> None:
    for hours in (1, 30, 47, 49):
        add_requests("alerts-days", _END - timedelta(hours=hours), 3)
    (sample,) = _found(store, _rule("alerts-days", window="2d"))
    assert sample.value == 9
