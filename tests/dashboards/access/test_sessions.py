"""Sessions: how long they last, and what ends them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from dashboards.access.sessions import IDLE_SECONDS, LIFETIME_SECONDS, Session, Sessions
from storage.access.administrators import Administrator, Administrators
from storage.access.database import AccessDatabase
from tests.storage.access.cheap_hasher import CHEAP_HASHER

_HOUR = 3600


class Clock:
    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def database(tmp_path: Path) -> Iterator[AccessDatabase]:
    opened = AccessDatabase(tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def ann(database: AccessDatabase) -> Administrator:
    return Administrators(database, CHEAP_HASHER).create("ann", "correct horse battery", 0)


def test_a_session_lasts_while_it_is_used_and_no_longer_than_a_week(
    database: AccessDatabase, ann: Administrator
) -> None:
    clock = Clock()
    sessions = Sessions(database, clock)
    cookie = sessions.begin(ann)
    began = clock.now
    while clock.now < began + LIFETIME_SECONDS - 11 * _HOUR:
        clock.now += 11 * _HOUR
        assert sessions.find(cookie) == Session("ann")
    clock.now = began + LIFETIME_SECONDS
    assert sessions.find(cookie) is None


def test_a_session_that_is_not_used_ends(database: AccessDatabase, ann: Administrator) -> None:
    clock = Clock()
    sessions = Sessions(database, clock)
    cookie = sessions.begin(ann)
    clock.now += IDLE_SECONDS - 1
    assert Sessions(database, lambda: clock.now).find(cookie) is not None
    clock.now += IDLE_SECONDS
    assert sessions.find(cookie) is None


def test_a_session_outlives_a_restart_but_not_another_password(tmp_path: Path) -> None:
    database = AccessDatabase(tmp_path)
    ann = Administrators(database, CHEAP_HASHER).create("ann", "correct horse battery", 0)
    cookie = Sessions(database, Clock()).begin(ann)
    assert cookie.encode() not in b"".join(path.read_bytes() for path in tmp_path.iterdir())
    database.close()

    database = AccessDatabase(tmp_path)
    sessions = Sessions(database, Clock())
    assert sessions.find(cookie) == Session("ann")
    Administrators(database, CHEAP_HASHER).set_password("staple of another kind")
    assert sessions.find(cookie) is None
    # Who was checked against the old password gets no session by it.
    assert sessions.find(sessions.begin(ann)) is None
    database.close()


def test_signing_out_ends_one_session(database: AccessDatabase, ann: Administrator) -> None:
    sessions = Sessions(database, Clock())
    here, there = sessions.begin(ann), sessions.begin(ann)
    sessions.end(here)
    assert (sessions.find(here), sessions.find(there)) == (None, Session("ann"))
    assert [sessions.find(wrong) for wrong in ("", there[:-1], "\udcff")] == [None, None, None]


def test_the_oldest_sessions_make_room(database: AccessDatabase, ann: Administrator) -> None:
    clock = Clock()
    sessions = Sessions(database, clock)
    cookies = []
    for _ in range(120):
        clock.now += 1
        cookies.append(sessions.begin(ann))
    assert database.rows("SELECT count() FROM sessions") == [(100,)]
    assert sessions.find(cookies[0]) is None
    assert sessions.find(cookies[-100]) is not None
    clock.now += LIFETIME_SECONDS
    sessions.begin(ann)
    assert database.rows("SELECT count() FROM sessions") == [(1,)]
