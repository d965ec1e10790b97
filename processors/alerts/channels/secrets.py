"""Settings of channels that are secrets: from the environment or from files, and never shown."""

import os
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar, get_args, get_origin
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, SecretStr, ValidationInfo, field_validator, model_validator

from processors.alerts.rules.references import expand_environment

_FILE = "_file"

# Of a validation's context: is_of_people.
OF_PEOPLE = "of_people"


class ChannelModel(BaseModel):
    """Settings of a channel.

    `<secret>_file` names a file that holds a secret, `${NAME}` stands for a variable of the environment.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    # After how long a firing alert is sent again, whatever the receiver's repeat_interval; None: as that says.
    resend_interval: ClassVar[timedelta | None] = None

    @model_validator(mode="before")
    @classmethod
    def _read_files(cls, given: object) -> object:
        if not isinstance(given, Mapping):
            return given
        read: dict[str, Any] = dict(given)
        for name in secret_names(cls):
            path = read.pop(f"{name}{_FILE}", None)
            if path is None:
                continue
            if name in read:
                raise ValueError(f"{name} and {name}{_FILE} are both given; keep one")
            read[name] = _content(name, str(path))
        return read

    @field_validator("*", mode="before")
    @classmethod
    def _expand(cls, value: object, info: ValidationInfo) -> object:
        environment = (info.context or {}).get("environment", os.environ)
        if isinstance(value, str):
            return expand_environment(value, environment)
        if isinstance(value, list):
            return [expand_environment(one, environment) if isinstance(one, str) else one for one in value]
        return value


def is_of_people(info: ValidationInfo) -> bool:
    """Whether somebody wrote the settings on a page: nothing in them may read files or the environment."""
    return bool((info.context or {}).get(OF_PEOPLE))


def secret_names(model: type[BaseModel]) -> list[str]:
    """A channel's secret settings; each may be in a file."""
    return [
        name
        for name, field in model.model_fields.items()
        if field.annotation is SecretStr
        or (SecretStr in get_args(field.annotation) and get_origin(field.annotation) is not Mapping)
    ]


def checked_address(url: SecretStr) -> SecretStr:
    """An address that can be called; raises ValueError with the cure."""
    try:
        parts = urlsplit(url.get_secret_value())
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise ValueError("is no address that can be called; write https://host/path, or ${env:NAME}")
    return url


def shown_address(url: SecretStr) -> str:
    """An address as it may be shown: scheme, host and port."""
    parts = urlsplit(url.get_secret_value())
    return f"{parts.scheme}://{parts.hostname}{f':{parts.port}' if parts.port else ''}/…"


def _content(name: str, path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no UTF-8 text"
        raise ValueError(
            f"{path} of {name}{_FILE} cannot be read: {reason}; name a file that Gatelens may read"
        ) from None
