"""Layers that formats share, outermost first."""

from pathlib import Path

_FOLDER = Path(__file__).parent


def sql(folder: Path, *names: str) -> tuple[Path, ...]:
    """The .sql files of a folder by their names."""
    return tuple(folder / f"{name}.sql" for name in names)


LINES, PAYLOADS, OTHER_LINES = sql(_FOLDER, "lines", "payloads", "other_lines")
PAYLOAD_SCHEMA = _FOLDER / "payload.proto"

# The lines of a payload.
PAYLOAD_LINES = (LINES, PAYLOADS)

# From the terms of access logs to columns, for every format that speaks them.
ACCESS = sql(_FOLDER, "access", "access_policy", "access_topology", "access_cleaned")
# The lines of files that hold more than an access log.
ACCESS_LINES = (OTHER_LINES, *PAYLOAD_LINES)
