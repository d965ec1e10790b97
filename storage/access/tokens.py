"""Tokens of programs: those that read the HTTP API, and those that send telemetry."""

import logging
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from storage.access.database import AccessDatabase
from storage.access.secret_text import new_secret, secret_hash
from storage.access.token_files import TokenKind
from storage.errors import AccessError, AccessUnavailable

_log = logging.getLogger(__name__)

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_PREFIXES = {TokenKind.READ: "glr_", TokenKind.SEND: "gls_"}
# How long a token that was revoked may still be taken.
_LOOK_SECONDS = 1.0
_LOCAL = "local commands"


@dataclass(frozen=True)
class TokenRecord:
    """A token as it is listed."""

    name: str
    kind: TokenKind
    created_at: float


class TokenSource(Protocol):
    """Where tokens are kept: the database, or a file of somebody else's."""

    def version(self) -> object:
        """Differs from what it was if they changed since; raises AccessUnavailable."""

    def names(self) -> Mapping[tuple[TokenKind, bytes], str]:
        """What each is called, by its kind and hash; raises AccessUnavailable."""


class Tokens:
    """Tokens that are made by command."""

    def __init__(self, database: AccessDatabase) -> None:
        self._database = database

    def create(self, name: str, kind: TokenKind, now: float) -> str:
        """A new token, which is shown this once; raises AccessError if the name is taken or not acceptable."""
        if not _NAME.fullmatch(name):
            raise AccessError("A token's name is up to 64 letters, digits, '.', '_' and '-'; choose such a name.")
        token = new_secret(_PREFIXES[kind])
        with self._database.transaction() as connection:
            if connection.execute("SELECT 1 FROM tokens WHERE name = ?", (name,)).fetchone():
                raise AccessError(f"A token named {name!r} already exists; choose another name, or revoke it first.")
            connection.execute("INSERT INTO tokens VALUES (?, ?, ?, ?)", (name, kind.value, secret_hash(token), now))
        return token

    def list(self) -> list[TokenRecord]:
        """All of them, by name."""
        found = self._database.rows("SELECT name, kind, created_at FROM tokens ORDER BY name")
        return [TokenRecord(name, TokenKind(kind), created_at) for name, kind, created_at in found]

    def revoke(self, name: str) -> None:
        """Invalidate a token; raises AccessError where there is none of this name."""
        with self._database.transaction() as connection:
            if not connection.execute("DELETE FROM tokens WHERE name = ?", (name,)).rowcount:
                raise AccessError(f"No token is named {name!r}; `gatelens token list` shows them.")

    def version(self) -> object:
        return self._database.version()

    def names(self) -> Mapping[tuple[TokenKind, bytes], str]:
        found = self._database.rows("SELECT name, kind, token_hash FROM tokens")
        return {(TokenKind(kind), token_hash): name for name, kind, token_hash in found}


class TokenCheck:
    """Whether a token is good. It is asked for each request, so all are in memory and read again when they change."""

    def __init__(self, sources: Sequence[TokenSource], local: str, clock: Callable[[], float] = time.monotonic) -> None:
        """`local` is the token of commands on this machine, which may do everything."""
        self._sources = sources
        self._local = {(kind, secret_hash(local)): _LOCAL for kind in TokenKind}
        self._clock = clock
        self._seen: list[object] = [None] * len(sources)
        self._read: list[Mapping[tuple[TokenKind, bytes], str]] = [{} for _ in sources]
        self._faults = [""] * len(sources)
        self._known: dict[tuple[TokenKind, bytes], str] = {}
        self._next_look = clock()

    def name_of(self, kind: TokenKind, token: str) -> str | None:
        """Whose token this is, None where it is not good for this.

        A lookup by hash leaks nothing by its timing: nobody can choose the hash of what they send.
        """
        self._look()
        return self._known.get((kind, secret_hash(token)))

    def is_local(self, token: str) -> bool:
        """Whether it is the token of commands on this machine."""
        return (TokenKind.READ, secret_hash(token)) in self._local

    def has_any(self, kind: TokenKind) -> bool:
        """Whether there is a token of this kind besides that of the local commands."""
        self._look()
        return any(known == kind and name != _LOCAL for (known, _), name in self._known.items())

    def _look(self) -> None:
        now = self._clock()
        if now < self._next_look:
            return
        self._next_look = now + _LOOK_SECONDS
        for number in range(len(self._sources)):
            self._look_into(number)
        self._known = {key: name for names in (*self._read, self._local) for key, name in names.items()}

    def _look_into(self, number: int) -> None:
        source = self._sources[number]
        try:
            if (version := source.version()) != self._seen[number]:
                self._read[number] = source.names()
                self._seen[number] = version
            self._faults[number] = ""
        except AccessUnavailable as error:
            # The tokens read last stay valid until it can be read again.
            if str(error) != self._faults[number]:
                _log.error("Tokens cannot be read; the ones read last stay in force. %s", error)
            self._faults[number] = str(error)
