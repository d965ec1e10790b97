"""Receivers that people write on the page: read and checked, and shown again without their secrets."""

from collections.abc import Mapping
from typing import Any, get_args, get_origin

import yaml
from pydantic import SecretStr, ValidationError

from processors.alerts.channels.channel import CHANNELS, Channels
from processors.alerts.channels.receiver import Receiver
from processors.alerts.channels.secrets import OF_PEOPLE, ChannelModel, secret_names
from processors.alerts.rule_file import complaint
from processors.errors import InvalidReceiver
from storage.yaml_text import LONGEST_DEFINITION, read_yaml

# What stands in the place of a secret; where it is written, the secret that there was is kept.
KEPT = "(kept)"

# Settings of channels that say where a secret is sent.
_WHERE = ("url", "urls", "host", "port", "security")

Definition = dict[str, Any]


def receiver_of(definition: str, before: Mapping[str, Any]) -> tuple[Receiver, str]:
    """The receiver of a YAML text, and the text to be stored, with the secrets that `before` has where they are kept.

    Raises InvalidReceiver with every fault, and no secret.
    """
    given = _read(definition)
    if faults := _server_settings(given):
        raise InvalidReceiver(f"The receiver cannot be used: {'; '.join(faults)}")
    whole = {key: _with_kept(key, value, before.get(key)) for key, value in given.items()}
    return checked(whole), yaml.safe_dump(whole, sort_keys=False, allow_unicode=True)


def receiver_name(definition: str) -> str:
    """The name that a definition says; raises InvalidReceiver."""
    return str(_read(definition).get("name", ""))


def checked(given: Mapping[str, Any]) -> Receiver:
    """The receiver of a mapping; raises InvalidReceiver with every fault, and no secret."""
    try:
        return Receiver.model_validate(dict(given), context={"environment": {}, OF_PEOPLE: True})
    except ValidationError as error:
        # The input is left out: it may be a secret.
        details = error.errors(include_url=False, include_input=False)
        faults = [f"{': '.join(map(str, one['loc'])) or 'receiver'}: {_complaint(one)}" for one in details]
        raise InvalidReceiver(f"The receiver cannot be used: {'; '.join(faults)}") from None


def shown(definition: str) -> str:
    """A stored definition as people may see it."""
    given: Definition = yaml.safe_load(definition)
    masked = {key: _masked(key, value) for key, value in given.items()}
    return yaml.safe_dump(masked, sort_keys=False, allow_unicode=True)


def example(channel: str) -> str:
    """A definition to begin with: the settings that a channel must have."""
    model = _model(channel)
    settings = {
        name: "" for name, field in (model.model_fields.items() if model is not None else ()) if field.is_required()
    }
    aliased = {_alias(model, name): value for name, value in settings.items()}
    return yaml.safe_dump({"name": "", channel: aliased}, sort_keys=False)


def _read(definition: str) -> Definition:
    if len(definition) > LONGEST_DEFINITION:
        raise InvalidReceiver(f"A receiver has at most {LONGEST_DEFINITION:,} characters; make it shorter.")
    try:
        given = read_yaml(definition)
    except yaml.YAMLError:
        raise InvalidReceiver("The receiver is not YAML; write a name and a channel with its settings.") from None
    if not isinstance(given, dict):
        raise InvalidReceiver("The receiver is no mapping of keys; write a name and a channel with its settings.")
    return given


def _complaint(detail: Any) -> str:
    return complaint(detail, Receiver, detail["loc"])


def _server_settings(given: Mapping[str, Any]) -> list[str]:
    """What would read the server's environment or files, which who writes on a page may not."""
    faults = []
    for channel, settings in given.items():
        if not isinstance(settings, Mapping):
            continue
        faults += [
            f"{channel}: {name} names a file of the server; write the value, or put the receiver into the rule file"
            for name in settings
            if str(name).endswith("_file")
        ]
    if "${" in yaml.safe_dump(dict(given)):
        faults.append("${…} stands for the server's environment only in the rule file; write the value")
    return faults


def _model(channel: str) -> type[ChannelModel] | None:
    if channel not in CHANNELS:
        return None
    found = [kind for kind in get_args(Channels.model_fields[channel].annotation) if kind is not type(None)]
    return found[0] if found else None


def _alias(model: type[ChannelModel] | None, name: str) -> str:
    alias = model.model_fields[name].alias if model is not None else None
    return alias or name


def _secrets(channel: str) -> tuple[list[str], list[str]]:
    """The settings that are secrets, and those each of whose values is one."""
    model = _model(channel)
    if model is None:
        return [], []
    mappings = [name for name, field in model.model_fields.items() if get_origin(field.annotation) is Mapping]
    return secret_names(model), [
        name for name in mappings if SecretStr in get_args(model.model_fields[name].annotation)
    ]


def _masked(channel: str, settings: Any) -> Any:
    if not isinstance(settings, Mapping):
        return settings
    single, mappings = _secrets(channel)
    shown: Definition = dict(settings)
    for name in single:
        if shown.get(name):
            shown[name] = KEPT
    for name in mappings:
        if isinstance(shown.get(name), Mapping):
            shown[name] = dict.fromkeys(shown[name], KEPT)
    return shown


def _with_kept(channel: str, settings: Any, before: Any) -> Any:
    if not isinstance(settings, Mapping):
        return settings
    single, mappings = _secrets(channel)
    had = before if isinstance(before, Mapping) else {}
    whole: Definition = dict(settings)
    # Or a secret could be sent to wherever somebody likes.
    moved = [name for name in _WHERE if whole.get(name) != KEPT and whole.get(name) != had.get(name)]
    if moved and KEPT in yaml.safe_dump(whole):
        raise InvalidReceiver(f"{channel}: {moved[0]} has changed; write the secrets again too.")
    for name in single:
        if whole.get(name) == KEPT:
            whole[name] = _had(channel, name, had)
    for name in mappings:
        given, old = whole.get(name), had.get(name)
        if isinstance(given, Mapping):
            known = old if isinstance(old, Mapping) else {}
            whole[name] = {key: _had(channel, key, known) if value == KEPT else value for key, value in given.items()}
    return whole


def _had(channel: str, name: str, had: Mapping[str, Any]) -> Any:
    if name not in had:
        raise InvalidReceiver(f"{channel}: {name} has no secret to be kept; write it.")
    return had[name]
