"""Histograms, and the cells that heatmaps are made of."""

import math
from collections import Counter
from datetime import timedelta

import pytest

from processors.errors import InvalidQuestion
from processors.query.filters import parse_filter
from processors.query.formats import format_named
from processors.query.heatmap import HISTOGRAM, heatmap, lower_bound_ms
from processors.query.question import Order, Question
from processors.query.questions import Questions
from processors.time.window import HOUR, Window, floor
from storage.store import Store
from tests.processors.query.traffic_rows import START, fill, whole

_SPAN = timedelta(hours=4)
_IN = parse_filter("environment=question_heatmap")
_NOW = START + timedelta(days=1)


def test_requests_by_step_and_latency(store: Store) -> None:
    rows = fill(store, "question_heatmap", 400, _SPAN)
    questions = Questions(store, lambda: _NOW)
    question = Question((HISTOGRAM,), whole(_SPAN), filters=(_IN,), step=HOUR)
    table = heatmap(questions.ask(question), _NOW)
    expected = Counter(
        (floor(time, HOUR), (math.ceil(math.log2(duration) * 32) - 1) // 8)
        for time, duration in zip(rows["time"], rows["duration_us"], strict=True)
    )
    cells = [int(str(cell)) for cell in table.columns]
    found = {
        (time, cell): count
        for time, counts in zip(table.index, table.to_numpy().tolist(), strict=True)
        for cell, count in zip(cells, counts, strict=True)
        if count
    }
    assert found == expected
    assert len(table) == 5
    assert cells == list(range(cells[0], cells[-1] + 1))

    total, by_api = questions.ask_all(
        [Question(("requests", HISTOGRAM), whole(_SPAN), filters=(_IN,)), question.but(step=None, dimensions=("api",))]
    )
    assert sum(total.frame[HISTOGRAM][0].values()) == total.frame["requests"][0] == 400
    assert by_api.frame["api"].is_monotonic_increasing
    assert b'"{""' in format_named("csv").render(total)
    assert b'"type": "histogram"' in format_named("json").render(total)
    assert format_named("arrow").render(total)
    questions.close()


def test_nothing_known_is_an_empty_table(store: Store) -> None:
    questions = Questions(store, lambda: _NOW)
    before = Window(START - 2 * HOUR, START - HOUR)
    assert heatmap(questions.ask(Question((HISTOGRAM,), before, filters=(_IN,), step=HOUR)), _NOW).empty
    assert questions.ask(Question((HISTOGRAM,), before, filters=(_IN,))).frame[HISTOGRAM].tolist() == [{}]
    questions.close()


def test_nothing_is_ordered_by_a_histogram() -> None:
    with pytest.raises(InvalidQuestion, match="no histogram"):
        Question((HISTOGRAM,), whole(_SPAN), ("api",), order=Order(HISTOGRAM))


def test_cells_have_bounds() -> None:
    assert [lower_bound_ms(cell) for cell in (0, 4, 40)] == [0.001, 0.002, 1.024]
