from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd
import pytest

from processors.errors import InvalidReport
from processors.query.absent import NO_ROUTE
from processors.query.filters import Filter
from processors.query.question import Question
from processors.query.questions import Questions
from processors.reports import usage as usage_module
from processors.reports.dimensions import DIMENSIONS
from processors.reports.usage import COUNTS, LATENCIES, usage
from processors.rollups.coverage import kept_of
from processors.time.window import Window
from storage.store import Store

START = datetime(2026, 5, 10, tzinfo=UTC)
_DAY = Window(START, START + timedelta(days=1))
_TWO_DAYS = Window(START, START + timedelta(days=2))
# Short enough for minutes, long enough for hours, and long with ragged edges.
WINDOWS = (
    Window(START, START + timedelta(hours=24)),
    Window(START, START + timedelta(days=3)),
    Window(START + timedelta(hours=1, minutes=7), START + timedelta(hours=26, minutes=59)),
)


def _keyed(frame: pd.DataFrame, *names: str) -> dict[Any, int]:
    keys = frame[list(names)].itertuples(index=False, name=None)
    return {key if len(names) > 1 else key[0]: int(count) for key, count in zip(keys, frame["requests"], strict=True)}


@pytest.mark.usefixtures("traffic")
@pytest.mark.parametrize("window", WINDOWS, ids=("minutes", "hours", "ragged"))
@pytest.mark.parametrize("dimension", [dimension.name for dimension in DIMENSIONS])
def test_rows_add_up_to_the_whole(questions: Questions, environment: str, window: Window, dimension: str) -> None:
    total = questions.ask(Question(COUNTS, window, filters=(Filter("environment", values=(environment,)),))).frame
    assert total["requests"][0] >= 12

    found = usage(questions, window, [dimension], {"environment": environment})

    assert list(found.columns) == [dimension, *COUNTS, *LATENCIES]
    summed = {name: int(found[name].sum()) for name in COUNTS}
    assert summed == {name: int(total[name][0]) for name in COUNTS}
    assert summed["successes"] == summed["requests"] - summed["errors"] - summed["client_errors"]


@pytest.mark.usefixtures("traffic")
@pytest.mark.parametrize("by", ["api", "api,consumer"])
def test_mesh_requests_count_once(questions: Questions, environment: str, by: str) -> None:
    found = usage(questions, _TWO_DAYS, by.split(","), {"environment": environment})

    assert found.groupby("api")["requests"].sum().to_dict() == {"orders": 9, "stock": 5}
    stock = found[found["api"] == "stock"]
    assert (int(stock["successes"].sum()), int(stock["errors"].sum())) == (4, 1)


@pytest.mark.usefixtures("traffic")
def test_groups_by_several_in_their_order(questions: Questions, environment: str) -> None:
    filters = {"environment": environment, "api": "orders"}
    found = usage(questions, _TWO_DAYS, ["consumer", "status_class"], filters)

    assert _keyed(found, "consumer", "status_class") == {
        ("", "other"): 1,
        ("mobile-app", "2xx"): 5,
        ("partner", "4xx"): 2,
        ("partner", "5xx"): 1,
    }
    assert found["request_bytes"].tolist() == [100, 500, 200, 100]
    # 20 ms, within the width of a bucket of the histogram.
    assert found["p95_ms"].tolist() == pytest.approx([20.0] * 4, rel=0.011)


@pytest.mark.usefixtures("traffic")
def test_times_are_the_beginnings_of_utc_hours_days_and_months(questions: Questions, environment: str) -> None:
    filters = {"environment": environment}
    days = usage(questions, _TWO_DAYS, ["day"], filters)
    hours = usage(questions, _TWO_DAYS, ["hour", "consumer"], filters)
    months = usage(questions, _TWO_DAYS, ["month"], filters)

    assert _keyed(days, "day") == {
        pd.Timestamp("2026-05-10", tz="UTC"): 12,
        pd.Timestamp("2026-05-11", tz="UTC"): 2,
    }
    assert (pd.Timestamp("2026-05-11T02:00", tz="UTC"), "partner") in _keyed(hours, "hour", "consumer")
    assert _keyed(months, "month") == {pd.Timestamp("2026-05-01", tz="UTC"): 14}


@pytest.mark.usefixtures("traffic")
def test_filters(questions: Questions, environment: str, insert: Callable[..., None]) -> None:
    insert(api="", api_version="", times=3)

    by_gateway = usage(questions, _TWO_DAYS, ["gateway"], {"environment": environment, "gateway": "stock.shop"})
    unrouted = usage(questions, _TWO_DAYS, ["api"], {"environment": environment, "api": NO_ROUTE})

    of_partner = usage(questions, _TWO_DAYS, ["api"], {"environment": environment, "consumer": "partner"})

    assert _keyed(by_gateway, "gateway") == {"stock.shop": 4}
    assert _keyed(of_partner, "api") == {"orders": 3}
    assert _keyed(unrouted, "api") == {"": 3}


def test_nothing_used_is_a_frame_with_columns(questions: Questions, environment: str) -> None:
    found = usage(questions, _DAY, ["api", "day"], {"environment": environment})

    assert found.empty
    assert list(found.columns) == ["api", "day", *COUNTS, *LATENCIES]


@pytest.mark.parametrize("by", [["colour"], ["api", "time; DROP TABLE requests"], [""], []])
def test_unknown_dimensions_are_reported_with_those_that_are_known(questions: Questions, by: list[str]) -> None:
    with pytest.raises(InvalidReport, match=r"environment, gateway_kind, .* status_class, hour, day, month"):
        usage(questions, _DAY, by, {})


def test_a_dimension_named_twice_is_refused(questions: Questions) -> None:
    with pytest.raises(InvalidReport, match="twice"):
        usage(questions, _DAY, ["api", "api"], {})


@pytest.mark.usefixtures("traffic")
def test_too_many_rows_are_refused_not_cut(
    questions: Questions, environment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(usage_module, "MOST_ROWS", 1)
    with pytest.raises(InvalidReport, match="more than 1 rows"):
        usage(questions, _TWO_DAYS, ["api"], {"environment": environment})


def test_a_report_that_would_lack_deleted_requests_is_refused(store: Store, environment: str) -> None:
    middle = _TWO_DAYS.start + _TWO_DAYS.length / 2
    kept = {kept_of(environment): ((middle, _TWO_DAYS.end),)}
    questions = Questions(store, lambda: _TWO_DAYS.end, lambda: kept)
    with pytest.raises(InvalidReport, match="Begin the period later, or group by less"):
        usage(questions, _TWO_DAYS, ["consumer", "route"], {"environment": environment})
    # Rollups have it.
    assert "api" in usage(questions, _TWO_DAYS, ["api"], {"environment": environment})
    questions.close()
