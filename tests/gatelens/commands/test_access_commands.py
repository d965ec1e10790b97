"""`gatelens admin` and `gatelens token`, as they are typed."""

import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from gatelens.cli import app
from gatelens.data_directory.directory import Addresses, DataDirectory
from storage.access.administrators import Administrators
from storage.access.database import AccessDatabase
from storage.access.token_files import TokenKind
from storage.access.tokens import TokenCheck, Tokens
from storage.errors import AccessError

_RIGHT = "correct horse battery"


@pytest.fixture
def data(tmp_path: Path) -> Iterator[Path]:
    """The directory of a Gatelens that runs, and listens on all addresses."""
    directory = DataDirectory(tmp_path)
    directory.acquire()
    directory.publish(Addresses(os.getpid(), "http://0.0.0.0:8050", "", ""))
    yield tmp_path
    directory.release()


def _run(*arguments: str, data: Path, typed: str = "") -> Result:
    return CliRunner().invoke(app, [*arguments, "--data", str(data)], input=typed)


def _fault(*arguments: str, data: Path, typed: str = "") -> str:
    found = _run(*arguments, data=data, typed=typed).exception
    assert isinstance(found, AccessError)
    return str(found)


def test_an_administrator_is_made_once(data: Path) -> None:
    assert "12 characters" in _fault("admin", "create", "ann", data=data, typed="short\n")
    assert "No administrator exists yet" in _fault("admin", "set-password", data=data, typed=f"{_RIGHT}\n")
    made = _run("admin", "create", "ann", data=data, typed=f"{_RIGHT}\n")
    assert (made.exit_code, _RIGHT in made.output) == (0, False)
    assert "An administrator already exists" in _fault("admin", "create", "bob", data=data, typed=f"{_RIGHT}\n")
    assert _run("admin", "set-password", data=data, typed=f"{_RIGHT[::-1]}\r\n").exit_code == 0
    with closing(AccessDatabase(data)) as database:
        assert Administrators(database).verify("ann", _RIGHT[::-1]) is not None


def test_a_link_leads_to_this_machine(data: Path) -> None:
    link = _run("admin", "link", data=data).stdout.strip()
    address, token = link.split("?token=")
    assert address == "http://127.0.0.1:8050/setup"
    with closing(AccessDatabase(data)) as database:
        assert Administrators(database).is_good_link(token, 0)


def test_where_nothing_runs_there_is_no_link(tmp_path: Path) -> None:
    assert "No Gatelens runs" in _fault("admin", "link", data=tmp_path)


def test_tokens_are_made_listed_and_revoked(data: Path) -> None:
    reader = _run("token", "create", "dashboard", data=data).stdout.strip()
    sender = _run("token", "create", "edge", "--for", "send", data=data).stdout.strip()
    listed = _run("token", "list", data=data).stdout
    assert [text in listed for text in ("dashboard", "read", "edge", "send", reader, sender)] == [True] * 4 + [
        False
    ] * 2
    with closing(AccessDatabase(data)) as database:
        check = TokenCheck([Tokens(database)], "local")
        assert (check.name_of(TokenKind.READ, reader), check.name_of(TokenKind.SEND, sender)) == ("dashboard", "edge")
    assert _run("token", "revoke", "edge", data=data).exit_code == 0
    assert "No token is named 'edge'" in _fault("token", "revoke", "edge", data=data)
    assert "edge" not in _run("token", "list", data=data).stdout


def test_a_mistyped_directory_is_reported(tmp_path: Path) -> None:
    made = _run("token", "create", "edge", data=tmp_path / "dta")
    assert "dta is a new data directory" in made.stderr
    assert made.stdout.startswith("glr_")


@pytest.mark.parametrize("command", [("token", "list"), ("token", "revoke", "edge"), ("admin", "set-password")])
def test_what_changes_or_lists_makes_no_directory(tmp_path: Path, command: tuple[str, ...]) -> None:
    assert "dta holds no data" in _fault(*command, data=tmp_path / "dta", typed=f"{_RIGHT}\n")
    assert not (tmp_path / "dta").exists()
