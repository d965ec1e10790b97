"""Health, and incidents that a range's mean would hide."""

import math
from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest

from processors.health.incidents import worst_incident
from processors.health.judgement import Health, judge

START = datetime(2026, 11, 30, tzinfo=UTC)
STEP = timedelta(minutes=10)


def _course(errors: dict[int, int], steps: int = 144, requests: int = 100) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "time": pd.to_datetime([START + STEP * place for place in range(steps)], utc=True),
            "requests": requests,
            "errors": [errors.get(place, 0) for place in range(steps)],
        }
    )


def test_twelve_minutes_in_a_day_are_found() -> None:
    found = worst_incident(_course({50: 18, 51: 9}), STEP, START + timedelta(days=1))
    assert found is not None
    assert (found.start, found.end) == (START + 50 * STEP, START + 52 * STEP)
    assert (found.errors, found.is_open, found.is_whole) == (27, False, False)


def test_what_lasts_comes_before_what_was_worse() -> None:
    found = worst_incident(_course({10: 90, 142: 20, 143: 20}), STEP, START + 144 * STEP)
    assert found is not None
    assert found.is_open
    assert found.start == START + 142 * STEP


def test_an_api_that_always_fails_is_one_incident() -> None:
    found = worst_incident(_course(dict.fromkeys(range(144), 100)), STEP, START + 144 * STEP)
    assert found is not None
    assert found.is_whole
    assert found.error_rate == 1


def test_a_few_errors_are_no_incident() -> None:
    assert worst_incident(_course({5: 4}, requests=10), STEP, START + timedelta(days=1)) is None
    assert worst_incident(_course(dict.fromkeys(range(144), 1)), STEP, START + timedelta(days=1)) is None


@pytest.mark.parametrize(
    ("requests", "error_rate", "p95", "before", "health"),
    [
        (1000, 0.0, 100, 100, Health.GOOD),
        (1000, 0.02, 100, 100, Health.WARNING),
        (1000, 0.18, 100, 100, Health.BAD),
        (1000, 0.0, 400, 100, Health.WARNING),
        (1000, 0.0, 4, 1, Health.GOOD),
        (1000, 0.0, math.nan, math.nan, Health.GOOD),
        (3, 1.0, 100, 100, Health.UNKNOWN),
        (6, 1.0, 100, 100, Health.BAD),
        (0, 0.0, math.nan, math.nan, Health.UNKNOWN),
    ],
)
def test_health(requests: int, error_rate: float, p95: float, before: float, health: Health) -> None:
    assert judge(requests, error_rate, p95, before).health is health
