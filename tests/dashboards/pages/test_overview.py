"""What the overview says needs attention."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest
from plotly.utils import PlotlyJSONEncoder

from dashboards.pages.overview.attention import attention_panel
from dashboards.parts import PageParts
from dashboards.state.context import PageContext
from dashboards.state.view import parse_view
from processors.alerts.evaluation.state import Alert, State
from processors.ingest.pipeline import Pipeline
from processors.query.questions import Questions
from storage.store import Store

_NOW = datetime(2026, 4, 11, 12, tzinfo=UTC)
_SINCE = _NOW - timedelta(minutes=20)
_HEALTHY = "All APIs are healthy in this range"
_CONTEXT = PageContext(parse_view("/", "?from=now-1h&to=now&environment=overview-page"), _NOW)
_TRAFFIC = """
INSERT INTO requests (time, environment, reporter, api, status)
SELECT toDateTime64('2026-04-11 11:10:00', 6, 'UTC') + toIntervalSecond(number), 'overview-page',
    'gateway', 'orders', 200
FROM numbers(200)
"""

# One that has failed all the time, more often than the other, which began to at 11:40.
_FAILURES = """
INSERT INTO requests (time, environment, reporter, api, status)
SELECT toDateTime64('2026-04-11 11:00:00', 6, 'UTC') + toIntervalSecond(number * 10), 'overview-order', 'gateway',
    if(number % 3 = 0, 'broke', 'dead'), if(number % 3 = 0 AND number < 240, 200, 503)
FROM numbers(360)
"""


@pytest.fixture(scope="module")
def questions(store: Store) -> Iterator[Questions]:
    store.command(_TRAFFIC)
    questions = Questions(store, lambda: _NOW)
    yield questions
    questions.close()


def _drawn(store: Store, questions: Questions, *firing: Alert, context: PageContext = _CONTEXT) -> str:
    nothing: Any = lambda *_: None  # noqa: E731 - three of the same
    notifier = SimpleNamespace(
        acknowledgement_of=nothing, silence_of=nothing, inhibitions=lambda _: SimpleNamespace(source_of=nothing)
    )
    engine = SimpleNamespace(alerts=lambda: list(firing), notifier=notifier)
    parts = cast(PageParts, SimpleNamespace(store=store, questions=questions, engine=engine, pipeline=Pipeline))
    panel = attention_panel(parts)
    return json.dumps(panel.draw(context, questions.ask_all(panel.questions(context))), cls=PlotlyJSONEncoder)


def _alert(summary: str, severity: str) -> Alert:
    labels = {"severity": severity}
    return Alert("rule", summary, labels, {"summary": summary}, "team", State.FIRING, 1.0, _SINCE, _SINCE)


def test_where_all_is_quiet_one_line_says_so(store: Store, questions: Questions) -> None:
    drawn = _drawn(store, questions)
    assert _HEALTHY in drawn
    assert "firing" not in drawn


def test_what_fires_is_said_with_the_worst_of_it_and_nothing_is_called_healthy(
    store: Store, questions: Questions
) -> None:
    drawn = _drawn(store, questions, _alert("orders are slow", "warning"), _alert("nobody pays", "critical"))
    assert "2 alerts firing" in drawn
    assert "nobody pays, since 11:40" in drawn
    assert "tone-bad" in drawn
    assert _HEALTHY not in drawn


def test_what_just_broke_is_said_before_what_always_fails(store: Store, questions: Questions) -> None:
    store.command(_FAILURES)
    context = PageContext(parse_view("/", "?from=now-1h&to=now&environment=overview-order"), _NOW)
    drawn = _drawn(store, questions, context=context)
    assert "failing since 11:40" in drawn
    assert "failing throughout this range" in drawn
    assert drawn.index('"broke"') < drawn.index('"dead"')
