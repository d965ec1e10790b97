"""Objectives: budgets, burn rates and forecasts to the digit, on a clock that stands still."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from processors.query.questions import Questions
from processors.slo.budget import FORECAST, PAIRS, Counts, budget_left, burn_rate, exhausted_in
from processors.slo.objective import Objective
from processors.slo.slos import SLOs, Standing
from storage.store import Store

_NOW = datetime(2026, 5, 20, 12, 0, 40, tzinfo=UTC)
_ENVIRONMENT = "slos"
_IN = f"environment={_ENVIRONMENT}"
_DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def standings(store: Store) -> Iterator[dict[str, Standing]]:
    """Of 10 requests a minute over 2 days: orders fails 1 in 100, and by half in the last hour; 1 in 20 is slow."""
    for api in ("orders", "payments"):
        store.command(
            f"""
            INSERT INTO requests (time, ingested_at, environment, gateway_kind, gateway, reporter, api, route, method,
                status, duration_us)
            SELECT
                toDateTime64('2026-05-18 12:00:00', 6, 'UTC') + toIntervalSecond(6 * number) AS at, at,
                '{_ENVIRONMENT}', 'envoy', 'edge', 'gateway', '{api}', '/', 'GET',
                multiIf(
                    '{api}' = 'payments', 200,
                    at >= toDateTime64('2026-05-20 11:00:00', 6, 'UTC'), number % 2 ? 503 : 200,
                    number % 100 = 0 ? 500 : 200),
                number % 20 = 7 ? 900000 : 10000
            FROM numbers(28800)
            """
        )
    objectives = [
        Objective.model_validate({"target": 0.99, "period": "2d", **given})
        for given in (
            {"name": "orders", "filters": (_IN, "api=orders")},
            {"name": "payments", "filters": (_IN, "api=payments")},
            {"name": "fast", "kind": "latency", "threshold_ms": 500, "target": 0.9, "filters": (_IN, "api=payments")},
            {"name": "nobody", "filters": (_IN, "api=nobody")},
        )
    ]
    questions = Questions(store, lambda: _NOW)
    slos = SLOs(objectives)
    found = slos.standings(questions.ask_all(slos.questions(_NOW)))
    questions.close()
    yield {standing.objective.name: standing for standing in found}


def test_an_availability_that_burns(standings: dict[str, Standing]) -> None:
    found = standings["orders"]
    # 28,200 requests at 1 %, and 600 at a half.
    assert found.at == datetime(2026, 5, 20, 12, 0, tzinfo=UTC)
    assert found.counts == Counts(good=28_800 - 282 - 300, total=28_800)
    assert found.budget_left == pytest.approx(1 - 582 / 288)
    assert found.is_met is False
    hour, six_hours, day = found.burning
    assert hour.factor == 1
    assert (hour.long, hour.short) == pytest.approx((50, 50))
    assert six_hours.long == pytest.approx((300 + 30) / 3600 / 0.01)
    assert six_hours.short == pytest.approx(50)
    assert day.long == pytest.approx((300 + 138) / 14_400 / 0.01)
    assert [each.is_too_fast for each in found.burning] == [True, True, True]
    assert found.exhausted_in == timedelta()
    assert found.words == (
        "The error budget is spent 2.0 times over. It is burning 50.0 times as fast as allowed over 1h, "
        "and 50.0 times over 5m: look into it now."
    )


def test_one_that_never_fails(standings: dict[str, Standing]) -> None:
    found = standings["payments"]
    assert found.counts == Counts(28_800, 28_800)
    assert (found.budget_left, found.is_met, found.exhausted_in) == (1, True, None)
    assert found.words == "100.0 % of the error budget is left. It is not burning too fast."


def test_a_latency(standings: dict[str, Standing]) -> None:
    found = standings["fast"]
    assert found.counts == Counts(good=28_800 - 1_440, total=28_800)
    assert found.budget_left == pytest.approx(0.5)
    assert found.is_met


def test_without_requests_nothing_is_known(standings: dict[str, Standing]) -> None:
    found = standings["nobody"]
    assert (found.counts, found.budget_left, found.is_met, found.exhausted_in) == (Counts(0, 0), None, None, None)
    assert found.words == "No requests in the period, so nothing is known."


def test_the_standard_pairs_of_thirty_days() -> None:
    assert [pair.factor(30 * _DAY) for pair in PAIRS] == pytest.approx([14.4, 6, 3, 1])


@pytest.mark.parametrize(
    ("recent", "expected"),
    [
        # 1,000 may fail of a million; 400 have. In six hours 110 of 10,000 failed, 100 more than they allow for.
        (Counts(9_890, 10_000), FORECAST * 6),
        # No more than they allow for.
        (Counts(9_990, 10_000), None),
        (Counts(0, 0), None),
    ],
)
def test_when_a_budget_is_spent(recent: Counts, expected: timedelta | None) -> None:
    of_period = Counts(999_600, 1_000_000)
    found = exhausted_in(of_period, recent, 0.999)
    assert found == (None if expected is None else pytest.approx(expected, abs=timedelta(seconds=1)))
    assert budget_left(of_period, 0.999) == pytest.approx(0.6)
    assert burn_rate(of_period, 0.999) == pytest.approx(0.4)


@pytest.mark.parametrize(
    ("wrong", "fault"),
    [
        ({"target": 1}, "less than 1"),
        ({"kind": "latency"}, "threshold_ms"),
        ({"threshold_ms": 5}, "threshold_ms"),
        ({"period": "1h"}, "from 1d to 90d"),
        ({"filters": ["nonsense"]}, "is no filter"),
        ({"filters": ["colour=red"]}, "colour"),
        # What no question could ask would keep every other objective from being answered.
        ({"kind": "latency", "threshold_ms": 10**30}, "less than or equal to 86400000"),
        ({"kind": "latency", "threshold_ms": 86_400_001}, "less than or equal to 86400000"),
        ({"name": "orders\n"}, "a name has letters"),
    ],
)
def test_a_wrong_objective_names_its_cure(wrong: dict[str, Any], fault: str) -> None:
    with pytest.raises(ValidationError) as refused:
        Objective.model_validate({"name": "orders", "target": 0.999, **wrong})
    assert fault in str(refused.value)
