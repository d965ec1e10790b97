"""A target: its address, credentials, and the labels of all its samples."""

import base64
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import SecretStr

from collector.errors import PayloadError
from collector.receivers.scrape.config import ScrapeAccess, ScrapeTarget, ScrapeTls


@dataclass(frozen=True)
class Credentials:
    """How a target is to know us; nothing of it is shown."""

    username: str = ""
    secret: SecretStr | None = None
    secret_file: Path | None = None

    @classmethod
    def of(cls, access: ScrapeAccess) -> "Credentials":
        return cls(
            access.username, access.password or access.bearer_token, access.password_file or access.bearer_token_file
        )

    def headers(self) -> dict[str, str]:
        """The Authorization header; raises PayloadError where the file of the secret cannot be read."""
        if self.secret is None and self.secret_file is None and not self.username:
            return {}
        secret = self._secret()
        if self.username:
            packed = base64.b64encode(f"{self.username}:{secret}".encode()).decode()
            return {"Authorization": f"Basic {packed}"}
        # Otherwise the error of an invalid header would log the token.
        if not secret.isascii() or not secret.isprintable():
            raise PayloadError("The bearer token of the target holds what no header may; set it again, on one line.")
        return {"Authorization": f"Bearer {secret}"}

    def _secret(self) -> str:
        if self.secret_file is None:
            return self.secret.get_secret_value() if self.secret is not None else ""
        try:
            return self.secret_file.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise PayloadError(f"{self.secret_file} cannot be read; put the secret of the target there.") from error


@dataclass(frozen=True)
class Target:
    """What is scraped; two that are equal are the same."""

    url: str
    gateway: str = ""
    environment: str = ""
    labels: tuple[tuple[str, str], ...] = ()
    credentials: Credentials = Credentials()
    tls: ScrapeTls = field(default_factory=ScrapeTls)

    @classmethod
    def of(cls, configured: ScrapeTarget) -> "Target":
        return cls(
            str(configured.url),
            configured.gateway,
            configured.environment,
            tuple(sorted(configured.labels.items())),
            Credentials.of(configured),
            configured.tls,
        )

    @property
    def peer(self) -> str:
        """Host and port."""
        return urlsplit(self.url).netloc

    @property
    def shown(self) -> str:
        """The URL without its query, which may hold a secret."""
        return self.url.partition("?")[0]

    @property
    def head(self) -> bytes:
        """The line with the labels of all samples; see prometheus_lines.sql."""
        if not self.labels:
            return b""
        labels = ",".join(f'{name}="{_escaped(value)}"' for name, value in self.labels)
        return f"# TARGET {{{labels}}}\n".encode()


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
