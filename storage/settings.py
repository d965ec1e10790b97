"""Settings of a statement, as ClickHouse reads them."""

from collections.abc import Mapping

Settings = Mapping[str, str | int]


def clause(settings: Settings) -> str:
    """What stands behind SETTINGS."""
    return ", ".join(f"{name} = {literal(value)}" for name, value in settings.items())


def literal(value: str | int) -> str:
    if isinstance(value, int):
        return str(value)
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
