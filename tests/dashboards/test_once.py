"""What panels share is worked out once a refresh, and an error of it reaches each of them."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from dashboards.state.context import PageContext
from dashboards.state.once import Once
from dashboards.state.view import View
from storage.errors import StoreUnavailable
from tests.patience import PATIENCE

_NOW = datetime(2026, 11, 20, tzinfo=UTC)


def test_panels_that_ask_at_the_same_time_share_the_answer() -> None:
    asked = []
    begun, go_on = threading.Event(), threading.Event()

    def work_out(context: PageContext) -> int:
        asked.append(context)
        begun.set()
        assert go_on.wait(PATIENCE)
        return len(asked)

    once = Once(work_out)
    context = PageContext(View(), _NOW)
    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(once, context)
        assert begun.wait(PATIENCE)
        second = threads.submit(once, PageContext(View(), _NOW))
        go_on.set()
        assert (first.result(PATIENCE), second.result(PATIENCE)) == (1, 1)
    assert once(PageContext(View(), _NOW + timedelta(seconds=10))) == 2
    assert once(PageContext(View(path="/mesh"), _NOW)) == 3


def test_an_error_is_reported_to_all_and_old_answers_are_dropped() -> None:
    def work_out(context: PageContext) -> datetime:
        if context.now == _NOW:
            raise StoreUnavailable("ClickHouse does not answer.")
        return context.now

    once = Once(work_out)
    for _ in range(2):
        with pytest.raises(StoreUnavailable):
            once(PageContext(View(), _NOW))
    for seconds in range(1, 20):
        now = _NOW + timedelta(seconds=seconds)
        assert once(PageContext(View(), now)) == now
    assert len(once._kept) == 8
