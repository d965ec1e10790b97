"""The cost of an API: planted, it is found; where CPU does not follow the traffic nothing is said."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import cast

import numpy as np
import pandas as pd
import pytest

from processors.query.answer import Answer
from processors.query.question import Question
from processors.query.questions import Questions
from processors.query.tables import HANDLED
from processors.resources.cost import Cost, cost
from processors.resources.instance_filter import EVERYTHING, InstanceFilter
from processors.time.window import Window
from storage.store import Store

_ENVIRONMENT = "cost"
_START = datetime(2026, 11, 12, 8, 0, tzinfo=UTC)
_MINUTES = 90
_WINDOW = Window(_START, _START + timedelta(minutes=_MINUTES))
_IDLE = {"edge-1": 0.02, "edge-2": 0.05}
# CPU milliseconds of a request, and who asks: consumers ask each API as often.
_PLANTED = {"orders": 2.0, "payments": 9.0, "stock": 0.4}
_RARE = "reports"
_OF_CONSUMERS = {"web": 1.0, "batch": 12.0}

_METRICS = ("time", "environment", "gateway_kind", "gateway", "instance", "name", "kind", "unit", "labels", "value")
_REQUESTS = ("time", "environment", "gateway_kind", "gateway", "instance", "reporter", "api", "consumer", "status")


def _fill(store: Store, gateway: str, noise: float, *, follows: bool = True) -> None:
    """Requests of two instances in SQL, and their CPU: a sample at the end of each minute."""
    draw = np.random.default_rng(5)
    metrics: list[tuple[object, ...]] = []
    counts: list[tuple[object, ...]] = []
    for instance, idle in _IDLE.items():
        total = 100.0
        for minute in range(-1, _MINUTES):
            at = _START + timedelta(minutes=minute)
            used = idle * 60
            for api, milliseconds in {**_PLANTED, _RARE: 50.0}.items():
                for consumer, of_consumer in _OF_CONSUMERS.items():
                    requests = int(draw.integers(0, 400)) if api != _RARE else int(draw.integers(0, 40) == 0)
                    counts.append((at, gateway, instance, api, consumer, requests))
                    used += requests * (of_consumer if gateway == "by-consumer" else milliseconds) / 1000
            total += (used if follows else float(draw.uniform(0, 6))) * float(draw.normal(1, noise))
            sample_at = at + timedelta(seconds=59.999)
            metrics.append(
                (
                    sample_at,
                    _ENVIRONMENT,
                    "envoy",
                    gateway,
                    instance,
                    "process_cpu_seconds_total",
                    "sum",
                    "s",
                    {},
                    total,
                )
            )
    store.insert("metrics", _METRICS, metrics)
    store.insert("cost_counts", ("time", "gateway", "instance", "api", "consumer", "requests"), counts)


@pytest.fixture(scope="module", autouse=True)
def filled(store: Store) -> Iterator[None]:
    store.command(
        "CREATE TABLE cost_counts (time DateTime, gateway String, instance String, api String, consumer String,"
        " requests UInt32) ENGINE = Memory"
    )
    _fill(store, "exact", 0)
    _fill(store, "noisy", 0.1)
    _fill(store, "by-consumer", 0.02)
    _fill(store, "unrelated", 0, follows=False)
    store.command(
        f"INSERT INTO requests ({', '.join(_REQUESTS)}) SELECT time + arrayJoin(range(requests)) % 60,"
        f" '{_ENVIRONMENT}', 'envoy', gateway, instance, 'gateway', api, consumer, 200 FROM cost_counts"
    )
    yield
    store.command("DROP TABLE cost_counts")


def _cost(store: Store, window: Window, by: str = "api", of: InstanceFilter = EVERYTHING) -> Cost:
    handled = Questions(store, lambda: _WINDOW.end, tables=HANDLED)
    try:
        return cost(store, handled, window, by, of)
    finally:
        handled.close()


def _of(store: Store, gateway: str, by: str = "api") -> tuple[pd.DataFrame, pd.Series]:
    found = _cost(store, _WINDOW, by, InstanceFilter(_ENVIRONMENT, gateway))
    assert len(found.fits) == 1
    return found.costs.set_index("name"), found.fits.iloc[0]


def test_planted_costs_are_found(store: Store) -> None:
    costs, fit = _of(store, "exact")
    for api, milliseconds in _PLANTED.items():
        assert costs.loc[api, "cpu_ms_per_1000"] == pytest.approx(milliseconds * 1000, rel=0.01)
    assert fit["r_squared"] > 0.999
    assert fit["idle_cores"] == pytest.approx(sum(_IDLE.values()), rel=0.05)
    assert fit["silent_because"] == ""
    assert costs["cpu_share"].sum() < 1
    counted = store.rows(
        "SELECT count() FROM requests WHERE environment = {e:String} AND gateway = 'exact' AND api = 'orders'"
        " AND time >= {start:DateTime('UTC')} AND time < {end:DateTime('UTC')}",
        {"e": _ENVIRONMENT, "start": _WINDOW.start, "end": _WINDOW.end},
    )
    assert counted == [(costs.loc["orders", "requests"],)]


def test_noise_widens_the_margins_and_stays_within_them(store: Store) -> None:
    exact, _ = _of(store, "exact")
    costs, fit = _of(store, "noisy")
    assert 0.5 < fit["r_squared"] < 0.999
    for api in ("orders", "payments"):
        found = costs.loc[api]
        assert abs(found["cpu_ms_per_1000"] - _PLANTED[api] * 1000) < 2 * found["margin"]
        assert found["margin"] > exact.loc[api, "margin"]


def test_what_is_asked_too_seldom_is_not_reported(store: Store) -> None:
    costs, _ = _of(store, "noisy")
    rare = costs.loc[[_RARE]]
    assert (rare["requests"] > 0).all()
    assert rare["cpu_ms_per_1000"].isna().all()


def test_the_cost_of_consumers(store: Store) -> None:
    costs, _ = _of(store, "by-consumer", "consumer")
    for consumer, milliseconds in _OF_CONSUMERS.items():
        assert costs.loc[consumer, "cpu_ms_per_1000"] == pytest.approx(milliseconds * 1000, rel=0.1)


def test_silent_where_cpu_does_not_follow_the_traffic(store: Store) -> None:
    costs, fit = _of(store, "unrelated")
    assert costs["cpu_ms_per_1000"].isna().all()
    assert fit["silent_because"] == "CPU does not follow the traffic"
    assert fit["r_squared"] < 0.5


def test_silent_where_there_is_too_little(store: Store) -> None:
    short = Window(_START, _START + timedelta(minutes=8))
    found = _cost(store, short, of=InstanceFilter(_ENVIRONMENT, "exact"))
    assert found.costs["cpu_ms_per_1000"].isna().all()
    assert "too few" in found.fits.iloc[0]["silent_because"]


def test_no_cpu_no_cost(store: Store) -> None:
    found = cost(store, cast(Questions, None), _WINDOW, of=InstanceFilter("no such environment"))
    assert found.costs.empty
    assert found.fits.empty


def test_a_year_is_fitted_by_the_day(store: Store) -> None:
    asked: list[Question] = []

    class Watched(Questions):
        def ask(self, question: Question, deadline: timedelta | None = None) -> Answer:
            asked.append(question)
            return super().ask(question, deadline)

    handled = Watched(store, lambda: _WINDOW.end, tables=HANDLED)
    cost(store, handled, Window(_START - timedelta(days=364), _WINDOW.end), of=InstanceFilter(_ENVIRONMENT, "exact"))
    handled.close()
    assert [question.step for question in asked] == [timedelta(days=1)]
