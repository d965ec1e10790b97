"""The configuration in force as pages show it: every setting by its path, secrets masked."""

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ByteSize, SecretStr
from pydantic.fields import FieldInfo

from collector.formats.custom.known import PRESETS
from collector.formats.formats import FORMATS
from collector.formats.naming.rule import NamingRule
from collector.formats.registry import Formats
from dashboards.configuration import Configuration, KnownFormat, NamedBy, NamedToken, SettingInForce
from gatelens.configuration.config import Config
from processors.time.durations import show_duration
from storage.access.tokens import TokenRecord
from storage.dsn import describe

MASK = "••••••"

# Of a DSN or an address: who signs in there, and what by.
_WHO = re.compile(r"(?<=://)[^/@\s]+@")
_UNITS = ((" GiB", 30), (" MiB", 20), (" KiB", 10))
_LONGEST = 300
_DSNS = ("storage.dsn", "storage.reader_dsn")


def configuration_view(
    config: Config, file: Path | None, formats: Formats, tokens: Callable[[], Sequence[TokenRecord]]
) -> Configuration:
    """Everything but what is secret."""

    def named() -> list[NamedToken]:
        return [NamedToken(one.name, one.kind.value, datetime.fromtimestamp(one.created_at, UTC)) for one in tokens()]

    return Configuration(
        str(file or ""),
        list(_settings(config)),
        [
            KnownFormat(
                one.name,
                _origin(one.name),
                one.summary,
                one.becomes or ("dead_letters",),
                one.is_ingestible,
                one.keeps_records,
            )
            for one in formats
        ],
        [_rule(rule) for rule in config.collector.transforms.names],
        config.catalogue.apis,
        named,
    )


def _origin(name: str) -> str:
    return "built-in" if name in FORMATS.by_name else "preset" if name in PRESETS else "declared"


def _settings(model: BaseModel, prefix: str = "") -> Iterator[SettingInForce]:
    for attribute, field in type(model).model_fields.items():
        path, value = f"{prefix}{field.alias or attribute}", getattr(model, attribute)
        if isinstance(value, BaseModel):
            yield from _settings(value, f"{path}.")
        elif isinstance(value, tuple) and value and isinstance(value[0], BaseModel):
            for number, entry in enumerate(value):
                yield from _settings(entry, f"{path}[{number}].")
        else:
            yield SettingInForce(path, _shown(path, value), _is_default(field, value), field.description or "")


def _is_default(field: FieldInfo, value: Any) -> bool:
    return not field.is_required() and bool(value == field.get_default(call_default_factory=True, validated_data={}))


def _shown(path: str, value: Any) -> str:
    if value is None or value in ("", (), {}, []):
        return ""
    text = _text(value)
    if path in _DSNS:
        text = describe(text)
    text = _WHO.sub(f"{MASK}@", text)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]} …"


def _text(value: Any) -> str:
    if isinstance(value, SecretStr):
        return MASK
    if isinstance(value, ByteSize):
        return next(
            (f"{value >> shift}{unit}" for unit, shift in _UNITS if value and not value % (1 << shift)), str(value)
        )
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return ", ".join(f"{name}: {_text(inner)}" for name, inner in value.items())
    if isinstance(value, list | tuple | set | frozenset):
        return ", ".join(map(_text, value))
    return show_duration(value) if hasattr(value, "total_seconds") else str(value)


def _rule(rule: NamingRule) -> NamedBy:
    source = f"{rule.source}, claim {rule.claim}" if rule.claim else rule.source
    if rule.prefixes or rule.values:
        mapping = ", ".join(f"{key} → {name}" for key, name in (rule.prefixes or rule.values).items())
    else:
        mapping = f"{rule.regex} → {rule.replacement}"
    mapping = f"{mapping}, then {rule.look_up.name}" if rule.look_up else mapping
    condition = ", ".join(f"{name} matches {regex}" for name, regex in rule.when.items())
    return NamedBy(rule.target, source, mapping if len(mapping) <= _LONGEST else f"{mapping[:_LONGEST]} …", condition)
