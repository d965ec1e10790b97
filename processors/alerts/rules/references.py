"""References to environment variables, `${NAME}`, `${env:NAME}` or `${env:NAME:-default}`, as in the configuration."""

import re
from collections.abc import Mapping

_REFERENCE = re.compile(r"\$\{(?:env:)?(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?::-(?P<default>[^}]*))?\}")


def expand_environment(text: str, environment: Mapping[str, str]) -> str:
    """The text with the variables' values in it; raises ValueError that names those that are not set."""
    missing = sorted(
        {
            found["name"]
            for found in _REFERENCE.finditer(text)
            if found["name"] not in environment and found["default"] is None
        }
    )
    if missing:
        names = ", ".join(missing)
        raise ValueError(f"{names} is not set in the environment; set it, or write ${{env:NAME:-default}}")
    return _REFERENCE.sub(lambda found: environment.get(found["name"], found["default"] or ""), text)
