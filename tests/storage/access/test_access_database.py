"""The file of administrator, sessions and tokens: who may read and write it, and what it says when it breaks."""

import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from storage.access.database import AccessDatabase
from storage.errors import AccessUnavailable
from tests.patience import PATIENCE

_INSERT = "INSERT INTO tokens VALUES (?, 'read', ?, 0)"

_KILLED = """
import os, signal, sys
from pathlib import Path
from storage.access.database import AccessDatabase
database = AccessDatabase(Path(sys.argv[1]))
with database.transaction() as connection:
    connection.execute("INSERT INTO tokens VALUES ('whole', 'read', 'a', 0)".replace("'a'", "x'01'"))
with database.transaction() as connection:
    connection.execute("INSERT INTO tokens VALUES ('half', 'read', x'02', 0)")
    os.kill(os.getpid(), signal.SIGKILL)
"""


def _names(database: AccessDatabase) -> list[str]:
    return [name for (name,) in database.rows("SELECT name FROM tokens ORDER BY name")]


def test_only_its_owner_reads_it(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        database = AccessDatabase(tmp_path)
        with database.transaction() as connection:
            connection.execute(_INSERT, ("a", b"1"))
        files = list(tmp_path.iterdir())
        assert len(files) > 1
        assert {path.stat().st_mode & 0o777 for path in files} == {0o600}
    finally:
        os.umask(before)
    database.close()


def test_a_directory_that_it_makes_is_for_its_owner_alone(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        AccessDatabase(tmp_path / "data").close()
    finally:
        os.umask(before)
    assert (tmp_path / "data").stat().st_mode & 0o777 == 0o700


def test_a_file_that_others_may_read_is_closed_to_them(tmp_path: Path) -> None:
    AccessDatabase(tmp_path).close()
    path = tmp_path / "access.sqlite"
    path.chmod(0o644)
    AccessDatabase(tmp_path).close()
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_change_of_another_process_is_seen(tmp_path: Path) -> None:
    one, other = AccessDatabase(tmp_path), AccessDatabase(tmp_path)
    before = one.version()
    assert one.version() == before
    with other.transaction() as connection:
        connection.execute(_INSERT, ("a", b"1"))
    assert one.version() != before
    assert _names(one) == ["a"]
    one.close()
    other.close()


def test_what_fails_half_way_changes_nothing(tmp_path: Path) -> None:
    database = AccessDatabase(tmp_path)
    with pytest.raises(KeyError), database.transaction() as connection:
        connection.execute(_INSERT, ("a", b"1"))
        raise KeyError
    assert _names(database) == []
    database.close()


def test_a_killed_process_leaves_what_was_done_and_nothing_of_the_rest(tmp_path: Path) -> None:
    finished = subprocess.run([sys.executable, "-c", _KILLED, tmp_path], check=False, timeout=PATIENCE)
    assert finished.returncode == -signal.SIGKILL
    database = AccessDatabase(tmp_path)
    assert _names(database) == ["whole"]
    database.close()


def test_a_damaged_file_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "access.sqlite").write_bytes(b"no database at all" * 100)
    with pytest.raises(AccessUnavailable, match=r"access\.sqlite cannot be used: .*\. Check that"):
        AccessDatabase(tmp_path)


def test_the_file_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    AccessDatabase(tmp_path).close()
    with sqlite3.connect(tmp_path / "access.sqlite") as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(AccessUnavailable, match="written by a newer Gatelens"):
        AccessDatabase(tmp_path)


@pytest.mark.skipif(os.geteuid() != 0, reason="Only root can give a file to another user.")
def test_the_file_of_another_user_is_not_taken_over(tmp_path: Path) -> None:
    AccessDatabase(tmp_path).close()
    os.chown(tmp_path / "access.sqlite", 4711, 4711)
    with pytest.raises(AccessUnavailable, match="the user with the id 4711; run this as that user"):
        AccessDatabase(tmp_path)


def test_readers_do_not_wait_for_a_writer(tmp_path: Path) -> None:
    database, other = AccessDatabase(tmp_path), AccessDatabase(tmp_path)
    with other.transaction() as connection:
        connection.execute(_INSERT, ("a", b"1"))
        # It would be a fault after five seconds.
        assert _names(database) == []
        assert database.version() == database.version()
    assert _names(database) == ["a"]
    database.close()
    other.close()
