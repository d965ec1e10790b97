"""The administrator, and the one-time link by which the first password is set."""

import re
import sqlite3
import unicodedata
from dataclasses import dataclass
from functools import cached_property

import argon2

from storage.access.database import AccessDatabase
from storage.access.secret_text import new_secret, secret_hash
from storage.errors import AccessError

SHORTEST_PASSWORD = 12
_LONGEST_PASSWORD_BYTES = 1024
_NAME = re.compile(r"[\w.@+-]{1,64}")
_LINK_PREFIX = "glx_"
_LINK_SECONDS = 24 * 3600

# argon2id as RFC 9106 recommends it where memory is scarce: 64 MiB, three passes. Some 50 ms of a core.
PASSWORD_HASHER = argon2.PasswordHasher.from_parameters(argon2.profiles.RFC_9106_LOW_MEMORY)


@dataclass(frozen=True)
class Administrator:
    """Who signed in. The version changes with the password."""

    name: str
    password_version: int


class Administrators:
    """At most one, for now."""

    def __init__(self, database: AccessDatabase, hasher: argon2.PasswordHasher = PASSWORD_HASHER) -> None:
        self._database = database
        self._hasher = hasher

    @cached_property
    def _nobody(self) -> str:
        """What unknown names are checked against, so that they take as long as known ones."""
        return self._hasher.hash(new_secret(""))

    def exists(self) -> bool:
        return bool(self._database.rows("SELECT 1 FROM administrators"))

    def name(self) -> str:
        """The administrator's name; '' where there is none."""
        return next((name for (name,) in self._database.rows("SELECT name FROM administrators")), "")

    def create(self, name: str, password: str, now: float) -> Administrator:
        """Make the administrator; raises AccessError if there is one, or if name or password are not acceptable."""
        password_hash = self._hashed(name, password)
        with self._database.transaction() as connection:
            return _insert(connection, name, password_hash, now)

    def set_password(self, password: str) -> Administrator:
        """Set another password, which ends all sessions; raises AccessError where there is no administrator."""
        name = self.name()
        if not name:
            raise AccessError("No administrator exists yet; create one with `gatelens admin create`.")
        password_hash = self._hashed(name, password)
        with self._database.transaction() as connection:
            return _update(connection, name, password_hash)

    def verify(self, name: str, password: str) -> Administrator | None:
        """Who this is, None where name or password are wrong; takes as long for one as for the other."""
        nobody = self._nobody
        found = self._database.rows(
            "SELECT name, password_version, password_hash FROM administrators WHERE name = ?", normal(name)
        )
        known, version, password_hash = found[0] if found else ("", 0, nobody)
        try:
            self._hasher.verify(password_hash, normal(password)[:_LONGEST_PASSWORD_BYTES])
        except argon2.exceptions.VerificationError:
            return None
        return Administrator(known, version) if known else None

    def new_link(self, now: float) -> str:
        """The token of a new link; earlier links stop working."""
        token = new_secret(_LINK_PREFIX)
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM setup_links")
            connection.execute("INSERT INTO setup_links VALUES (?, ?)", (secret_hash(token), now + _LINK_SECONDS))
        return token

    def drop_links(self) -> None:
        """Invalidate all links."""
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM setup_links")

    def is_good_link(self, token: str, now: float) -> bool:
        """Whether a link may still be used."""
        statement = "SELECT 1 FROM setup_links WHERE token_hash = ? AND expires_at > ?"
        return bool(self._database.rows(statement, secret_hash(token), now))

    def redeem_link(self, token: str, name: str, password: str, now: float) -> Administrator | None:
        """Use up a link: create the administrator, or set the existing one's password.

        None if it no longer works. Raises AccessError, and keeps the link, if name or password are not acceptable.
        """
        password_hash = self._hashed(name, password)
        with self._database.transaction() as connection:
            used = connection.execute(
                "DELETE FROM setup_links WHERE token_hash = ? AND expires_at > ?", (secret_hash(token), now)
            )
            if not used.rowcount:
                return None
            [known] = connection.execute("SELECT max(name) FROM administrators").fetchone()
            return _update(connection, known, password_hash) if known else _insert(connection, name, password_hash, now)

    def _hashed(self, name: str, password: str) -> str:
        """The hash of a new password; raises AccessError if name or password are not acceptable."""
        name, password = normal(name), normal(password)
        if not _NAME.fullmatch(name):
            raise AccessError(
                "The name may have up to 64 letters, digits, '.', '_', '-', '+' and '@'; choose such a name."
            )
        if len(password) < SHORTEST_PASSWORD:
            raise AccessError(f"The password is too short; choose one of {SHORTEST_PASSWORD} characters or more.")
        if len(password.encode()) > _LONGEST_PASSWORD_BYTES:
            raise AccessError(f"The password is too long; choose one of {_LONGEST_PASSWORD_BYTES} bytes or fewer.")
        if password.casefold() == name.casefold():
            raise AccessError("The password must differ from the name; choose another one.")
        return self._hasher.hash(password)


def _insert(connection: sqlite3.Connection, name: str, password_hash: str, now: float) -> Administrator:
    if connection.execute("SELECT 1 FROM administrators").fetchone():
        raise AccessError("An administrator already exists; change the password with `gatelens admin set-password`.")
    connection.execute("INSERT INTO administrators VALUES (?, ?, 1, ?)", (normal(name), password_hash, now))
    connection.execute("DELETE FROM setup_links")
    return Administrator(normal(name), 1)


def _update(connection: sqlite3.Connection, name: str, password_hash: str) -> Administrator:
    [version] = connection.execute(
        "UPDATE administrators SET password_hash = ?, password_version = password_version + 1 WHERE name = ?"
        " RETURNING password_version",
        (password_hash, name),
    ).fetchone()
    connection.execute("DELETE FROM sessions WHERE administrator = ?", (name,))
    connection.execute("DELETE FROM setup_links")
    return Administrator(name, version)


def normal(text: str) -> str:
    """The same text however a keyboard puts it together, as NIST SP 800-63B asks; what is no text becomes '?'."""
    return unicodedata.normalize("NFKC", text.encode("utf-8", "replace").decode("utf-8"))
