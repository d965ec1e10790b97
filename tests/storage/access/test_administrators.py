"""The administrator: passwords, and the link by which the first is set."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.access.administrators import Administrator, Administrators
from storage.access.database import AccessDatabase
from storage.errors import AccessError
from tests.storage.access.cheap_hasher import CHEAP_HASHER

_NAME, _RIGHT = "ann", "correct horse battery"


@pytest.fixture
def database(tmp_path: Path) -> Iterator[AccessDatabase]:
    opened = AccessDatabase(tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def administrators(database: AccessDatabase) -> Administrators:
    return Administrators(database, CHEAP_HASHER)


def test_the_password_is_kept_as_argon2id(database: AccessDatabase) -> None:
    administrators = Administrators(database)
    assert not administrators.exists()
    administrators.create(_NAME, _RIGHT, 0)
    assert (administrators.exists(), administrators.name()) == (True, _NAME)
    [(kept,)] = database.rows("SELECT password_hash FROM administrators")
    assert kept.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert administrators.verify(_NAME, _RIGHT) == Administrator(_NAME, 1)


def test_only_name_and_password_together_are_good(administrators: Administrators) -> None:
    administrators.create(_NAME, _RIGHT, 0)
    assert administrators.verify(_NAME, _RIGHT) == Administrator(_NAME, 1)
    for name, password in ((_NAME, _RIGHT + "x"), (_NAME, ""), ("bob", _RIGHT), ("", ""), (_NAME, "\udcff")):
        assert administrators.verify(name, password) is None


def test_letters_are_the_same_however_they_are_typed(administrators: Administrators) -> None:
    administrators.create("zoë", "e\u0301" * 12, 0)
    assert administrators.verify("zoe\u0308", "\u00e9" * 12) == Administrator("zoë", 1)


@pytest.mark.parametrize(
    ("name", "password", "told"),
    [
        ("", _RIGHT, "The name may have"),
        ("a b", _RIGHT, "The name may have"),
        ("x" * 65, _RIGHT, "The name may have"),
        (_NAME, "eleven char", "12 characters or more"),
        (_NAME, "x" * 1025, "1024 bytes or fewer"),
        ("administrator", "Administrator", "The password must differ"),
    ],
)
def test_what_is_unfit_is_refused(administrators: Administrators, name: str, password: str, told: str) -> None:
    with pytest.raises(AccessError, match=told):
        administrators.create(name, password, 0)
    assert not administrators.exists()


def test_there_is_one(administrators: Administrators) -> None:
    with pytest.raises(AccessError, match="No administrator exists yet"):
        administrators.set_password(_RIGHT)
    administrators.create(_NAME, _RIGHT, 0)
    with pytest.raises(AccessError, match="An administrator already exists"):
        administrators.create("bob", _RIGHT, 0)
    assert administrators.set_password(_RIGHT[::-1]) == Administrator(_NAME, 2)
    assert administrators.verify(_NAME, _RIGHT) is None


def test_a_link_works_once_and_for_a_day(administrators: Administrators) -> None:
    link = administrators.new_link(now=0)
    assert administrators.is_good_link(link, 24 * 3600 - 1)
    assert not administrators.is_good_link(link, 24 * 3600)
    assert administrators.redeem_link(link, _NAME, _RIGHT, 24 * 3600) is None
    with pytest.raises(AccessError, match="12 characters"):
        administrators.redeem_link(link, _NAME, "short", 1)
    assert administrators.redeem_link(link, _NAME, _RIGHT, 1) == Administrator(_NAME, 1)
    assert administrators.redeem_link(link, "bob", _RIGHT, 1) is None


def test_a_link_gives_the_administrator_another_password(administrators: Administrators) -> None:
    administrators.create(_NAME, _RIGHT, 0)
    link = administrators.new_link(0)
    assert administrators.redeem_link(link, "bob", _RIGHT[::-1], 1) == Administrator(_NAME, 2)
    assert administrators.verify("bob", _RIGHT[::-1]) is None


def test_every_password_makes_links_of_before_worthless(administrators: Administrators) -> None:
    for change in (
        lambda: administrators.create(_NAME, _RIGHT, 0),
        lambda: administrators.set_password(_RIGHT),
        lambda: administrators.new_link(0),
        administrators.drop_links,
    ):
        link = administrators.new_link(0)
        change()
        assert not administrators.is_good_link(link, 0)


def test_of_many_who_use_a_link_at_once_one_does(administrators: Administrators) -> None:
    link, found = administrators.new_link(0), []
    threads = [
        threading.Thread(
            target=lambda name: found.append(administrators.redeem_link(link, name, _RIGHT, 1)), args=[name]
        )
        for name in ("ann", "bob", "eve")
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(one is not None for one in found) == 1
