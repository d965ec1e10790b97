"""Asking: the shape of answers, equal questions once, several as few, and limits."""

import threading
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd
import pytest

from processors.errors import InvalidQuestion
from processors.query.filters import parse_filter
from processors.query.question import Order, Question
from processors.query.questions import Questions
from processors.rollups.coverage import Covered
from processors.time.window import HOUR, MINUTE, Window
from storage.errors import QueryLimitExceeded, StoreError, StoreUnavailable
from storage.store import Store
from tests.patience import PATIENCE
from tests.processors.query.counting_store import CountingStore
from tests.processors.query.slow_store import SlowStore
from tests.processors.query.traffic_rows import START, fill, whole

_SPAN = timedelta(hours=5)
_ENVIRONMENT = "questions"
_FEBRUARY = Window(datetime(2026, 2, 1, tzinfo=UTC), datetime(2026, 2, 2, tzinfo=UTC))
_IN = parse_filter(f"environment={_ENVIRONMENT}")


def test_where_the_store_is_away_each_question_has_its_error(store: Store) -> None:
    def away() -> Covered:
        raise StoreUnavailable("ClickHouse did not answer.")

    questions = Questions(store, lambda: START, away)
    asked = [Question(("requests",), _FEBRUARY, filters=(_IN,)), Question(("p95",), _FEBRUARY)]
    assert [type(outcome) for outcome in questions.outcomes(asked)] == [StoreUnavailable] * 2
    with pytest.raises(StoreUnavailable):
        questions.ask_all(asked)
    questions.close()


@pytest.fixture(scope="module")
def rows(store: Store) -> pd.DataFrame:
    return fill(store, _ENVIRONMENT, 600, _SPAN)


def _question(*measures: str, **changes: Any) -> Question:
    return Question(measures or ("requests",), whole(_SPAN), filters=(_IN,)).but(**changes)


def test_an_answer_has_the_columns_asked_for(questions: Questions) -> None:
    question = _question("requests", "p95", dimensions=("api", "status"), step=HOUR, compare=2 * HOUR)
    frame = questions.ask(question).frame
    assert list(frame) == ["time", "api", "status", "requests", "requests_before", "p95", "p95_before"]
    assert [str(kind) for kind in frame.dtypes[["time", "status", "requests", "p95"]]] == [
        "datetime64[s, UTC]", "int64", "int64", "float64",
    ]  # fmt: skip
    assert frame["time"].is_monotonic_increasing


def test_a_comparison_is_the_earlier_window(questions: Questions) -> None:
    window = Window(START + 2 * HOUR, START + 4 * HOUR)
    both = questions.ask(_question("requests", "p95", dimensions=("api",), window=window, compare=2 * HOUR)).frame
    earlier = questions.ask(
        _question("requests", "p95", dimensions=("api",), window=Window(START, START + 2 * HOUR))
    ).frame
    joined = both.merge(earlier, on="api", suffixes=("", "_earlier"))
    assert len(joined) == 4
    assert joined["requests_before"].tolist() == joined["requests_earlier"].tolist()
    assert joined["p95_before"].tolist() == joined["p95_earlier"].tolist()


def test_order_and_limit(questions: Questions, rows: pd.DataFrame) -> None:
    counts = rows.groupby(["route", "method"]).size()
    top = questions.ask(_question(dimensions=("route", "method"), limit=3)).frame
    assert top["requests"].tolist() == sorted(counts, reverse=True)[:3]
    few = questions.ask(_question(dimensions=("route", "method"), limit=1, order=Order("requests", descending=False)))
    assert few.frame["requests"].tolist() == [min(counts)]
    named = questions.ask(_question(dimensions=("route",), order=Order("route", descending=False))).frame
    assert named["route"].tolist() == sorted(set(rows["route"]))


def test_a_limit_with_a_step_is_of_the_groups_of_the_window(questions: Questions, rows: pd.DataFrame) -> None:
    frame = questions.ask(_question("requests", "p50", dimensions=("route",), step=HOUR, limit=2)).frame
    best = rows["route"].value_counts().head(2)
    assert frame.groupby("route")["requests"].sum().to_dict() == best.to_dict()
    assert frame["time"].nunique() == 6


def test_where_a_limit_leaves_all_groups_none_are_chosen(questions: Questions) -> None:
    """To choose them costs as much again; the first answer tells that there are few."""
    first = questions.ask(_question("requests", dimensions=("api",), step=HOUR, limit=10))
    again = questions.ask(_question("requests", "errors", dimensions=("api",), step=HOUR, limit=10))
    assert ("LIMIT" in first.sql, "LIMIT" in again.sql) == (True, False)
    pd.testing.assert_frame_equal(again.frame[list(first.frame)], first.frame)


def test_groups_are_chosen_where_there_are_more_than_before(questions: Questions, counting: CountingStore) -> None:
    quiet = Window(START - _SPAN, START)
    assert questions.ask(_question(dimensions=("route",), step=HOUR, limit=2, window=quiet)).frame.empty
    found = questions.ask(_question(dimensions=("route",), step=HOUR, limit=2))
    assert found.frame["route"].nunique() == 2
    assert "LIMIT" in found.sql
    assert counting.asked == 3


def test_a_rate_is_by_the_time_that_has_passed(store: Store, rows: pd.DataFrame) -> None:
    now = START + HOUR + 30 * MINUTE
    asked = Questions(store, lambda: now)
    total = asked.ask(_question("requests", "rate")).frame
    assert total["rate"][0] == pytest.approx(total["requests"][0] / 5400)
    by_hour = asked.ask(_question("requests", "rate", step=HOUR)).frame
    # The window begins at 17 minutes past.
    assert (by_hour["requests"] / by_hour["rate"]).tolist()[:2] == pytest.approx([43 * 60, 47 * 60])
    asked.close()


def test_equal_questions_are_asked_once(counting: CountingStore, store: Store) -> None:
    now = [START]
    questions = Questions(counting, lambda: now[0], dict)  # type: ignore[arg-type]
    counting.gate.clear()
    answers: list[pd.DataFrame] = []
    threads = [threading.Thread(target=lambda: answers.append(questions.ask(_question()).frame)) for _ in range(4)]
    for thread in threads:
        thread.start()
    counting.gate.set()
    for thread in threads:
        thread.join(PATIENCE)
    answers[0]["requests"] = 0
    assert [int(frame["requests"].iloc[0]) for frame in answers[1:]] == [600] * 3
    assert (len(answers), counting.asked) == (4, 1)
    now[0] += timedelta(seconds=2)
    questions.ask(_question())
    assert counting.asked == 2
    questions.close()


def test_a_failure_is_not_kept(counting: CountingStore) -> None:
    questions = Questions(counting, lambda: START, dict, max_memory=1)  # type: ignore[arg-type]
    for _ in range(2):
        with pytest.raises(QueryLimitExceeded):
            questions.ask(_question("p95", dimensions=("route",)))
    assert counting.asked == 2
    questions.close()


def test_an_answer_has_only_so_many_rows(store: Store, rows: pd.DataFrame) -> None:
    asked = Questions(store, lambda: START, max_rows=2)
    with pytest.raises(QueryLimitExceeded):
        asked.ask(_question(dimensions=("route",)))
    assert len(asked.ask(_question(dimensions=("route",), limit=2)).frame) == 2
    asked.close()


def test_a_deadline_ends_what_takes_longer(store: Store) -> None:
    store.command(
        "INSERT INTO requests (time, environment, reporter, path, duration_us)"
        " SELECT toDateTime('2026-02-01 00:00:00', 'UTC'), 'question_deadline', 'gateway', toString(number), number"
        " FROM numbers(400000)"
    )
    asked = Questions(store, lambda: START)
    slow = Question(("p95", "request_bytes_p95"), _FEBRUARY, ("path",), (parse_filter("path~=(a*)*|(.*)(.*)(.*)$"),))
    with pytest.raises(QueryLimitExceeded):
        asked.ask(slow, timedelta(milliseconds=1))
    asked.close()


def test_a_question_is_cancelled_when_nobody_waits_for_it(store: Store) -> None:
    slow = SlowStore(store)
    questions = Questions(slow, lambda: START, dict)  # type: ignore[arg-type]
    faults: list[Exception] = []

    def ask() -> None:
        try:
            questions.ask(_question())
        except StoreError as error:
            faults.append(error)

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + PATIENCE
    while not slow.running or questions._asked[_question()].waiting < 2:
        assert time.monotonic() < deadline
        threads[0].join(0.01)
    questions.cancel(_question())
    assert slow.running == 1
    questions.cancel(_question())
    for thread in threads:
        thread.join(PATIENCE)
    assert [str(error) for error in faults] == ["The query was stopped; run it again if you need its result."] * 2
    # There is nothing left to cancel.
    questions.cancel(_question())
    questions.close()


def test_one_that_fails_does_not_take_the_others_with_it(store: Store, rows: pd.DataFrame) -> None:
    questions = Questions(store, lambda: START, max_memory=30_000_000)
    good = _question("requests")
    heavy = Question(
        ("requests",), Window(datetime(2026, 2, 1, tzinfo=UTC), datetime(2026, 2, 2, tzinfo=UTC)), ("path",)
    )
    outcomes = questions.outcomes([heavy, good])
    assert isinstance(outcomes[0], QueryLimitExceeded)
    assert questions.ask_all([good])[0].frame["requests"][0] == 600
    questions.close()


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"measures": ()}, "needs a measure"),
        ({"measures": ("beauty",)}, "is no measure"),
        ({"dimensions": ("colour",)}, "is not a dimension"),
        ({"dimensions": ("api", "api")}, "named twice"),
        ({"step": timedelta(milliseconds=1)}, "whole seconds"),
        ({"step": HOUR, "compare": 90 * MINUTE}, "multiple of the step"),
        ({"limit": 0}, "at least 1"),
        ({"order": Order("errors")}, "ordered by what is asked"),
        ({"each_alone": True}, "no step and no comparison"),
        ({"each_alone": True, "dimensions": ("api",), "step": HOUR}, "no step and no comparison"),
        ({"apdex_threshold": timedelta()}, "at least a millisecond"),
    ],
)
def test_what_is_refused(changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(InvalidQuestion, match=reason):
        _question().but(**changes)
