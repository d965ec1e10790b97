"""Baselines: what is planted into generated months is found, and what is usual stays quiet."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from processors.baselines.band import PAST, band
from processors.baselines.baselines import Baseline, BaselineQuestion
from processors.baselines.scale import SCALES
from processors.errors import InvalidQuestion
from processors.query.filters import parse_filter
from processors.query.questions import Questions
from processors.time.window import Window
from storage.store import Store
from tests.bench.baselines import generate, judge

_ENVIRONMENT = "baselines"
_WEEK = 168
_NOW = datetime(2026, 5, 20, 12, 0, tzinfo=UTC)


def test_what_is_planted_into_busy_apis_is_found_and_the_rest_stays_quiet() -> None:
    months = [month for month in (generate(number, 9) for number in range(8)) if month.requests.median() >= 300]
    assert len(months) >= 3
    found = judge(months)
    assert sum(figures["planted"] for figures in found.values()) >= 40
    for measure, figures in found.items():
        # Of the few requests of a night a burst of errors may be one or none.
        assert figures["missed"] <= 1, measure
        assert figures["false_alarms_a_week"] < 2, measure


def test_a_shift_is_unusual_for_a_day_and_then_usual() -> None:
    requests = _steady(8)
    requests.iloc[-5 * 24 :] *= 2
    judged = _judge(requests, 6 * 24)
    by_day = judged["is_unusual"].to_numpy().reshape(6, 24).sum(axis=1)
    assert by_day[0] == 0
    assert by_day[1] >= 20
    assert list(by_day[2:]) == [0, 0, 0, 0]


def test_outliers_of_the_past_leave_no_trace() -> None:
    clean, spoilt = _steady(8), _steady(8)
    for at in range(30, 6 * _WEEK, 97):
        spoilt.iloc[at : at + 4] *= 0
    expected, found = _judge(clean, 24)["expected"], _judge(spoilt, 24)["expected"]
    assert np.allclose(found, expected, rtol=0.05)


def test_below_two_weeks_nothing_is_known() -> None:
    assert _judge(_steady(1), 24)["expected"].isna().all()
    assert not _judge(_steady(1), 24)["is_unusual"].any()


def test_the_hours_of_the_store_are_judged(store: Store) -> None:
    store.command(
        f"""
        INSERT INTO requests (time, ingested_at, environment, gateway_kind, gateway, reporter, api, route, method,
            status, duration_us)
        SELECT
            toDateTime64('2026-04-25 12:00:00', 6, 'UTC') + toIntervalSecond(60 * number) AS at, at, '{_ENVIRONMENT}',
            'envoy', 'edge', 'gateway', 'orders', '/', 'GET', 200, 10000
        FROM numbers(25 * 1440) WHERE at < toDateTime64('2026-05-20 11:00:00', 6, 'UTC') OR number % 10 = 0
        """
    )
    questions = Questions(store, lambda: _NOW)
    window = Window(_NOW - timedelta(hours=3), _NOW)
    within = (parse_filter(f"environment={_ENVIRONMENT}"),)

    def bands(measure: str) -> list[Baseline]:
        asked = BaselineQuestion(measure, window, within)
        return asked.bands(questions.ask(asked.question))

    [found] = bands("requests")
    assert (found.environment, found.api) == (_ENVIRONMENT, "orders")
    assert list(found.frame["value"]) == [60, 60, 6]
    assert list(found.frame["is_unusual"]) == [False, False, True]
    assert found.frame["expected"].iloc[0] == pytest.approx(60, rel=0.01)
    [latency] = bands("p95")
    assert not latency.frame["is_unusual"].any()
    assert latency.frame["expected"].iloc[-1] == pytest.approx(10, rel=0.02)
    with pytest.raises(InvalidQuestion, match="no baseline of 'p50'"):
        BaselineQuestion("p50", window)
    with pytest.raises(InvalidQuestion, match="at most 31 days"):
        BaselineQuestion("requests", Window(_NOW - timedelta(days=40), _NOW))
    questions.close()


def _steady(weeks: int) -> pd.Series:
    """Counts by chance, with a season, from a Monday on."""
    hours = np.arange(weeks * _WEEK)
    rate = 1000 * (1 + 0.5 * np.sin(hours % 24 / 24 * 2 * np.pi)) * np.where(hours // 24 % 7 >= 5, 0.5, 1)
    counts = np.random.default_rng(5).poisson(rate).astype(np.float64)
    return pd.Series(counts, pd.date_range("2026-01-05", periods=hours.size, freq="h", tz="UTC"))


def _judge(requests: pd.Series, hours: int) -> pd.DataFrame:
    assert hours < requests.size <= PAST + 3 * _WEEK
    return band(requests, requests, SCALES["requests"], hours)
