"""A question's SQL as people read it and run it again: with the values of its parameters in their places."""

import re
from collections.abc import Mapping
from typing import Any

from storage.settings import literal

_PLACE = re.compile(r"\{(?P<name>\w+):[^{}]+\}")


def readable(sql: str, parameters: Mapping[str, Any]) -> str:
    """For the eyes of people and the guarded reader alone: what is run here goes by parameters."""
    return _PLACE.sub(lambda place: _written(parameters[place["name"]]), sql)


def _written(value: Any) -> str:
    if isinstance(value, list | tuple):
        return f"[{', '.join(_written(one) for one in value)}]"
    return literal(value) if isinstance(value, str | int) else str(value)
