"""When groups are chosen after all, although a question seemed to have few."""

from datetime import timedelta

import pandas as pd
import pytest

from processors.query.filters import parse_filter
from processors.query.question import Question
from processors.query.questions import Questions
from processors.time.window import HOUR, Window
from storage.store import Store
from tests.processors.query.traffic_rows import START, fill, whole

_SPAN = timedelta(hours=5)
_ENVIRONMENT = "group-choice"


@pytest.fixture(scope="module", autouse=True)
def rows(store: Store) -> pd.DataFrame:
    return fill(store, _ENVIRONMENT, 600, _SPAN)


def _question(limit: int, window: Window) -> Question:
    filters = (parse_filter(f"environment={_ENVIRONMENT}"),)
    return Question(("requests",), window, ("route",), filters, step=HOUR, limit=limit)


def test_where_all_of_them_are_too_much_by_now(store: Store) -> None:
    asked = Questions(store, lambda: START + timedelta(days=1), dict, max_rows=12)
    assert asked.ask(_question(2, Window(START - _SPAN, START))).frame.empty
    assert asked.ask(_question(2, whole(_SPAN))).frame["route"].nunique() == 2
    asked.close()


def test_where_there_were_as_many_as_a_smaller_limit_leaves(store: Store) -> None:
    asked = Questions(store, lambda: START + timedelta(days=1), dict)
    assert asked.ask(_question(1, whole(_SPAN))).frame["route"].nunique() == 1
    # Not few of two, for there may be more than one.
    assert not asked._groups.are_few(_question(2, whole(_SPAN)))
    assert asked.ask(_question(2, whole(_SPAN))).frame["route"].nunique() == 2
    asked.close()
