"""Several questions as few: what is asked together, and that each has the answer it has alone."""

import itertools
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pandas as pd
import pytest

from processors.query.answer import Answer
from processors.query.batches import batches
from processors.query.filters import Filter, parse_filter
from processors.query.planner import plan
from processors.query.question import Order, Question
from processors.query.questions import Questions
from processors.time.window import HOUR, MINUTE, Window
from storage.store import Store
from tests.processors.query.counting_store import CountingStore, questions_to
from tests.processors.query.traffic_rows import START, fill, whole

_SPAN = timedelta(hours=5)
_ENVIRONMENT = "batches"
_IN = parse_filter(f"environment={_ENVIRONMENT}")


@pytest.fixture(scope="module")
def rows(store: Store) -> pd.DataFrame:
    return fill(store, _ENVIRONMENT, 600, _SPAN)


def _question(*measures: str, **changes: Any) -> Question:
    return Question(measures or ("requests",), whole(_SPAN), filters=(_IN,)).but(**changes)


def _assert_as_alone(counting: CountingStore, asked: Sequence[Question], answers: Sequence[Answer]) -> None:
    with questions_to(counting) as alone:
        for question, answer in zip(asked, answers, strict=True):
            expected = alone.ask(question)
            assert (answer.question, answer.table) == (question, expected.table)
            pd.testing.assert_frame_equal(answer.frame, expected.frame)


def test_several_questions_are_asked_as_few(questions: Questions, counting: CountingStore) -> None:
    by_api = [
        _question(measure, filters=(_IN, Filter("api", values=(api,))), dimensions=dimensions)
        for measure, api, dimensions in itertools.product(
            ("requests", "p95", "rate"), ("orders", "payments", "absent"), ((), ("version",))
        )
    ]
    others = [_question("p50", step=HOUR), _question("errors", step=HOUR), _question("errors", dimensions=("route",))]
    everything = [*by_api, *others, by_api[0]]
    answers = questions.ask_all(everything)
    # By API; by API and version; with a step; by route.
    assert counting.asked == 4
    _assert_as_alone(counting, everything, answers)


@pytest.mark.parametrize("window", [whole(_SPAN), Window(START - 3 * HOUR, START - HOUR)], ids=["traffic", "none"])
def test_totals_go_with_what_is_by_more(questions: Questions, counting: CountingStore, window: Window) -> None:
    """All traffic, by API, and by API and version: one pass, each with its own limit."""
    common = {"window": window, "compare": 2 * HOUR, "order": Order("errors")}
    everything = [
        _question("requests", "errors", "p95", **common, dimensions=("api", "version"), limit=3),
        _question("requests", "errors", "p50", **common, dimensions=("api",), limit=2),
        _question("rate", "p99", "error_rate", window=window, compare=2 * HOUR),
        _question("errors", **common, dimensions=("api",), limit=4),
    ]
    answers = questions.ask_all(everything)
    # One by API has another limit, and is asked alone.
    assert counting.asked == 2
    _assert_as_alone(counting, everything, answers)


def test_the_limit_of_a_total_leaves_all_groups(questions: Questions, counting: CountingStore) -> None:
    total, by_api = questions.ask_all([_question(limit=1), _question(dimensions=("api",))])
    assert (len(total.frame), len(by_api.frame), counting.asked) == (1, 4, 1)


def test_what_has_many_values_is_asked_apart_from_totals() -> None:
    together = [_question(), _question(dimensions=("consumer",)), _question(dimensions=("version",))]
    batched = batches(together, lambda question: plan(question, {}))
    assert sorted(len(batch.members) for batch in batched) == [1, 2]


@pytest.mark.parametrize(
    "window",
    [whole(_SPAN), Window(START + 7 * MINUTE, START + 3 * HOUR), Window(START - 3 * HOUR, START - HOUR)],
    ids=["traffic", "edges", "none"],
)
def test_first_values_of_several_dimensions_are_counted_in_one_pass(
    questions: Questions, counting: CountingStore, window: Window
) -> None:
    limits = {"status": 3, "fault": 6, "route": 2, "consumer": 6, "method": 6, "api": 2, "gateway": 6}
    measures = ("errors", "requests", "error_rate")
    everything = [
        _question(*measures, window=window, dimensions=(name,), limit=limit) for name, limit in limits.items()
    ]
    answers = questions.ask_all(everything)
    # By API and gateway, of which there are rollups, and by the others.
    assert counting.asked == 2
    _assert_as_alone(counting, everything, answers)


def test_first_values_are_asked_alone_where_all_together_are_too_much(store: Store, rows: pd.DataFrame) -> None:
    # Together they have more rows than each has.
    questions = Questions(store, lambda: START + timedelta(days=1), dict, max_rows=6)
    by_status, by_route = (_question(dimensions=(name,), limit=6) for name in ("status", "route"))
    answers = questions.ask_all([by_status, by_route])
    assert [len(answer.frame) for answer in answers] == [6, 3]
    questions.close()


@pytest.mark.parametrize(
    "changes",
    [
        {"limit": None},
        {"measures": ("p95",)},
        {"measures": ("consumers",)},
        {"step": HOUR},
        {"compare": 2 * HOUR},
        {"order": Order("status")},
        {"filters": ()},
    ],
    ids=str,
)
def test_first_values_are_asked_apart_from_what_is_not_like_them(changes: dict[str, Any]) -> None:
    status = _question(dimensions=("status",), limit=6)
    together = [status, status.but(dimensions=("route",)), status.but(dimensions=("status",), **changes)]
    batched = batches(together, lambda question: plan(question, {}))
    assert sorted(len(batch.members) for batch in batched) == [1, 2]


def test_what_needs_another_table_is_asked_apart() -> None:
    together = [_question("requests"), _question("errors"), _question("consumers"), _question("errors", limit=3)]
    batched = batches(together, lambda question: plan(question, {}))
    assert sorted(len(batch.members) for batch in batched) == [1, 1, 2]
