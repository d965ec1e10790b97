"""The database of access: the administrator, sessions and tokens, as one SQLite file in the data directory.

It is no table of ClickHouse: signing in works while ClickHouse does not, the commands change it while a process
runs, and no SQL that people run can reach it (docs/decisions/0014-access.md).
"""

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from storage.errors import AccessUnavailable

_FILE = "access.sqlite"
_BUSY_SECONDS = 5.0

# Secrets are here as hashes only. Times are seconds since 1970.
_SCHEMA = """
CREATE TABLE administrators (
    name TEXT PRIMARY KEY,
    password_hash TEXT NOT NULL,
    password_version INTEGER NOT NULL,
    created_at REAL NOT NULL
) STRICT;
CREATE TABLE setup_links (
    token_hash BLOB PRIMARY KEY,
    expires_at REAL NOT NULL
) STRICT;
CREATE TABLE sessions (
    id_hash BLOB PRIMARY KEY,
    administrator TEXT NOT NULL,
    password_version INTEGER NOT NULL,
    created_at REAL NOT NULL,
    used_at REAL NOT NULL
) STRICT;
CREATE TABLE tokens (
    name TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    token_hash BLOB NOT NULL UNIQUE,
    created_at REAL NOT NULL
) STRICT;
"""
_SHARED_LINKS = """
CREATE TABLE shared_links (
    id TEXT PRIMARY KEY,
    token_hash BLOB NOT NULL UNIQUE,
    title TEXT NOT NULL,
    path TEXT NOT NULL,
    query TEXT NOT NULL,
    created_by TEXT NOT NULL,
    created_at REAL NOT NULL,
    expires_at REAL NOT NULL
) STRICT;
"""
# What brings the database from one version to the next.
_STEPS = (_SCHEMA, _SHARED_LINKS)


class AccessDatabase:
    """May be used by any thread, and by several processes at a time."""

    def __init__(self, directory: Path) -> None:
        """Open it, or make it in a directory; raises AccessUnavailable."""
        self._path = directory / _FILE
        self._reading, self._writing = threading.Lock(), threading.Lock()
        with self._failures_named():
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            # SQLite gives its log the permissions of the database.
            os.close(os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600))
            if (owner := self._path.stat().st_uid) != os.geteuid():
                raise AccessUnavailable(
                    f"{self._path} belongs to the user with the id {owner}; run this as that user, as Gatelens does."
                )
            self._path.chmod(0o600)
            self._writer = self._connect()
            # A connection of its own: in this mode readers, such as an event loop, never wait for a writer.
            self._writer.execute("PRAGMA journal_mode = WAL")
            self._writer.execute("PRAGMA synchronous = FULL")
            self._reader = self._connect()
        try:
            with self.transaction() as connection:
                self._bring_up_to_date(connection)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        with self._reading, self._writing:
            self._reader.close()
            self._writer.close()

    def rows(self, statement: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """What a SELECT finds; raises AccessUnavailable."""
        with self._reading, self._failures_named():
            return self._reader.execute(statement, parameters).fetchall()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Everything that is done inside is on disk at its end, or none of it; raises AccessUnavailable."""
        with self._writing, self._failures_named():
            self._writer.execute("BEGIN IMMEDIATE")
            try:
                yield self._writer
                self._writer.execute("COMMIT")
            except BaseException:
                if self._writer.in_transaction:
                    self._writer.execute("ROLLBACK")
                raise

    def version(self) -> int:
        """Differs from what it was if anything was changed since, by this process or another."""
        [(version,)] = self.rows("PRAGMA data_version")
        return int(version)

    def _connect(self) -> sqlite3.Connection:
        return sqlite3.connect(self._path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)

    def _bring_up_to_date(self, connection: sqlite3.Connection) -> None:
        [(version,)] = connection.execute("PRAGMA user_version")
        if version > len(_STEPS):
            raise AccessUnavailable(
                f"{self._path} was written by a newer Gatelens; run that version, or restore the file from a backup."
            )
        for step in _STEPS[version:]:
            # Not executescript, which would commit first.
            for statement in filter(str.strip, step.split(";")):
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {len(_STEPS)}")

    @contextmanager
    def _failures_named(self) -> Iterator[None]:
        try:
            yield
        except (OSError, sqlite3.Error) as error:
            raise AccessUnavailable(
                f"{self._path} cannot be used: {error}. Check that there is room on the disk and that this user may "
                "read and write it."
            ) from error
