"""Tokens in a file that somebody else writes, such as a mounted secret of Kubernetes."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from storage.access.secret_text import secret_hash
from storage.errors import AccessUnavailable, ConfigError

# What can be guessed would be found out, since guesses of tokens are not counted.
_FEWEST_LETTERS = 24


class TokenKind(StrEnum):
    """What a token is good for."""

    READ = "read"
    SEND = "send"


@dataclass(frozen=True)
class TokenFile:
    """A file with one token a line; empty lines and those that begin with # are no tokens."""

    path: Path
    kind: TokenKind

    def version(self) -> tuple[int, int, int]:
        """Differs from what it was if the file was changed or replaced since; raises AccessUnavailable."""
        try:
            found = self.path.stat()
        except OSError as error:
            raise self._unreadable(error) from error
        return found.st_ino, found.st_mtime_ns, found.st_size

    def names(self) -> dict[tuple[TokenKind, bytes], str]:
        """The file's name for each token, by its kind and hash, without those that are too short.

        Raises AccessUnavailable.
        """
        try:
            lines = self.path.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeError) as error:
            raise self._unreadable(error) from error
        tokens = [line.strip() for line in lines]
        good = [token for token in tokens if len(token) >= _FEWEST_LETTERS and not token.startswith("#")]
        return {(self.kind, secret_hash(token)): self.path.name for token in good}

    def check(self) -> None:
        """Raise ConfigError where it cannot be read or holds what is no token."""
        try:
            lines = self.path.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeError) as error:
            raise ConfigError(str(self._unreadable(error))) from error
        for number, line in enumerate(lines, start=1):
            token = line.strip()
            if token and not token.startswith("#") and len(token) < _FEWEST_LETTERS:
                raise ConfigError(
                    f"Line {number} of {self.path} has fewer than {_FEWEST_LETTERS} characters, too few for a token; "
                    "make one with `openssl rand -hex 32`."
                )

    def _unreadable(self, error: Exception) -> AccessUnavailable:
        return AccessUnavailable(
            f"The tokens in {self.path} cannot be read: {error}. Check that the file is there and may be read."
        )
