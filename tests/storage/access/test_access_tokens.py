"""Tokens: how they look, what is kept of them, when they are good, and those in files of others."""

import logging
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.access.database import AccessDatabase
from storage.access.token_files import TokenFile, TokenKind
from storage.access.tokens import TokenCheck, Tokens
from storage.errors import AccessError, ConfigError

_READ, _SEND = TokenKind.READ, TokenKind.SEND
_IN_FILE = "of-a-mounted-secret-0123456789"
_LOCAL = "of-this-run"


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def database(tmp_path: Path) -> Iterator[AccessDatabase]:
    opened = AccessDatabase(tmp_path / "data")
    yield opened
    opened.close()


def test_a_token_is_shown_once_and_kept_as_a_hash(database: AccessDatabase, tmp_path: Path) -> None:
    tokens = Tokens(database)
    made = [tokens.create("dashboard", _READ, 1.0), tokens.create("edge", _SEND, 2.0)]
    assert [re.fullmatch(r"gl[rs]_[0-9A-Za-z]{49}", token) is not None for token in made] == [True, True]
    assert [token[:4] for token in made] == ["glr_", "gls_"]
    written = b"".join(path.read_bytes() for path in (tmp_path / "data").iterdir())
    assert [token[4:24].encode() in written for token in made] == [False, False]
    assert [(token.name, token.kind, token.created_at) for token in tokens.list()] == [
        ("dashboard", _READ, 1.0), ("edge", _SEND, 2.0),
    ]  # fmt: skip


def test_a_token_is_good_for_one_thing(database: AccessDatabase) -> None:
    read, send = Tokens(database).create("r", _READ, 0), Tokens(database).create("s", _SEND, 0)
    check = TokenCheck([Tokens(database)], _LOCAL)
    assert [check.name_of(_READ, token) for token in (read, send, _LOCAL)] == ["r", None, "local commands"]
    assert [check.name_of(_SEND, token) for token in (read, send, _LOCAL)] == [None, "s", "local commands"]
    for wrong in ("", read[:-1], read + "x", read.lower(), "\udcff", "glr_" + "é" * 49):
        assert check.name_of(_READ, wrong) is None


def test_what_another_process_changes_is_noticed_in_a_second(database: AccessDatabase, tmp_path: Path) -> None:
    clock, other = Clock(), AccessDatabase(tmp_path / "data")
    check = TokenCheck([Tokens(database)], _LOCAL, clock)
    assert not check.has_any(_SEND)
    token = Tokens(other).create("edge", _SEND, 0)
    clock.now = 1.0
    assert check.name_of(_SEND, token) == "edge"
    assert check.has_any(_SEND)
    Tokens(other).revoke("edge")
    assert check.name_of(_SEND, token) == "edge"
    clock.now = 2.0
    assert check.name_of(_SEND, token) is None
    other.close()


def test_names_are_unique_and_fit_for_a_list(database: AccessDatabase) -> None:
    tokens = Tokens(database)
    tokens.create("edge", _SEND, 0)
    with pytest.raises(AccessError, match="A token named 'edge' already exists"):
        tokens.create("edge", _READ, 0)
    for name in ("", "-edge", "a b", "a\n", "é", "x" * 65):
        with pytest.raises(AccessError, match="choose such a name"):
            tokens.create(name, _SEND, 0)
    with pytest.raises(AccessError, match="No token is named 'of-nobody'"):
        tokens.revoke("of-nobody")


def test_a_file_of_tokens_is_read_again_when_it_changes(
    database: AccessDatabase, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path, clock = tmp_path / "senders", Clock()
    path.write_text(f"# the edge\n\n  {_IN_FILE}\n")
    check = TokenCheck([Tokens(database), TokenFile(path, _SEND)], _LOCAL, clock)
    assert check.name_of(_SEND, _IN_FILE) == "senders"
    assert check.name_of(_READ, _IN_FILE) is None
    assert check.name_of(_SEND, "# the edge") is None

    replaced = tmp_path / "new"
    replaced.write_text(_IN_FILE[::-1] + "\ntoo-short")
    replaced.rename(path)
    clock.now = 1.0
    assert [check.name_of(_SEND, token) for token in (_IN_FILE, _IN_FILE[::-1], "too-short")] == [None, "senders", None]

    path.unlink()
    with caplog.at_level(logging.ERROR):
        for clock.now in (2.0, 3.0, 4.0):
            assert check.name_of(_SEND, _IN_FILE[::-1]) == "senders"
    assert len(caplog.records) == 1
    assert _IN_FILE not in caplog.text
    # What was revoked by command is noticed all the same.
    made = Tokens(database).create("edge", _SEND, 0)
    clock.now = 5.0
    assert check.name_of(_SEND, made) == "edge"
    Tokens(database).revoke("edge")
    clock.now = 6.0
    assert check.name_of(_SEND, made) is None


def test_a_file_of_no_use_is_a_fault_of_the_settings(tmp_path: Path) -> None:
    path = tmp_path / "senders"
    with pytest.raises(ConfigError, match="cannot be read"):
        TokenFile(path, _SEND).check()
    path.write_text(f"{_IN_FILE}\nsecret\n")
    with pytest.raises(ConfigError, match=r"Line 2 of .* fewer than 24 characters") as told:
        TokenFile(path, _SEND).check()
    assert "secret" not in str(told.value)
