"""Which metrics to fetch, and how."""

import re
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ByteSize, ConfigDict, Field, HttpUrl, SecretStr, field_validator, model_validator

_LABEL = re.compile(r"^[a-zA-Z_][a-zA-Z0-9_]*$")
_LONGEST_LABELS = 2000


def check_labels(labels: dict[str, str]) -> dict[str, str]:
    """The labels; raises ValueError where Prometheus would not take them."""
    for name in labels:
        if not _LABEL.match(name):
            raise ValueError(f"{name!r} is not the name of a label; use letters, digits and _")
    if sum(len(name) + len(value) for name, value in labels.items()) > _LONGEST_LABELS:
        raise ValueError(f"the labels of a target may have {_LONGEST_LABELS} letters in all")
    return labels


class ScrapeTls(BaseModel):
    """TLS towards a target."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    ca: Path | None = Field(default=None, description="Certificates of authorities; none: those of the system.")
    certificate: Path | None = Field(default=None, description="Our own certificate, where the target asks for one.")
    key: Path | None = Field(default=None, description="The key of our own certificate, without a passphrase.")
    server_name: str = Field(default="", description="The name on the target's certificate; empty: the host.")
    verify: bool = Field(default=True, description="Whether the target's certificate must be good.")


class ScrapeAccess(BaseModel):
    """What targets have in common: whose they are, and how to be let in."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    gateway: str = Field(default="", description="The gateway whose metrics these are.")
    environment: str = Field(default="", description="Its environment.")
    labels: dict[str, str] = Field(default={}, description="Labels for all samples.")
    username: str = Field(default="", description="The user of basic authentication.")
    password: SecretStr | None = Field(default=None, description="The user's password.")
    password_file: Path | None = Field(default=None, description="Or a file that holds it, read at each scrape.")
    bearer_token: SecretStr | None = Field(default=None, description="The token of bearer authentication.")
    bearer_token_file: Path | None = Field(default=None, description="Or a file that holds it, read at each scrape.")
    tls: ScrapeTls = ScrapeTls()

    @field_validator("labels")
    @classmethod
    def _are_labels(cls, labels: dict[str, str]) -> dict[str, str]:
        return check_labels(labels)

    @model_validator(mode="after")
    def _has_one_secret(self) -> Self:
        secrets = (self.password, self.password_file, self.bearer_token, self.bearer_token_file)
        if sum(secret is not None for secret in secrets) > 1:
            raise ValueError("password, password_file, bearer_token and bearer_token_file exclude each other")
        if (self.password is not None or self.password_file is not None) and not self.username:
            raise ValueError("a password needs a username")
        return self


class ScrapeTarget(ScrapeAccess):
    """One address that answers in Prometheus' text format or OpenMetrics, e.g. Envoy's /stats/prometheus."""

    url: HttpUrl = Field(description="e.g. http://127.0.0.1:9901/stats/prometheus")

    @field_validator("url")
    @classmethod
    def _holds_no_secret(cls, url: HttpUrl) -> HttpUrl:
        if url.username or url.password:
            raise ValueError("a URL with a user in it would be logged; set username and password instead")
        return url


class ScrapeDiscovery(ScrapeAccess):
    """Files that name targets, as Prometheus' file_sd_configs do."""

    files: tuple[str, ...] = Field(min_length=1, description="Paths of JSON and YAML files, with *, ? and [].")
    scheme: str = Field(default="http", pattern="^https?$", description="http or https.")
    path: str = Field(default="/metrics", pattern="^/", description="The path that targets answer at.")


class ScrapeConfig(BaseModel):
    """Which metrics to fetch."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    interval: float = Field(default=15, ge=1, le=3600, description="Seconds between two scrapes of a target.")
    timeout: float = Field(default=10, gt=0, le=3600, description="Seconds for one scrape, at most the interval.")
    max_body_size: ByteSize = Field(
        default=ByteSize(32 << 20), description="Larger answers, packed or unpacked, are not taken."
    )
    refresh_interval: float = Field(
        default=5, ge=0.1, le=3600, description="Seconds between two looks whether files of targets have changed."
    )
    targets: tuple[ScrapeTarget, ...] = Field(default=(), description="What to scrape.")
    discovery: tuple[ScrapeDiscovery, ...] = Field(default=(), description="Files that name what to scrape.")
