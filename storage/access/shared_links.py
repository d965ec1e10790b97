"""View-only links: who has one sees one page without an account, until it ends or is revoked."""

from dataclasses import dataclass
from typing import Any

from storage.access.database import AccessDatabase
from storage.access.secret_text import new_secret, secret_hash
from storage.errors import AccessError

_PREFIX = "glv_"
_ID_LETTERS = 12
_COLUMNS = "id, title, path, query, created_by, created_at, expires_at"


@dataclass(frozen=True)
class SharedLink:
    """A link as it is listed; times are seconds since 1970."""

    # Names it where it is revoked, and opens nothing.
    id: str
    # As the page called itself, e.g. 'orders · APIs'.
    title: str
    path: str
    # '?…'; '' for the defaults.
    query: str
    created_by: str
    created_at: float
    expires_at: float

    @property
    def address(self) -> str:
        """Where the page is that it shows."""
        return f"{self.path}{self.query}"


class SharedLinks:
    """They live in the database of access, as sessions do: SQL that people run reaches none."""

    def __init__(self, database: AccessDatabase) -> None:
        self._database = database

    def create(
        self, title: str, path: str, query: str, created_by: str, now: float, expires_at: float
    ) -> tuple[SharedLink, str]:
        """A new link, and its secret, which is known this once. Those that are over go."""
        secret = new_secret(_PREFIX)
        id_hash = secret_hash(secret)
        link = SharedLink(id_hash.hex()[:_ID_LETTERS], title, path, query, created_by, now, expires_at)
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM shared_links WHERE expires_at <= ?", (now,))
            connection.execute(
                f"INSERT INTO shared_links (token_hash, {_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (id_hash, link.id, title, path, query, created_by, now, expires_at),
            )
        return link, secret

    def in_force(self, now: float) -> list[SharedLink]:
        """Those that open something, the newest first."""
        return self._found("expires_at > ? ORDER BY created_at DESC", now)

    def find(self, secret: str, now: float) -> SharedLink | None:
        """The link of a secret, None where it is none, over or revoked; raises AccessUnavailable."""
        if not secret.startswith(_PREFIX):
            return None
        return next(iter(self._found("token_hash = ? AND expires_at > ?", secret_hash(secret), now)), None)

    def revoke(self, link: str) -> None:
        """End one by its id, at once; raises AccessError where there is none."""
        with self._database.transaction() as connection:
            if not connection.execute("DELETE FROM shared_links WHERE id = ?", (link,)).rowcount:
                raise AccessError(f"There is no view-only link {link!r}; the page of dashboards lists those there are.")

    def _found(self, condition: str, *parameters: Any) -> list[SharedLink]:
        rows = self._database.rows(f"SELECT {_COLUMNS} FROM shared_links WHERE {condition}", *parameters)
        return [SharedLink(*row) for row in rows]
