"""Explain, What if and Consumers, drawn from what is stored; the browser is elsewhere."""

import json
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest
from plotly.utils import PlotlyJSONEncoder

from dashboards.api.catalogue import Catalogued
from dashboards.page import Page
from dashboards.pages import explain
from dashboards.pages.consumers import page as consumers
from dashboards.pages.what_if import page as what_if
from dashboards.pages.what_if import policy_form
from dashboards.parts import PageParts
from dashboards.state.context import PageContext
from dashboards.state.view import parse_view
from processors.consumers.directory import ConsumerDirectory, KnownConsumer
from processors.errors import InvalidQuestion
from processors.query.filters import Filter
from processors.query.questions import Questions
from processors.simulation.outcome import Outcome
from processors.simulation.policies import AnyPolicy
from processors.simulation.simulate import simulate
from processors.time.window import Window
from storage.store import Store

_NOW = datetime(2026, 4, 9, 12, tzinfo=UTC)
_SEARCH = "?from=now-1h&to=now&environment=analysis-pages"
# An hour of 1,000 requests, and one of 2,000, in which pages-3 fails and comes in one burst.
_TRAFFIC = """
INSERT INTO requests (time, environment, reporter, api, consumer, status)
SELECT toDateTime64('2026-04-09 10:00:00', 6, 'UTC') + toIntervalMillisecond(3600 * number), 'analysis-pages',
    'gateway', 'orders', concat('pages-', toString(number % 4)), if(number >= 1000 AND number % 4 = 3, 503, 200)
FROM numbers(2000)
"""


@pytest.fixture(scope="module")
def parts(store: Store) -> Iterator[PageParts]:
    store.command(_TRAFFIC)
    questions = Questions(store, lambda: _NOW)
    directory = ConsumerDirectory({"pages-0": KnownConsumer(id="pages-0", name="Shop", team="Web", quota=500)})
    yield cast(PageParts, SimpleNamespace(store=store, questions=questions, catalogued=Catalogued(directory=directory)))
    questions.close()


def _drawn(make: Callable[[PageParts], Page], parts: PageParts, path: str, more: str = "") -> str:
    """Everything on a page, as the browser gets it."""
    page = make(parts)
    view = parse_view(path, f"{_SEARCH}{more}")
    context = PageContext(view, _NOW)
    drawings: list[Any] = [panel.draw(context, ()) for panel in page.panels(view)]
    return json.dumps(drawings, cls=PlotlyJSONEncoder)


def test_explain_names_the_cause_and_leads_to_its_requests(parts: PageParts) -> None:
    drawn = _drawn(explain.page, parts, explain.PATH)
    assert "100 % of the new errors come from consumer pages-3" in drawn
    assert "consumer%3Dpages-3" in drawn
    assert "Status 503" in drawn
    assert "Requests rose" not in drawn
    assert "no change in requests" in _drawn(explain.page, parts, explain.PATH, "&measure=requests")


def test_explain_compares_with_what_the_context_bar_says(parts: PageParts) -> None:
    drawn = _drawn(explain.page, parts, explain.PATH, "&compare=consumer=pages-0&measure=error_rate")
    assert "Compared with consumer pages-0 of the same time." in drawn
    assert '"label": "Consumer pages-0"' in drawn
    assert "The error rate was higher: 0 % of requests in the other traffic, 25 % here." in drawn
    assert "Compared with the same time yesterday." in _drawn(explain.page, parts, explain.PATH, "&compare=day")


def test_what_if_refuses_and_advises(parts: PageParts) -> None:
    drawn = _drawn(what_if.page, parts, what_if.PATH, "&limit=1&per=1m")
    assert "requests (76 %) would have been refused" in drawn
    assert "No requests would have been refused" in _drawn(what_if.page, parts, what_if.PATH, "&limit=50")


def test_what_if_says_where_there_is_nothing_to_try_it_on(parts: PageParts) -> None:
    drawn = _drawn(what_if.page, parts, what_if.PATH, "&filter=api=nobody-calls-it")
    assert drawn.count("No requests in this range") == 2
    assert "would have been" not in drawn


def test_the_form_of_what_if(parts: PageParts) -> None:
    take = what_if.page(parts).forms[policy_form.FORM]
    view = parse_view(what_if.PATH, _SEARCH)
    assert "limit=7" in take(view, {"limit": ["7"], "per": ["10s"], "key": ["api"], "algorithm": ["sliding"]}).href()
    with pytest.raises(InvalidQuestion, match="Correct limit"):
        take(view, {"limit": ["many"]})


def test_consumers_by_name_with_their_quota(parts: PageParts) -> None:
    drawn = _drawn(consumers.page, parts, "/consumers")
    assert "Shop" in drawn
    assert "Quotas of this month" not in drawn
    assert '"text": "100' in drawn


def test_a_refresh_within_a_minute_asks_nothing_again(parts: PageParts, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Window] = []

    def counted(store: Store, policy: AnyPolicy, window: Window, filters: Sequence[Filter]) -> Outcome:
        asked.append(window)
        return simulate(store, policy, window, filters)

    monkeypatch.setattr("dashboards.pages.what_if.policy_tab.simulate", counted)
    page = what_if.page(parts)
    view = parse_view(what_if.PATH, f"{_SEARCH}&limit=1")
    for seconds in (10, 20, 70):
        context = PageContext(view, _NOW + timedelta(seconds=seconds))
        for panel in page.panels(view):
            panel.draw(context, ())
    assert len(asked) == 2
