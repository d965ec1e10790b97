"""The option --log-format: a format for one import."""

import hashlib
from typing import Any

from pydantic import ValidationError

from collector.formats.custom.definition import NOTATIONS, FormatDefinition
from gatelens.configuration.config import fault_text
from gatelens.configuration.yaml_document import yaml_document
from storage.errors import ConfigError

_DIGITS = 12


def log_format_of(text: str) -> FormatDefinition:
    """NOTATION=TEXT, or a definition as in the configuration, in braces. Raises ConfigError.

    Its name is made of what it says, so that the same import is known again.
    """
    notation, _, template = text.partition("=")
    document: Any
    if notation in NOTATIONS:
        document = {notation: template}
    elif text.lstrip().startswith("{"):
        document = yaml_document(text, "--log-format")
    else:
        raise ConfigError(
            f"--log-format must be one of {', '.join(f'{notation}=...' for notation in NOTATIONS)}, "
            "or a definition in braces; docs/formats.md."
        )
    if not isinstance(document, dict):
        raise ConfigError("--log-format must be a definition in braces, such as {regex: ..., units: {duration: ms}}.")
    name = f"import_{hashlib.sha256(repr(document).encode()).hexdigest()[:_DIGITS]}"
    try:
        return FormatDefinition.model_validate({"name": name, **document})
    except ValidationError as error:
        faults = [fault_text(fault) for fault in error.errors(include_url=False)]
        raise ConfigError("--log-format cannot be used:\n" + "\n".join(f"  - {fault}" for fault in faults)) from None
