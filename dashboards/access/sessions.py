"""Sessions of people who signed in: a random cookie; only its hash is kept."""

import contextlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass

from storage.access.administrators import Administrator
from storage.access.database import AccessDatabase
from storage.access.secret_text import secret_hash
from storage.errors import AccessUnavailable

# A session ends so long after its last use, and after its beginning.
IDLE_SECONDS = 12 * 3600
LIFETIME_SECONDS = 7 * 24 * 3600
# That a session is used is written down this often, not with each request.
_TOUCH_SECONDS = 300
_MOST_SESSIONS = 100


@dataclass(frozen=True)
class Session:
    """Somebody who is signed in."""

    administrator: str


class Sessions:
    """They live in the database, so that a restart ends none."""

    def __init__(self, database: AccessDatabase, clock: Callable[[], float]) -> None:
        self._database = database
        self._clock = clock

    def begin(self, administrator: Administrator) -> str:
        """The cookie of a new session. The oldest make room, and those that are over go."""
        cookie, now = secrets.token_urlsafe(32), self._clock()
        with self._database.transaction() as connection:
            connection.execute(
                "DELETE FROM sessions WHERE created_at < ? OR used_at < ?", (now - LIFETIME_SECONDS, now - IDLE_SECONDS)
            )
            connection.execute(
                "DELETE FROM sessions WHERE id_hash NOT IN"
                " (SELECT id_hash FROM sessions ORDER BY used_at DESC LIMIT ?)",
                (_MOST_SESSIONS - 1,),
            )
            connection.execute(
                "INSERT INTO sessions VALUES (?, ?, ?, ?, ?)",
                (secret_hash(cookie), administrator.name, administrator.password_version, now, now),
            )
        return cookie

    def find(self, cookie: str) -> Session | None:
        """Whose session this is, None where it is none or over; raises AccessUnavailable."""
        if not cookie:
            return None
        now, id_hash = self._clock(), secret_hash(cookie)
        found = self._database.rows(
            "SELECT administrator, used_at FROM sessions JOIN administrators ON administrators.name = administrator"
            " AND administrators.password_version = sessions.password_version"
            " WHERE id_hash = ? AND sessions.created_at > ? AND used_at > ?",
            id_hash, now - LIFETIME_SECONDS, now - IDLE_SECONDS,
        )  # fmt: skip
        if not found:
            return None
        [(administrator, used_at)] = found
        if now - used_at > _TOUCH_SECONDS:
            self._touch(id_hash, now)
        return Session(administrator)

    def end(self, cookie: str) -> None:
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM sessions WHERE id_hash = ?", (secret_hash(cookie),))

    def _touch(self, id_hash: bytes, now: float) -> None:
        # A full disk ends sessions early, and not at once.
        with contextlib.suppress(AccessUnavailable), self._database.transaction() as connection:
            connection.execute("UPDATE sessions SET used_at = ? WHERE id_hash = ?", (now, id_hash))
