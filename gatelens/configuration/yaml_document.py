"""YAML that people write, and where it is none."""

from typing import Any

import yaml

from storage.errors import ConfigError
from storage.yaml_text import read_yaml


def yaml_document(text: str, name: str) -> Any:
    """What the text says; raises ConfigError with the place, under the name of what holds the text."""
    try:
        return read_yaml(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = f" in line {mark.line + 1}, column {mark.column + 1}" if mark is not None else ""
        # Without the text of the line, which may be a secret.
        raise ConfigError(f"{name} is not YAML: {error.problem}{place}. Correct that line.") from None
    except yaml.YAMLError as error:
        raise ConfigError(f"{name} is not YAML: {error}. Correct it.") from None
