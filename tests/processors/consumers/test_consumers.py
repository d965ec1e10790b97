from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from processors.consumers.consumers import ConsumerState, QuotaUse, consumers, quotas, state_of
from processors.consumers.directory import load_directory
from processors.query.filters import Filter
from processors.query.questions import Questions
from processors.rollups.coverage import kept_of
from processors.time.window import Window
from storage.errors import ConfigError
from storage.store import Store

_NOW = datetime(2027, 2, 15, tzinfo=UTC)
_WINDOW = Window(_NOW - timedelta(hours=1), _NOW)


@pytest.fixture
def directory_file(tmp_path: Path) -> Path:
    path = tmp_path / "consumers.yaml"
    path.write_text("consumers:\n- {id: c-app, name: Mobile app, team: Apps, quota: 1000}\n- {id: c-idle, quota: 5}\n")
    return path


def _insert(store: Store, consumer: str, hours: int, requests: int, status: int = 200) -> None:
    row = ((_NOW - timedelta(hours=hours)).isoformat(), "consumers", "gateway", consumer, status)
    if requests:
        store.insert("requests", ("time", "environment", "reporter", "consumer", "status"), [row] * requests)


def test_who_is_new_growing_and_gone(store: Store, directory_file: Path) -> None:
    for consumer, before, now in (("c-app", 50, 200), ("c-new", 0, 30), ("c-left", 40, 0), ("c-same", 60, 64)):
        _insert(store, consumer, 2, before)
        _insert(store, consumer, 1, now)
    _insert(store, "c-app", 1, 50, status=500)
    questions = Questions(store, lambda: _NOW)
    directory = load_directory(directory_file)
    found = {
        entry.consumer: entry
        for entry in consumers(questions, directory, _WINDOW, (Filter("environment", values=("consumers",)),))
    }
    assert {name: entry.state for name, entry in found.items()} == {
        "c-app": ConsumerState.GROWING,
        "c-new": ConsumerState.NEW,
        "c-left": ConsumerState.VANISHED,
        "c-same": ConsumerState.STEADY,
    }
    app = found["c-app"]
    assert (app.name, app.team, app.requests, app.requests_before, app.error_rate) == (
        "Mobile app", "Apps", 250, 50, 0.2,
    )  # fmt: skip
    # Half of February has passed.
    assert quotas(questions, directory, _NOW) == [
        QuotaUse("c-app", "Mobile app", 1000, 300, 600),
        QuotaUse("c-idle", "c-idle", 5, 0, 0),
    ]
    questions.close()


def test_nobody_is_new_where_too_little_is_known_of_the_time_before(store: Store, directory_file: Path) -> None:
    filters = (Filter("environment", values=("consumers-began",)),)
    # Data began ten minutes before the window.
    for minutes, consumer in ((70, "c-old"), (30, "c-old"), (30, "c-app")):
        time = (_NOW - timedelta(minutes=minutes)).isoformat()
        row = (time, "consumers-began", "gateway", consumer, 200)
        store.insert("requests", ("time", "environment", "reporter", "consumer", "status"), [row] * 30)
    # All of that day, and none of it any more.
    deleted = {kept_of("consumers-began"): ((_WINDOW.start, _NOW),)}
    for covered in (None, lambda: deleted):
        questions = Questions(store, lambda: _NOW, covered)
        found = consumers(questions, load_directory(directory_file), _WINDOW, filters)
        questions.close()
        assert {(entry.state, entry.requests_before) for entry in found} == {(ConsumerState.UNKNOWN, None)}
        assert [entry.requests for entry in found] == [30, 30]


def test_nobody_is_new_where_rollups_alone_know_of_the_time_before(store: Store, directory_file: Path) -> None:
    row = ("consumers-path", "gateway", "c-old", "/a", 200)
    rows = [((_NOW - timedelta(minutes=minutes)).isoformat(), *row) for minutes in (119, 100, 70, 30)]
    store.insert("requests", ("time", "environment", "reporter", "consumer", "path", "status"), rows)
    deleted = {kept_of("consumers-path"): ((_WINDOW.start, _NOW),)}
    questions = Questions(store, lambda: _NOW, lambda: deleted)
    # Of those with a path only requests know.
    filters = (Filter("environment", values=("consumers-path",)), Filter("path", values=("/a",)))
    (found,) = consumers(questions, load_directory(directory_file), _WINDOW, filters)
    (unfiltered,) = consumers(questions, load_directory(directory_file), _WINDOW, filters[:1])
    questions.close()
    for entry in (found, unfiltered):
        assert (entry.state, entry.requests, entry.requests_before) == (ConsumerState.UNKNOWN, 1, None)


@pytest.mark.parametrize(
    ("before", "now", "state"),
    [
        (0, 1, ConsumerState.NEW),
        (3, 0, ConsumerState.STEADY),
        (1000, 1600, ConsumerState.GROWING),
        (1000, 1400, ConsumerState.STEADY),
        (1600, 1000, ConsumerState.SHRINKING),
        (4, 8, ConsumerState.STEADY),
    ],
)
def test_growth_is_no_chance(before: int, now: int, state: ConsumerState) -> None:
    assert state_of(before, now) is state


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("consumers: [{name: x}]", "consumers.0.id"),
        ("consumers: [{id: a}, {id: a}]", "'a' twice"),
        ("{", "cannot be read"),
    ],
)
def test_a_file_that_cannot_be_used_says_why(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "consumers.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=told):
        load_directory(path)
