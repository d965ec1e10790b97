"""Statements that live in .sql files next to the code that runs them."""

import re
from functools import cache
from importlib.resources import files

_END_OF_STATEMENT = re.compile(r";[ \t]*$", re.MULTILINE)


@cache
def load(package: str, name: str) -> str:
    """The text of `name`.sql in a package, e.g. `load("processors.ingest", "ledger")`.

    Cached, because the files never change while a process runs.
    """
    return files(package).joinpath(f"{name}.sql").read_text(encoding="utf-8")


def statements(script: str) -> list[str]:
    """The statements of a script; each but the last ends with a semicolon at the end of a line."""
    parts = (part.strip() for part in _END_OF_STATEMENT.split(script))
    return [part for part in parts if part]
