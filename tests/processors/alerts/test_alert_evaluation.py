"""Measures over real rows, against figures worked out by hand."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from processors.alerts.evaluate import evaluate, window_of
from processors.alerts.measures import MEASURES
from processors.alerts.rules import Rule
from processors.window import Window
from storage.store import Store
from tests.processors.alerts.conftest import AddRequests

_NOW = datetime(2026, 3, 1, 12, 10, 40, tzinfo=UTC)
_START = datetime(2026, 3, 1, 12, 5, tzinfo=UTC)
_END = datetime(2026, 3, 1, 12, 10, tzinfo=UTC)


def _rule(environment: str, measure: str = "requests", **keys: Any) -> Rule:
    given = {
        "name": "r", "measure": measure, "window": "5m", "op": ">", "threshold": 0, "receiver": "on-call",
        "filters": {"environment": environment}, **keys,
    }  # fmt: skip
    return Rule.model_validate(given)


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
        ("request_rate", 100 / 300),
        ("errors", 14),
        ("error_rate", 0.14),
        ("client_errors", 6),
        ("client_error_rate", 0.06),
        # In order: 6 of 1 ms, 54 of 100 ms, 30 of 1 s, 10 of 3 s.
        ("p50_ms", pytest.approx(100, rel=0.011)),
        ("p95_ms", pytest.approx(3000, rel=0.011)),
        ("p99_ms", pytest.approx(3000, rel=0.011)),
        # 60 within 500 ms, 30 more within 2 s.
        ("apdex", 0.75),
        ("fault_backend_rate", 0.1),
        ("fault_policy_rate", 0.06),
        # 50 of 20 ms, 30 of 100 ms, 10 of 100 ms: 5000 ms of 90 requests.
        ("gateway_ms", pytest.approx(5000 / 90)),
    ],
)
def test_measures(store: Store, _traffic: str, measure: str, expected: object) -> None:
    (sample,) = evaluate(store, _rule(_traffic, measure), _NOW)
    assert (sample.value, sample.requests, sample.group) == (expected, 100, {})


def test_every_measure_is_tried() -> None:
    (parameters,) = (mark.args[1] for mark in test_measures.pytestmark)  # type: ignore[attr-defined]
    assert [name for name, _ in parameters] == list(MEASURES)


def test_the_threshold_of_apdex(store: Store, _traffic: str) -> None:
    (sample,) = evaluate(store, _rule(_traffic, "apdex", apdex_threshold_ms=50), _NOW)
    # 6 within 50 ms, 54 more within 200 ms.
    assert sample.value == 0.33


def test_the_window_is_the_last_complete_minutes() -> None:
    rule = _rule("any")
    assert window_of(rule, _NOW) == Window(_START, _END)
    assert window_of(rule, _END + timedelta(seconds=30)) == Window(_START, _END)
    minute = timedelta(minutes=1)
    assert window_of(rule, _END + timedelta(seconds=29)) == Window(_START - minute, _END - minute)
    assert window_of(rule, _NOW, delay=minute) == Window(_START - minute, _END - minute)


def test_only_the_window_counts(store: Store, add_requests: AddRequests) -> None:
    moment = timedelta(milliseconds=1)
    for time, count in ((_START - moment, 1), (_START, 2), (_END - moment, 4), (_END, 8)):
        add_requests("alerts-window", time, count)
    (sample,) = evaluate(store, _rule("alerts-window"), _NOW)
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
        return {tuple(sample.group.values()): sample.value for sample in evaluate(store, rule, _NOW)}

    assert found({}, ["api"]) == {("orders",): 7, ("carts",): 8, ("",): 16, ("o'r\\ders",): 32}
    assert found({}, ["gateway", "api_version"]) == {
        ("edge", "v1"): 41, ("edge", "v2"): 2, ("inner", "v2"): 4, ("edge", ""): 16,
    }  # fmt: skip
    assert found({"api": ["orders", "carts"]}, []) == {(): 15}
    assert found({"api": "(no route)"}, ["environment"]) == {(environment,): 16}
    assert found({"api_version": ["(no version)", "v2"], "gateway": "edge"}, []) == {(): 18}
    assert found({"api": "o'r\\ders"}, ["gateway_kind"]) == {("flex",): 32}


def test_no_requests_at_all(store: Store) -> None:
    (sample,) = evaluate(store, _rule("alerts-silence", "request_rate"), _NOW)
    assert (sample.value, sample.requests) == (0, 0)
    assert evaluate(store, _rule("alerts-silence", "error_rate"), _NOW) == []
    assert evaluate(store, _rule("alerts-silence", by=["api"]), _NOW) == []


def test_a_request_that_two_sidecars_tell_of_counts_once(store: Store, add_requests: AddRequests) -> None:
    for reporter in ("source", "destination"):
        add_requests("alerts-mesh", _START, 5, gateway_kind="mesh", reporter=reporter, api="stock")
    (sample,) = evaluate(store, _rule("alerts-mesh"), _NOW)
    assert sample.value == 5


def test_a_window_of_days(store: Store, add_requests: AddRequests) -> None:
    for hours in (1, 30, 47, 49):
        add_requests("alerts-days", _END - timedelta(hours=hours), 3)
    (sample,) = evaluate(store, _rule("alerts-days", window="2d"), _NOW)
    assert sample.value == 9
