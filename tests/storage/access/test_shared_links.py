"""View-only links in the database of access: what one opens, and until when."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.access.database import AccessDatabase
from storage.access.shared_links import SharedLinks
from storage.access.token_files import TokenKind
from storage.access.tokens import Tokens
from storage.errors import AccessError

_NOW, _DAY = 1_000_000.0, 86_400.0


@pytest.fixture
def database(tmp_path: Path) -> Iterator[AccessDatabase]:
    opened = AccessDatabase(tmp_path)
    yield opened
    opened.close()


def test_a_link_opens_until_it_ends_or_is_revoked(database: AccessDatabase) -> None:
    links = SharedLinks(database)
    link, secret = links.create("orders · APIs", "/apis/orders", "?from=now-6h", "ann", _NOW, _NOW + _DAY)
    assert links.find(secret, _NOW) == link
    assert link.address == "/apis/orders?from=now-6h"
    assert links.find(f"{secret}x", _NOW) is None
    assert links.find(link.id, _NOW) is None
    assert links.find(secret, _NOW + _DAY) is None
    assert links.in_force(_NOW + _DAY) == []
    other, _ = links.create("Overview", "/", "", "ann", _NOW + 1, _NOW + _DAY)
    assert links.in_force(_NOW + 2) == [other, link]
    links.revoke(link.id)
    assert links.find(secret, _NOW) is None
    with pytest.raises(AccessError, match="no view-only link"):
        links.revoke(link.id)


def test_its_secret_is_not_kept_and_it_goes_when_it_is_over(database: AccessDatabase, tmp_path: Path) -> None:
    links = SharedLinks(database)
    _, secret = links.create("Overview", "/", "", "ann", _NOW, _NOW + _DAY)
    assert all(secret.encode() not in path.read_bytes() for path in tmp_path.iterdir())
    links.create("Overview", "/", "", "ann", _NOW + 2 * _DAY, _NOW + 3 * _DAY)
    assert database.rows("SELECT count(*) FROM shared_links") == [(1,)]


def test_a_database_without_links_gets_them(tmp_path: Path) -> None:
    older = AccessDatabase(tmp_path)
    Tokens(older).create("grafana", TokenKind.READ, _NOW)
    older.close()
    with sqlite3.connect(tmp_path / "access.sqlite") as connection:
        connection.execute("DROP TABLE shared_links")
        connection.execute("PRAGMA user_version = 1")
    connection.close()
    opened = AccessDatabase(tmp_path)
    assert SharedLinks(opened).in_force(_NOW) == []
    assert [token.name for token in Tokens(opened).list()] == ["grafana"]
    opened.close()
