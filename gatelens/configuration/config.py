"""The configuration: one YAML file, environment variables over it, every fault reported at once."""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ByteSize, ConfigDict, Field, FilePath, TypeAdapter, ValidationError, field_validator

from collector.config import CollectorConfig
from collector.formats.custom.definition import FormatDefinition
from collector.formats.custom.known import known_formats
from collector.formats.registry import Formats
from collector.receivers.net.limits import HttpLimits
from collector.receivers.net.setting_list import SettingList
from collector.receivers.net.tls import TlsConfig
from dashboards.access.policy import SignInMode
from dashboards.query_queue import QueryConfig
from gatelens.configuration.yaml_document import yaml_document
from gatelens.machine.memory import MemoryConfig
from processors.catalogue.config import CatalogueConfig
from processors.retention.config import RetentionConfig
from processors.slo.objective import Objective
from storage.errors import ConfigError

_PREFIX = "GATELENS_"
_SIZE = "not a size; give bytes, or a number with a unit such as '500 MB'"
# Where pydantic's own message does not say what to do.
_MESSAGES = {
    "byte_size": _SIZE,
    "byte_size_unit": _SIZE,
    "extra_forbidden": "no such setting; see docs/configuration.md",
    "missing": "must be given",
    "model_type": "must hold settings, each as in `key: value`",
    "tuple_type": "not a list; this one can only be set in the file",
}
_TRIED_TYPES = ("literal[", "function-after[")
_REFERENCE = re.compile(r"\$\{env:(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?::-(?P<default>[^}]*))?\}")


class StorageConfig(BaseModel):
    """Where ClickHouse is."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    dsn: str = Field(
        default="",
        description="`chdb:///directory` embedded, or `https://user:password@host:8443/database` for a server. "
        "Empty: embedded, in the data directory.",
        repr=False,
    )
    reader_dsn: str = Field(
        default="",
        description="The same server and database for a user who may only read, as whom people's SQL runs. "
        "Empty: the user of `dsn`.",
        repr=False,
    )


class WebConfig(HttpLimits):
    """Pages, HTTP API, health and metrics."""

    listen: str = Field(default="127.0.0.1:8050", description="Address and port; port 0 picks a free one.")
    max_body_size: ByteSize = Field(default=ByteSize(8 << 20), description="Larger bodies are refused.")
    sign_in: SignInMode = Field(
        default="auto",
        description="auto: required on other addresses than loopback, and once there is an administrator.",
    )
    allow_unauthenticated: bool = Field(default=False, description="Show everything to everybody, on any address.")
    open_metrics: bool = Field(default=False, description="Show /metrics without a token.")
    allowed_hosts: SettingList[str] = Field(
        default=(), description="Names under which the pages answer, beside those of loopback and addresses."
    )
    tls: TlsConfig | None = Field(default=None, description="Without it the port speaks plain HTTP.")


class AccessConfig(BaseModel):
    """Tokens of programs, besides those that `gatelens token create` makes."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    read_token_files: SettingList[Path] = Field(default=(), description="Files of tokens for the HTTP API, one a line.")
    sender_token_files: SettingList[Path] = Field(default=(), description="Files of tokens of senders, one a line.")


class AlertsConfig(BaseModel):
    """Alerting."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    rules: Path | None = Field(default=None, description="The YAML file of rules and receivers; docs/alerts.md.")


class GeoIpConfig(BaseModel):
    """Countries of clients."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    file: FilePath | None = Field(
        default=None, description="Networks and their countries: MaxMind's .mmdb, or CSV; docs/analysis.md."
    )


class Config(BaseModel):
    """The whole configuration; every key has a default."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    access: AccessConfig = AccessConfig()
    storage: StorageConfig = StorageConfig()
    collector: CollectorConfig = CollectorConfig()
    web: WebConfig = WebConfig()
    query: QueryConfig = QueryConfig()
    alerts: AlertsConfig = AlertsConfig()
    catalogue: CatalogueConfig = CatalogueConfig()
    geoip: GeoIpConfig = GeoIpConfig()
    memory: MemoryConfig = MemoryConfig()
    retention: RetentionConfig = RetentionConfig()
    formats: tuple[FormatDefinition, ...] = ()
    slos: tuple[Objective, ...] = ()

    @field_validator("slos")
    @classmethod
    def _have_unique_names(cls, objectives: tuple[Objective, ...]) -> tuple[Objective, ...]:
        names = [objective.name for objective in objectives]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"{name!r} is named twice; each objective has a name of its own")
        return objectives

    @field_validator("formats")
    @classmethod
    def _have_names_of_their_own(cls, definitions: tuple[FormatDefinition, ...]) -> tuple[FormatDefinition, ...]:
        known_formats(definitions)
        return definitions


_DEFINITIONS = TypeAdapter(tuple[FormatDefinition, ...])


def load_config(path: Path | None, environment: Mapping[str, str] = os.environ) -> Config:
    """Read the file, if any, and the GATELENS_SECTION__KEY variables; raises ConfigError with all faults in it."""
    document = _read(path, environment) if path is not None else {}
    _override(document, environment)
    try:
        return Config.model_validate(document, context={"formats": _formats(document)})
    except ValidationError as error:
        faults = [_fault(fault) for fault in error.errors(include_url=False, include_input=False)]
        where = f"{path}" if path is not None else "The configuration"
        raise ConfigError(f"{where} cannot be used:\n" + "\n".join(f"  - {fault}" for fault in faults)) from None


def _formats(document: Mapping[str, Any]) -> Formats:
    """The formats that other settings may name; faults of users' formats are reported elsewhere."""
    try:
        return known_formats(_DEFINITIONS.validate_python(document.get("formats", ())))
    except ValueError:
        return known_formats()


def _read(path: Path, environment: Mapping[str, str]) -> dict[str, Any]:
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}. Give --config an existing file.") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path} is not UTF-8 text. Save it as UTF-8.") from error
    document = yaml_document(_expand(text, environment), str(path))
    if document is None:
        return {}
    if not isinstance(document, dict):
        raise ConfigError(f"{path} must hold sections such as `collector:`, not {type(document).__name__}.")
    return document


def _expand(text: str, environment: Mapping[str, str]) -> str:
    missing: list[str] = []

    def value(reference: re.Match[str]) -> str:
        name, default = reference["name"], reference["default"]
        if name in environment:
            return environment[name]
        if default is None:
            missing.append(name)
        return default or ""

    expanded = _REFERENCE.sub(value, text)
    if missing:
        raise ConfigError(
            f"Environment variables are not set: {', '.join(sorted(set(missing)))}. "
            "Set them, or give a default as in ${env:NAME:-default}."
        )
    return expanded


def _override(document: dict[str, Any], environment: Mapping[str, str]) -> None:
    for name, value in sorted(environment.items()):
        if not name.startswith(_PREFIX) or "__" not in name:
            continue
        *sections, key = name.removeprefix(_PREFIX).lower().split("__")
        target = document
        for section in sections:
            # An empty section reads as nothing.
            nested = target.get(section) or {}
            if not isinstance(nested, dict):
                raise ConfigError(
                    f"{section} must hold settings, not {type(nested).__name__}; {name} sets one of them."
                )
            target[section] = nested
            target = nested
        target[key] = value


def fault_text(fault: Any) -> str:
    """What pydantic says of a fault, without what it puts before a message of our own."""
    return str(fault["msg"]).removeprefix("Value error, ")


def _fault(fault: Any) -> str:
    # Of a setting of several types pydantic names the type that was tried behind the setting.
    where = ".".join(part for part in map(str, fault["loc"]) if not part.startswith(_TRIED_TYPES))
    return f"{where}: {_MESSAGES.get(fault['type'], fault_text(fault))}"
