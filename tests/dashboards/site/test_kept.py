"""Panels say from when on they show something, where older requests have been deleted."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import pandas as pd
import pytest

from dashboards.notices.kept import kept_requests
from dashboards.panel import Panel
from dashboards.parts import PageParts
from dashboards.site.panels import PanelAnswers
from dashboards.state.context import PageContext
from dashboards.state.view import parse_view
from processors.query.answer import Answer
from processors.query.question import Question
from processors.query.questions import Questions

_NOW = datetime(2026, 4, 11, 12, tzinfo=UTC)
_CONTEXT = PageContext(parse_view("/", "?from=now-30d&to=now&tz=UTC"), _NOW)
_HALF = _NOW - timedelta(days=15)


def _shown(*since: datetime | None) -> str:
    """A panel that asks as many questions."""

    def answer_all(asked: Sequence[Question]) -> list[Answer]:
        return [Answer(one, pd.DataFrame(), "", "", "", when) for one, when in zip(asked, since, strict=True)]

    def ask(context: PageContext) -> Sequence[Question]:
        measures = ("requests", "errors", "p95")
        return [context.question(measure) for measure in measures[: len(since)]]

    panel = Panel("shown", "Shown", lambda _context, _answers: "drawn", ask)
    with ThreadPoolExecutor(1) as threads:
        answers = PanelAnswers(cast(Questions, SimpleNamespace(ask_all=answer_all)), threads)
        return str(answers.regions([panel], _CONTEXT)["shown-body"])


def test_what_is_whole_is_shown_as_it_is() -> None:
    assert _shown(None, None) == "drawn"


def test_the_latest_time_of_several_answers_holds() -> None:
    shown = _shown(_HALF, None, _HALF + timedelta(days=1))
    assert "drawn" in shown
    assert "Since 2026-03-28 12:00:00 UTC: older requests have been deleted" in shown


def test_a_range_of_which_nothing_is_left_says_so() -> None:
    assert "The requests of this range have been deleted" in _shown(_NOW)


@pytest.mark.parametrize(("since", "said"), [(None, False), (_HALF, True)])
def test_lists_of_single_requests_say_it_above(since: datetime | None, said: bool) -> None:
    parts: Any = SimpleNamespace(questions=SimpleNamespace(kept_since=lambda _window, _filters: since))
    assert ("older requests" in str(kept_requests(cast(PageParts, parts)).draw(_CONTEXT, ()))) == said
