"""The configuration as pages show it: in force, and without secrets."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from processors.catalogue.config import CataloguedApi


@dataclass(frozen=True)
class SettingInForce:
    """One setting as text; of a secret, only that it is set."""

    # As docs/configuration.md names it, e.g. 'collector.spool.max_size'.
    path: str
    value: str
    is_default: bool
    description: str = ""


@dataclass(frozen=True)
class KnownFormat:
    """A format that telemetry may come in."""

    name: str
    # 'built-in', 'preset' or 'declared'.
    origin: str
    summary: str
    # Tables.
    becomes: Sequence[str]
    # Whether clients and settings may name it.
    is_ingestible: bool
    # Whether it can read its own dead letters again.
    reads_again: bool


@dataclass(frozen=True)
class NamedBy:
    """A naming rule in words."""

    target: str
    source: str
    rule: str
    condition: str


@dataclass(frozen=True)
class NamedToken:
    """A token, whose value nobody can read any more."""

    name: str
    # 'read' or 'send'.
    kind: str
    created_at: datetime


@dataclass(frozen=True)
class Configuration:
    """What this Gatelens was started with."""

    # '' where there is none.
    file: str
    settings: Sequence[SettingInForce]
    formats: Sequence[KnownFormat]
    rules: Sequence[NamedBy]
    apis: Sequence[CataloguedApi]
    # Made by command; raises AccessUnavailable.
    tokens: Callable[[], Sequence[NamedToken]]

    def format(self, name: str) -> KnownFormat | None:
        return next((known for known in self.formats if known.name == name), None)
