"""Panels of a page are drawn as soon as what they are drawn from is there."""

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import cast

import pandas as pd

from dashboards.panel import Panel
from dashboards.site.panels import PanelAnswers
from dashboards.state.context import PageContext
from dashboards.state.marks import Mark
from dashboards.state.view import View
from processors.query.answer import Answer
from processors.query.question import Question
from processors.query.questions import Questions
from tests.patience import PATIENCE

_NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)


def test_what_asks_nothing_does_not_wait_for_answers_to_the_others() -> None:
    is_listed, is_marked = threading.Event(), threading.Event()

    def draw_list(_context: PageContext, _answers: Sequence[Answer]) -> str:
        is_listed.set()
        return "list"

    def find_marks(*_: object) -> Sequence[Mark]:
        is_marked.set()
        return [Mark(_NOW, None, "deployed")]

    def answer_all(asked: Sequence[Question]) -> list[Answer]:
        assert is_listed.wait(PATIENCE)
        assert is_marked.wait(PATIENCE)
        return [Answer(one, pd.DataFrame(), "", "", "") for one in asked]

    chart = Panel(
        "chart",
        "Chart",
        lambda context, answers: f"{len(answers)} answer, {len(context.marks)} mark",
        lambda context: [context.question("requests")],
        is_chart=True,
    )
    context = PageContext(View(), _NOW, find_marks=find_marks)
    with ThreadPoolExecutor(2) as threads:
        answers = PanelAnswers(cast(Questions, SimpleNamespace(ask_all=answer_all)), threads)
        regions = answers.regions([chart, Panel("list", "List", draw_list)], context)
    assert regions == {
        "chart-body": "1 answer, 1 mark", "chart-fault": None, "list-body": "list", "list-fault": None,
    }  # fmt: skip
