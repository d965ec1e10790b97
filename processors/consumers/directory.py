"""What people say of consumers: a YAML file that gives ids of clients names, teams and quotas."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from storage.errors import ConfigError
from storage.yaml_text import read_yaml_file


class KnownConsumer(BaseModel):
    """A consumer as requests name it, and as people do. `quota` is requests in a calendar month, UTC."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(min_length=1)
    name: str = ""
    team: str = ""
    quota: int | None = Field(default=None, ge=1)


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    consumers: list[KnownConsumer]


@dataclass(frozen=True)
class ConsumerDirectory:
    """Consumers by their id."""

    known: Mapping[str, KnownConsumer] = field(default_factory=dict)

    def name(self, consumer: str) -> str:
        """The name that people gave it, or its id."""
        entry = self.known.get(consumer)
        return entry.name or consumer if entry else consumer

    def team(self, consumer: str) -> str:
        """Its team; '' if not configured."""
        entry = self.known.get(consumer)
        return entry.team if entry else ""

    @property
    def quotas(self) -> Mapping[str, int]:
        return {name: entry.quota for name, entry in self.known.items() if entry.quota is not None}


def load_directory(path: Path | None) -> ConsumerDirectory:
    """The consumers of a file; nobody where there is none. Raises ConfigError."""
    if path is None:
        return ConsumerDirectory()
    try:
        found = _File.model_validate(read_yaml_file(path))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigError(f"{path} cannot be read: {error}. Name a YAML file with `consumers:`.") from error
    except ValidationError as error:
        faults = error.errors(include_url=False, include_input=False)
        lines = [f"  - {'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in faults]
        raise ConfigError("\n".join((f"{path} cannot be used:", *lines))) from None
    known = {consumer.id: consumer for consumer in found.consumers}
    if len(known) < len(found.consumers):
        twice = next(one.id for one in found.consumers if known[one.id] is not one)
        raise ConfigError(f"{path} has the consumer {twice!r} twice; leave it there once.")
    return ConsumerDirectory(known)
