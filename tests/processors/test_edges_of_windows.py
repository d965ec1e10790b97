"""What happened in the last second of a window is in it.

ClickHouse 26.9 makes `time < X` to `time <= X - 1` where X is a DateTime, and passes over the parts of a table whose
times are all later, though these have fractions: a part with one request is passed over, a merged one is not.
"""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import processors
from processors.explorer.logs import LogSearch, find_logs
from processors.explorer.requests import find_request, find_requests
from processors.query.filters import Filter
from processors.query.question import Question
from processors.query.questions import Questions
from processors.time.window import Window
from processors.topology.hops import hops
from storage.store import Store

_END = datetime(2026, 11, 20, 8, 1, tzinfo=UTC)
_LAST = _END - timedelta(microseconds=543_211)
_WINDOW = Window(_END - timedelta(minutes=1), _END)
_HERE = (Filter("environment", values=("last-second",)),)
_ROOT = Path(processors.__file__).parent
_SOURCES = sorted([*_ROOT.rglob("*.sql"), *_ROOT.rglob("*.py")])


@pytest.fixture(scope="module", autouse=True)
def filled(store: Store) -> None:
    store.insert(
        "requests",
        ("time", "environment", "gateway", "api", "status", "duration_us", "request_id"),
        [(_LAST, "last-second", "edge", "orders", 503, 1_000, "the-last")],
    )
    store.insert("logs", ("time", "environment", "gateway", "body"), [(_LAST, "last-second", "edge", "late")])


def test_the_last_second_of_a_window_is_in_it(store: Store) -> None:
    questions = Questions(store, lambda: _END)
    for dimensions in ((), ("route", "status")):
        answer = questions.ask(Question(("requests", "errors"), _WINDOW, dimensions, _HERE))
        assert (list(answer.frame["requests"]), list(answer.frame["errors"])) == ([1], [1]), answer.table
    questions.close()
    found = find_requests(store, _WINDOW, _HERE)
    assert list(found["request_id"]) == ["the-last"]
    assert find_request(store, found["key"][0]) is not None
    assert len(hops(store, "the-last", _WINDOW)) == 1
    assert list(find_logs(store, LogSearch(_WINDOW, _HERE))["body"]) == ["late"]


@pytest.mark.parametrize("path", _SOURCES, ids=lambda path: str(path.relative_to(_ROOT)))
def test_windows_are_handed_over_with_fractions(path: Path) -> None:
    assert not re.search(r"\{\w+:DateTime\('UTC'\)\}", path.read_text(encoding="utf-8")), (
        "hand times over as {end:DateTime64(6, 'UTC')}; see the top of this test"
    )
